"""Starts the two containers that answer for the outside: WireMock and the Port mock."""

import secrets

from docker.models.networks import Network

from sandbox import network, port, wiremock
from sandbox.container import Container
from sandbox.errors import EngineError
from sandbox.http import Control
from sandbox.owner import Owner
from sandbox.port import Port
from sandbox.settings import Settings
from sandbox.wiremock import WireMock


def wiremock_container(
    image: str, owner: Owner, settings: Settings, closed: Network, front: Network
) -> tuple[Container, str]:
    """WireMock's container, not started, and the password that its admin API will ask for.

    Args:
        image: Tag of the image.
        owner: The process it belongs to.
        settings: Its limits.
        closed: The network of the resync container.
        front: The network with this machine.
    """
    password = secrets.token_urlsafe(16)
    container = Container(
        image,
        role=wiremock.NAME,
        owner=owner,
        networks=[(front, None), (closed, wiremock.NAME)],
        memory=settings.wiremock_memory,
        pids_limit=settings.pids_limit,
        environment={"WIREMOCK_ADMIN": f"{wiremock.USER}:{password}"},
        publish=[wiremock.PORT],
    )
    return container, password


def start_wiremock(container: Container, password: str) -> WireMock:
    """Start it; returns when it answers and its CA can be had.

    Raises:
        EngineError: It did not start.
    """
    container.start()
    control = Control(wiremock.NAME, container.address(wiremock.PORT), (wiremock.USER, password), container=container)
    control.wait_until_ready("/__admin/health")
    ca = control.call("GET", "/__admin/certs/wiremock-ca.crt").text
    if "BEGIN CERTIFICATE" not in ca:
        raise EngineError(
            "WireMock has no CA, so nothing could be reached over TLS.",
            remedy="`ocean-sandbox images --rebuild` builds its image again.",
            detail=container.end_of_log(),
        )
    return WireMock(control, password, ca)


def port_container(
    image: str, owner: Owner, settings: Settings, closed: Network, front: Network
) -> tuple[Container, str]:
    """The Port mock's container, not started, and the token that its control API will ask for; arguments as above."""
    token = secrets.token_urlsafe(16)
    container = Container(
        image,
        role=port.NAME,
        owner=owner,
        networks=[(front, None), (closed, port.NAME)],
        memory=settings.port_mock_memory,
        pids_limit=settings.pids_limit,
        environment={"PORT_MOCK_TOKEN": token},
        publish=[port.CONTROL_PORT],
        addresses={str(closed.name): network.name_server(closed)},
    )
    return container, token


def start_port(container: Container, token: str) -> Port:
    """Start it; returns when it answers.

    Raises:
        EngineError: It did not start.
    """
    container.start()
    control = Control(port.NAME, container.address(port.CONTROL_PORT), token, container=container)
    control.wait_until_ready("/health")
    return Port(control, token)
