"""A WireMock by itself, for whoever tries stubs and runs no integration."""

import contextlib
import secrets
from collections.abc import Iterator

from sandbox.engine import engine, network
from sandbox.engine.container import Container
from sandbox.engine.owner import Owner
from sandbox.engine.parts import Parts
from sandbox.images import images
from sandbox.services import wiremock
from sandbox.services.containers import wiremock_in
from sandbox.services.wiremock import WireMock
from sandbox.settings import Settings


@contextlib.contextmanager
def lone_wiremock(settings: Settings) -> Iterator[WireMock]:
    """Start a WireMock that nothing but this process reaches and that reaches nothing, and remove it after the block.

    Args:
        settings: Its limits.

    Raises:
        EngineError, ImageError: It cannot be started.
    """
    client, owner, password = engine.ensure(settings), Owner(), secrets.token_urlsafe(16)
    (image,) = images.ensure([images.wiremock()], settings, client)
    published = network.create_published(client, owner, settings)
    container = Container(
        image,
        role=wiremock.NAME,
        owner=owner,
        networks=[(published, [])],
        memory=settings.wiremock_memory,
        pids_limit=settings.pids_limit,
        environment={"WIREMOCK_ADMIN": f"{wiremock.USER}:{password}"},
        publish=[wiremock.PORT],
    )
    try:
        container.start()
        parts = Parts(client.client)
        parts.add(container)
        with contextlib.closing(wiremock_in(container, password, parts)) as found:
            yield found
    finally:
        container.stop()
        network.remove(published)
