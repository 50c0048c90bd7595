"""Starts the two containers that answer for the outside: WireMock and the Port mock.

They have one address on each network: to put a container on a network costs the engine 0.1 to 0.2 s of work. Neither
trusts the other for it: WireMock's admin API and the Port mock's control API ask for their secrets wherever a call comes
from.
"""

import secrets
from functools import partial

from docker.models.networks import Network

from sandbox.engine import network
from sandbox.engine.container import Container
from sandbox.engine.http import Control
from sandbox.engine.owner import Owner
from sandbox.engine.parts import Parts
from sandbox.services import port, wiremock
from sandbox.services.port import Port
from sandbox.services.wiremock import WireMock
from sandbox.settings import Settings


def wiremock_container(
    image: str, owner: Owner, settings: Settings, closed: Network, published: Network
) -> tuple[Container, str]:
    """WireMock's container, not started, and the password that its admin API will ask for.

    Args:
        image: Tag of the image.
        owner: The process it belongs to.
        settings: Its limits.
        closed: The network of the resync container.
        published: The network with this machine.
    """
    password = secrets.token_urlsafe(16)
    container = Container(
        image,
        role=wiremock.NAME,
        owner=owner,
        networks=[(published, []), (closed, [wiremock.NAME, port.NAME])],
        addresses={str(closed.name): network.services(closed)},
        memory=settings.wiremock_memory,
        pids_limit=settings.pids_limit,
        environment={"WIREMOCK_ADMIN": f"{wiremock.USER}:{password}"},
        publish=[wiremock.PORT, port.CONTROL_PORT],
    )
    return container, password


def rehearsed_wiremock_in(container: Container, password: str, parts: Parts) -> WireMock:
    """The same as :func:`wiremock_in`, when it has answered a request once."""
    found = wiremock_in(container, password, parts)
    found.rehearse()
    return found


def wiremock_in(container: Container, password: str, parts: Parts) -> WireMock:
    """WireMock, when it has started.

    Args:
        container: Its container, started.
        password: What its admin API asks for.
        parts: The containers of its sandbox.

    Raises:
        EngineError: It did not start.
    """
    control = Control(wiremock.NAME, container.address(wiremock.PORT), (wiremock.USER, password), death=parts.death)
    listens = partial(container.listens_on, wiremock.PORT)
    control.wait_until_ready("/__admin/health", container, parts, listens=listens)
    return WireMock(control, password)


def port_container(image: str, owner: Owner, settings: Settings, beside: Container) -> tuple[Container, str]:
    """The Port mock's container, not started, and the token that its control API will ask for.

    Args:
        image: Tag of the image.
        owner: The process it belongs to.
        settings: Its limits.
        beside: WireMock's container, whose addresses it shares.
    """
    token = secrets.token_urlsafe(16)
    container = Container(
        image,
        role=port.NAME,
        owner=owner,
        shares=beside,
        memory=settings.port_mock_memory,
        pids_limit=settings.pids_limit,
        environment={"PORT_MOCK_TOKEN": token},
    )
    return container, token


def start_port(container: Container, token: str, beside: Container, parts: Parts) -> Port:
    """Start it, when WireMock's container has started; returns when it answers.

    Args:
        container: The Port mock's container.
        token: What its control API asks for.
        beside: WireMock's container.
        parts: The containers of its sandbox.

    Raises:
        EngineError: It did not start.
    """
    container.start()
    control = Control(port.NAME, beside.address(port.CONTROL_PORT), token, death=parts.death)
    control.wait_until_ready("/health", container, parts, listens=partial(beside.listens_on, port.CONTROL_PORT))
    return Port(control, token)
