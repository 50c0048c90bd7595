"""Where the engine publishes ports: on which address of its machine, and how this process reaches them.

They are on loopback wherever this process shares it with the engine. Where it runs in a container beside the sandboxes, with
the engine's socket mounted, they are on the gateway of the network that it is on, which is the engine's machine as seen
from there. Only on an engine at another machine must they be on all its addresses; what listens asks for a secret
anyway.
"""

import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from testcontainers.core import utils
from testcontainers.core.config import testcontainers_config as configuration
from testcontainers.core.docker_client import DockerClient

from sandbox.engine import engine
from sandbox.engine.address import LOCAL_SOCKET, engine_address, host_of
from sandbox.errors import EngineError

OVERRIDE = "TESTCONTAINERS_HOST_OVERRIDE"
_LOOPBACK = "127.0.0.1"
_ANYWHERE = "0.0.0.0"  # noqa: S104
# How Docker Desktop's containers reach the loopback of the machine that it runs on.
_DESKTOP_HOST = "host.docker.internal"
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: see unix(7)
_ANY_PORT = 9


@dataclass(frozen=True)
class Location:
    """Where published ports are.

    Args:
        host: The host name or address by which this process reaches them.
        publish: The address of the engine's machine to publish them on; None where none are published.
        why: How that is known, for messages.
    """

    host: str
    publish: str | None
    why: str

    @property
    def shares_loopback(self) -> bool:
        """Whether a port that the engine publishes on 127.0.0.1 is on this process's own loopback."""
        return (self.host, self.publish) == (_LOOPBACK, _LOOPBACK)

    def at(self, port: int | str) -> str:
        """A published port, as host and port."""
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"

    @property
    def remedy(self) -> str:
        """What to do where ports cannot be published or reached there."""
        return (
            f"set {OVERRIDE} to a host name or address at which this process reaches the engine's machine, or "
            "run this process where the engine is (in a container: with `--network host`)."
        )


def location() -> Location:
    """Where ports are that the engine publishes for this process.

    Asks the engine nothing, unless this process runs in a container that is not the engine's own; then once.

    Raises:
        EngineError: It cannot be found out, or what the user says of it makes no sense.
    """
    return _located(engine.client())


def shares_loopback() -> bool:
    """See :attr:`Location.shares_loopback`."""
    return location().shares_loopback


@lru_cache(maxsize=1)
def _located(client: DockerClient) -> Location:
    address = engine_address()
    if configuration.tc_host_override:
        return _overridden(configuration.tc_host_override, client)
    if (host := host_of(address)) is not None:
        return _at_host(host, client, f"the engine is at {address}", elsewhere=None)
    if not _in_container() or _is_neighbour(address or LOCAL_SOCKET):
        return Location(_LOOPBACK, _LOOPBACK, "the engine is on this machine")
    found = _among(_networks(client))
    if found is None:
        raise EngineError(
            "This process runs in a container that is on none of the engine's networks, so it cannot tell where the "
            "engine publishes ports.",
            remedy=f"set {OVERRIDE} to a host name or address of the engine's machine that it can reach.",
        )
    if not found.shares_loopback and client.client.info().get("OperatingSystem") == "Docker Desktop":
        return Location(_DESKTOP_HOST, _LOOPBACK, "this process runs in a container of Docker Desktop")
    return found


def _overridden(override: str, client: DockerClient) -> Location:
    host, why = override.strip("[]"), f"{OVERRIDE} is {override}"
    try:
        _resolved(host)
    except (OSError, UnicodeError) as error:
        raise EngineError(
            f"{why}, which is not a host name or address that can be resolved: {error}",
            remedy=f"set {OVERRIDE} to the host alone, without scheme or port, or unset it.",
        ) from error
    return _at_host(host, client, why, elsewhere=_ANYWHERE)


def _at_host(host: str, client: DockerClient, why: str, *, elsewhere: str | None) -> Location:
    try:
        resolved = _resolved(host)
    except (OSError, UnicodeError):  # whoever connects to it will say so
        resolved = host
    if _is_loopback(resolved):
        return Location(_LOOPBACK, _LOOPBACK, why)
    # Seen from a container, the engine's machine has addresses that are not visible from outside.
    if _in_container() and resolved in {gateway for _, _, gateway in _pools(_networks(client))}:
        return Location(host, resolved, why)
    if host == _DESKTOP_HOST:  # it reaches what is published on the loopback of its machine
        return Location(host, _LOOPBACK, why)
    if host_of(engine_address()) is None and _is_own(resolved):
        return Location(host, resolved, why)
    return Location(host, elsewhere, why)


def _is_own(address: str) -> bool:
    """Whether an address is one of this machine's."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _resolved(host: str) -> str:
    address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]
    return str(address).split("%")[0]


def _in_container() -> bool:
    return utils.inside_container() or Path("/run/.containerenv").exists()  # the latter is podman's


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _is_neighbour(address: str) -> bool:
    """Whether the engine at the other end of the socket runs in the same network namespace (a CI job starts its own)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return False
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(urlsplit(address).path)
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid = _CREDENTIALS.unpack(credentials)[0]  # 0 for a process of another container
        return bool(pid) and Path(f"/proc/{pid}/ns/net").samefile("/proc/self/ns/net")
    return False


def _networks(client: DockerClient) -> list[dict[str, Any]]:
    return list(client.client.api.networks(filters={"driver": "bridge"}))


def _pools(networks: list[dict[str, Any]]) -> Iterator[tuple[str, IPv4Network, str]]:
    """The addresses of each network: its name, its subnet, and the address that the engine's machine has on it."""
    for network in networks:
        for pool in (network.get("IPAM") or {}).get("Config") or []:
            if (subnet := _subnet(pool.get("Subnet"))) is not None:
                yield network["Name"], subnet, pool.get("Gateway") or str(subnet[1])


def _among(networks: list[dict[str, Any]]) -> Location | None:
    """Where published ports are, by which of the engine's networks this process is on; None where it is on none."""
    member: Location | None = None
    for name, subnet, gateway in _pools(networks):
        ours = _own_address_towards(gateway)
        if ours == gateway:
            return Location(_LOOPBACK, _LOOPBACK, f"the gateway of the engine's network {name} is here")
        if member is None and ours is not None and ip_address(ours) in subnet:
            why = f"this process runs in a container on the engine's network {name}"
            member = Location(gateway, gateway, why)
    return member


def _own_address_towards(address: str) -> str | None:
    """The address of this machine from which it would send something there; nothing is sent."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, _ANY_PORT))
        return str(probe.getsockname()[0])
    return None


def _subnet(text: str | None) -> IPv4Network | None:
    try:
        subnet = IPv4Network(text or "")
    except ValueError:
        return None
    return subnet if subnet.num_addresses > 1 else None
