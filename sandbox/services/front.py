"""The front of a sandbox: the container whose network the resync containers share, one after another."""

import contextlib
import json
import threading
from collections.abc import Collection, Mapping
from typing import Any, Self

from docker.models.networks import Network

from sandbox.engine import network
from sandbox.engine.container import Container
from sandbox.engine.owner import Owner
from sandbox.engine.parts import Parts
from sandbox.errors import EngineError
from sandbox.services import port, wiremock
from sandbox.settings import Settings

NAME = "front"
# What the resync containers are called on the closed network.
RESYNC_NAME = "resync"
# At rest it uses a sixth of it; of each request under way it holds the body, up to a limit.
_MEMORY = "512m"
_READY_SECONDS = 30.0
# To settle may take silent clients two seconds, and a report that is under way five.
_ORDER_SECONDS = 15.0
# To make every address local and have every connection arrive at the front, and then to become a plain user for good:
# see docker/front/start.sh. The containers of resyncs never have any.
_CAPABILITIES = ("NET_ADMIN", "SETGID", "SETPCAP", "SETUID")


class Front:
    """Answers for every name and address of the outside in a network namespace that resync containers share.

    To put a container on a network costs the engine 0.2 s and a core's work all that time, two thirds of what a start
    takes. What a resync leaves in a network namespace are sockets, and those end with its container, which is dead
    before the next resync gets one: see :meth:`sandbox.pool.local_pool.LocalSandbox.resync_container`. (A Kubernetes pod
    restarts its containers in the same way.) A port that an integration listened on may be in TIME_WAIT for a minute, as
    on any host where a program is started again.

    Args:
        image: Tag of its image.
        owner: The process it belongs to.
        settings: Its limits.
        closed: The network with WireMock and the Port mock, and nothing else.
        token: What the Port mock's control API asks for: it hears what is refused.

    Attributes:
        ca: The CA of its certificates, as PEM; once it has started.
    """

    def __init__(self, image: str, owner: Owner, settings: Settings, closed: Network, token: str) -> None:
        self.ca = ""
        self._ready = threading.Event()
        self._done = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._ordered = ""
        self._on_loopback: set[int] = set()
        self._services: dict[str, str] = {}
        services = network.services(closed)
        self.container = Container(
            image,
            role=NAME,
            owner=owner,
            networks=[(closed, [RESYNC_NAME])],
            memory=_MEMORY,
            pids_limit=settings.pids_limit,
            environment={
                "FRONT_NETWORK": network.subnet(closed),
                "FRONT_OWN": f"{wiremock.NAME}={services} {port.NAME}={services}",
                "FRONT_PORT_MOCK": f"{services}:{port.CONTROL_PORT}",
                "FRONT_TOKEN": token,
                "FRONT_UPSTREAM": f"{services}:{wiremock.PORT}",
            },
            capabilities=_CAPABILITIES,
            # The engine lets it write its own resolv.conf, which resync containers share, only then.
            read_only=False,
            sysctls={
                # On the loopback only: with a link-local address of its own, it would reach the engine's host.
                "net.ipv6.conf.lo.disable_ipv6": "0",
                # Not every engine lets a plain user have the ports of names and of HTTP.
                "net.ipv4.ip_unprivileged_port_start": "0",
            },
            on_line=self._take,
        )

    def start(self, parts: Parts) -> Self:
        """Start it; returns when the network is set up.

        Args:
            parts: The containers of its sandbox.

        Raises:
            EngineError: It does not start; the message holds the end of its log.
        """
        self.container.start()
        self._ready.wait(_READY_SECONDS)
        if not self.ca:
            raise parts.death() or EngineError(
                "The front container, which answers for the outside, did not start.",
                remedy="see the end of its log below; the engine must let a container change its own network "
                "(NET_ADMIN), and its kernel must have nf_tables. `ocean-sandbox doctor` looks at the engine.",
                detail=self.container.end_of_log(),
            )
        return self

    def forget(self) -> None:
        """Break off every connection of the resync before; then nothing more is reported of it.

        Raises:
            EngineError: It does not answer; such a sandbox must not be used again.
        """
        self._order("forget")

    def settle(self) -> None:
        """Have everything reported that the resync under way has tried so far.

        Raises:
            EngineError: It does not answer.
        """
        self._order("settle")

    def answer_on_loopback(self, ports: Collection[int]) -> None:
        """Answer on these ports of the resync containers' loopback too, once it has started, and on no others.

        Raises:
            EngineError: It does not answer.
        """
        if self.ca and set(ports) != self._on_loopback:
            self._order(f"loopback {' '.join(map(str, sorted(ports)))}")
            self._on_loopback = set(ports)

    def know_services(self, addresses: Mapping[str, str]) -> None:
        """Have these names, and no others, stand for services on the closed network.

        Args:
            addresses: By name.

        Raises:
            EngineError: It does not answer.
        """
        if dict(addresses) != self._services:
            self._order(" ".join(["services", *(f"{name}={address}" for name, address in addresses.items())]))
            self._services = dict(addresses)

    def _order(self, order: str) -> None:
        with self._one_at_a_time:
            self._done.clear()
            self._ordered = order.split(maxsplit=1)[0]
            try:
                self.container.send(f"{order}\n".encode())
            except OSError as error:
                raise EngineError(f"The front container has ended: {error}") from None
            if not self._done.wait(_ORDER_SECONDS):
                raise EngineError(f"The front container does not answer within {_ORDER_SECONDS:g} s.")

    def stop_waiting(self) -> None:
        """Let whoever waits for its start go on: a container of its sandbox has died."""
        self._ready.set()

    def _take(self, line: bytes) -> None:
        said: dict[str, Any] = {}
        with contextlib.suppress(ValueError):  # half a line: it has died, and others say so
            said = json.loads(line)
        if said.get("done") == self._ordered:
            self._done.set()
        elif "ca" in said:
            self.ca = said["ca"]
            self._ready.set()
