"""Holds a place on the closed network for the resync containers of a sandbox, one after another."""

from typing import Self

from docker.models.networks import Network

from sandbox import network
from sandbox.container import Container
from sandbox.owner import Owner
from sandbox.sandbox import RESYNC_NAME
from sandbox.settings import Settings

_MEMORY = "16m"


class Anchor:
    """A container that does nothing but have an address on the closed network, which resync containers share.

    To put a container on a network costs the engine 0.2 s and a core's work all that time, two thirds of what a start
    takes. What a resync leaves in a network namespace are sockets, and those end with its container, which is dead
    before the next resync gets one: see :meth:`sandbox.own.OwnSandbox.resync_container`. (A Kubernetes pod restarts its
    containers in the same way.) A port that an integration listened on may be in TIME_WAIT for a minute, as on any host
    where a program is started again.

    Args:
        image: Tag of an image that has ``cat``, which ends when its stdin does.
        owner: The process it belongs to.
        closed: The network with WireMock and the Port mock, and nothing else.
    """

    def __init__(self, image: str, owner: Owner, settings: Settings, closed: Network) -> None:
        self.container = Container(
            image,
            role="anchor",
            owner=owner,
            entrypoint=["cat"],
            networks=[(closed, [RESYNC_NAME])],
            memory=_MEMORY,
            pids_limit=settings.pids_limit,
            dns=network.name_server(closed),
        )

    def start(self) -> Self:
        """Start it."""
        self.container.start()
        return self

    def stop(self) -> None:
        """Kill and remove it."""
        self.container.stop()
