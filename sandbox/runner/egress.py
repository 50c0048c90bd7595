"""Sees the datagrams that the integration sends out of the sandbox: they get nowhere, and would do so without a trace.

Each TCP connection reaches the front (``sandbox/front``), which reports what it refuses. Datagrams (statsd, syslog, QUIC,
NTP) reach nothing. CPython announces them to the audit hooks (``sys.addaudithook``), so nothing needs to be patched, and
the integration's sockets behave as ever. Those of a C library are not announced. Look-ups of names are answered by the
front, whichever name server is asked.
"""

import contextlib
import ipaddress
import json
import os
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

# Tells a Python that the integration starts (see sitecustomize.py) where the record is, and which hosts are ours.
VARIABLE = "OCEAN_SANDBOX_EGRESS"
Attempt = tuple[str, int | None]
_EVENTS = frozenset(("socket.connect", "socket.sendto", "socket.sendmsg"))
_DNS = 53
_LARGEST = 1000  # attempts of one process; who tries more is sufficiently known


class Record:
    """The attempts of all processes of a container, in the order in which they were made.

    It lives in the supervisor's memory and has no name that an integration could come across. Others open it through the
    supervisor, a new one each time: a descriptor that an integration may have closed could by now belong to something else.

    Args:
        path: Where the supervisor has it; by default this is the supervisor, and there is none yet.
    """

    def __init__(self, path: str | None = None) -> None:
        self.path = path or f"/proc/{os.getpid()}/fd/{os.memfd_create('egress')}"

    def clear(self) -> None:
        """Forget all."""
        os.truncate(self.path, 0)

    def attempts(self) -> list[Attempt]:
        """Each attempt once."""
        with contextlib.suppress(OSError, ValueError, TypeError):  # an integration could write to it, if it meant to
            lines = Path(self.path).read_text(encoding="utf-8").splitlines()
            return list(dict.fromkeys((host, port) for host, port in map(json.loads, lines)))
        return []


def own_addresses(names: Iterable[str]) -> list[str]:
    """The addresses that own names have, to be asked for before anyone watches."""
    found: dict[str, None] = {}
    for name in names:
        with contextlib.suppress(OSError):
            found.update((str(each[4][0]), None) for each in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM))
    return list(found)


def watch(path: str, own: Iterable[str]) -> None:
    """Record attempts of this process, all its threads, and all that it forks; of Pythons that it starts as well.

    An audit hook cannot be removed: it stays as long as the process does.

    Args:
        path: Where :attr:`Record.path` says.
        own: Names and addresses that are no egress: those of the sandbox's own containers. Loopback never is.
    """
    hosts = {"localhost", *own}
    os.environ[VARIABLE] = " ".join([path, *sorted(hosts)])
    seen: set[Attempt] = set()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event not in _EVENTS:
            return
        # Whatever is odd about a host, it is for the call itself to refuse it.
        with contextlib.suppress(Exception):
            attempt = _attempt(arguments)
            if attempt is None or attempt in seen or attempt[0] in hosts or len(seen) >= _LARGEST:
                return
            seen.add(attempt)
            _write(path, attempt)

    sys.addaudithook(hook)


def watch_as_told() -> None:
    """Record attempts in a Python that the integration has started, where the environment says so."""
    path, *own = os.environ[VARIABLE].split(" ")
    watch(path, own)


def _write(path: str, attempt: Attempt) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        os.write(descriptor, json.dumps(attempt).encode() + b"\n")  # at once, so lines of two processes never mix
    finally:
        os.close(descriptor)


def _attempt(arguments: tuple[object, ...]) -> Attempt | None:
    """What an event is an attempt to reach: None for what is answered, or stays here."""
    sock, target = arguments[:2]
    is_internet = getattr(sock, "family", None) in (socket.AF_INET, socket.AF_INET6)
    if not is_internet or getattr(sock, "type", None) == socket.SOCK_STREAM or not isinstance(target, tuple):
        return None
    host, port = _host(target[0]), _port(target[1])
    return None if host is None or port == _DNS else (host, port)


def _host(host: object) -> str | None:
    """A host as it is written in one way only; None for this machine."""
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii")
    if not isinstance(host, str) or not host:
        return None
    address = _address(host)
    if address is not None:
        return None if address.is_loopback or address.is_unspecified else str(address)
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    host = host.lower().rstrip(".")
    return None if host.endswith(".localhost") else host or None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _port(port: object) -> int | None:
    if isinstance(port, bytes | str):
        text = port.decode("ascii") if isinstance(port, bytes) else port
        if text.isdecimal():
            return int(text) or None
        with contextlib.suppress(OSError):
            return socket.getservbyname(text)
        return None
    return port or None if isinstance(port, int) else None
