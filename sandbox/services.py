"""Starts the two containers that answer for the outside: WireMock and the Port mock.

They have one address on each network: to put a container on a network costs the engine 0.1 to 0.2 s of work. Neither
trusts the other for it: WireMock's admin API and the Port mock's control API ask for their secrets wherever a call comes
from.
"""

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
        networks=[(front, []), (closed, [wiremock.NAME, port.NAME])],
        addresses={str(closed.name): network.name_server(closed)},
        memory=settings.wiremock_memory,
        pids_limit=settings.pids_limit,
        environment={"WIREMOCK_ADMIN": f"{wiremock.USER}:{password}"},
        publish=[wiremock.PORT, port.CONTROL_PORT],
    )
    return container, password


def wiremock_in(container: Container, password: str) -> WireMock:
    """WireMock, when it has answered once and its CA can be had.

    Raises:
        EngineError: It did not start.
    """
    control = Control(wiremock.NAME, container.address(wiremock.PORT), (wiremock.USER, password), container=container)
    control.wait_until_ready("/__admin/health")
    ca = control.call("GET", "/__admin/certs/wiremock-ca.crt").text
    if "BEGIN CERTIFICATE" not in ca:
        raise EngineError(
            "WireMock has no CA, so nothing could be reached over TLS.",
            remedy="`ocean-sandbox images --rebuild` builds its image again.",
            detail=container.end_of_log(),
        )
    found = WireMock(control, password, ca)
    found.rehearse()
    return found


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


def start_port(container: Container, token: str, beside: Container) -> Port:
    """Start it, when WireMock's container has started; returns when it answers.

    Raises:
        EngineError: It did not start.
    """
    container.start()
    control = Control(port.NAME, beside.address(port.CONTROL_PORT), token, container=container)
    control.wait_until_ready("/health")
    return Port(control, token)
