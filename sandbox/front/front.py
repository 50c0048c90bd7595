"""Takes every TCP connection of the resync containers, whatever its address and port, and finds out what it speaks."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from typing import TYPE_CHECKING

from . import http2, protocols
from .destination import Destination
from .exchange import Exchange
from .streams import Client

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from .certificates import Authority
    from .names import Names
    from .port_mock import PortMock
    from .upstream import Upstream

# netfilter's own names for where a connection was going before it was redirected (linux/netfilter_ipv4.h, …_ipv6/ip6_tables.h).
_ORIGINAL_DESTINATION = 80
_EXHAUSTED_SECONDS = 0.1
_SETTLE_SECONDS = 2.0
_TURNS = 10
_PEEKED = 64
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_HUNG_UP = "the client hung up, as one does that does not trust the certificate"
_PREFACE = b"PRI * HTTP/2"


class Front:
    """Answers for the outside.

    Args:
        authority: Issues certificates.
        names: Knows which name an address stands for.
        upstream: Answers HTTP requests.
        port_mock: Hears of what is not answered, and has the test process answer what WireMock cannot.
    """

    def __init__(self, authority: Authority, names: Names, upstream: Upstream, port_mock: PortMock) -> None:
        self._authority = authority
        self._names = names
        self._upstream = upstream
        self._port_mock = port_mock
        self._tasks: set[asyncio.Task[None]] = set()
        # What a client that has said nothing waits for, and who waits with it.
        self._silent: dict[asyncio.Future[None], asyncio.Task[None]] = {}
        self._loopback: dict[int, list[asyncio.Task[None]]] = {}

    async def serve(self, listener: socket.socket) -> None:
        """Take connections until cancelled."""
        listener.setblocking(False)  # noqa: FBT003 # socket's own signature
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:  # of descriptors there are no more until some connection ends
                await asyncio.sleep(_EXHAUSTED_SECONDS)
                continue
            task = loop.create_task(self._take(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def answer_on_loopback(self, ports: Collection[int]) -> None:
        """Answer on these ports of this namespace's loopback too, and on no others.

        What a configuration names as ``http://localhost:9000`` is a third party as any other. A port that is taken is
        its owner's.
        """
        closing = [task for port in self._loopback.keys() - set(ports) for task in self._loopback.pop(port)]
        await _cancel(closing)
        for port in set(ports) - self._loopback.keys():
            listeners = [_listener(family, host, port) for family, host in _LOOPBACK]
            self._loopback[port] = [
                asyncio.get_running_loop().create_task(self._serve_and_close(each)) for each in listeners if each
            ]

    async def _serve_and_close(self, listener: socket.socket) -> None:
        with listener:
            await self.serve(listener)

    async def forget(self) -> None:
        """Break off every connection, and return when nothing more will be reported of any."""
        await _cancel(self._tasks)
        await self._port_mock.settle()

    async def settle(self) -> None:
        """Return when everything that has happened so far is reported.

        A client that has said nothing yet, on a port where it would be reported for that, has had its time.
        """
        for _ in range(_TURNS):  # what has arrived is taken, and looked at
            await asyncio.sleep(0)
        judged = dict(self._silent)
        for silence in judged:
            _resolve(silence)
        if judged:
            await asyncio.wait(judged.values(), timeout=_SETTLE_SECONDS)
        await self._port_mock.settle()

    async def _take(self, connection: socket.socket) -> None:
        # A client that disconnects is not worth reporting.
        with contextlib.suppress(OSError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            address, port = _destination(connection)
            destination = Destination(self._names.name(address), port)
            with self._awaiting(destination) as over:
                first = await _first_bytes(connection, over)
            if first is None:
                await self._report_silence(destination)
                return
            context = None
            if protocols.is_tls(first):
                destination.is_tls = True
                context = self._authority.context(address)
            try:
                duplicate = connection.dup()
                connection.close()
                client = await Client.accept(duplicate, context)
            except (ssl.SSLError, ConnectionError) as error:
                # asyncio's clients send no alert, and here it is an error without words.
                reason = getattr(error, "reason", None) or str(error) or _HUNG_UP
                await self._port_mock.report(destination.refused("TLS", f"the handshake failed: {reason}"))
                return
            if context is not None:
                named = client.writer.get_extra_info("ssl_object").context.host
                destination.host = destination.host if named == address else named
            try:
                await self._converse(client, destination, first)
            finally:
                client.writer.close()

    @contextlib.contextmanager
    def _awaiting(self, destination: Destination) -> Iterator[asyncio.Future[None]]:
        """What resolves when a client that has said nothing has had its time."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        over: asyncio.Future[None] = loop.create_future()
        if destination.patience is None or task is None:
            yield over
            return
        timer = loop.call_later(destination.patience, _resolve, over)
        self._silent[over] = task
        try:
            yield over
        finally:
            timer.cancel()
            del self._silent[over]

    async def _report_silence(self, destination: Destination) -> None:
        if destination.patience is not None:
            connected = "it connected over TLS" if destination.is_tls else "it connected"
            await self._port_mock.report(destination.refused("", f"{connected}, and sent nothing"))

    async def _converse(self, client: Client, destination: Destination, first: bytes) -> None:
        """Speak what the client speaks, which has begun with ``first`` unless it speaks TLS."""
        is_http2 = False
        if destination.is_tls:
            is_http2 = client.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
            with self._awaiting(destination) as over:
                await asyncio.wait((client.first, over), return_when=asyncio.FIRST_COMPLETED)
            first = client.first.result() if client.first.done() else b""
            if client.first.done() and not first:
                await self._report_silence(destination)
                return
        if is_http2 or first.startswith(_PREFACE):
            await http2.serve(client, destination, self._upstream, self._port_mock)
        elif protocols.looks_like_http(first):
            await Exchange(client, destination, self._upstream, self._port_mock, self._names).serve()
        else:
            name = protocols.name(first)
            reason = f"its first bytes: {first[:24]!r}" if first else ""
            await self._port_mock.report(
                destination.refused(f"{name} over TLS" if destination.is_tls else name, reason)
            )
            client.reset()


def _destination(connection: socket.socket) -> tuple[str, int]:
    """Address and port that the client connected to, before it was redirected here."""
    is_6 = connection.family == socket.AF_INET6
    try:
        if is_6 and not ipaddress.ip_address(connection.getsockname()[0].partition("%")[0]).ipv4_mapped:  # type: ignore[union-attr] # of this family
            found = connection.getsockopt(socket.IPPROTO_IPV6, _ORIGINAL_DESTINATION, 28)
            return str(ipaddress.IPv6Address(found[8:24])), int.from_bytes(found[2:4], "big")
        found = connection.getsockopt(socket.SOL_IP, _ORIGINAL_DESTINATION, 16)
        return str(ipaddress.IPv4Address(found[4:8])), int.from_bytes(found[2:4], "big")
    except OSError:  # it was not redirected
        address, port = connection.getsockname()[:2]
        return str(address), int(port)


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks, and return when they have ended."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


def _listener(family: socket.AddressFamily, host: str, port: int) -> socket.socket | None:
    try:
        return socket.create_server((host, port), family=family)
    except OSError:  # it is taken, or there is no such address
        return None


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _first_bytes(connection: socket.socket, over: asyncio.Future[None]) -> bytes | None:
    """What the client has sent first, which stays to be read; empty where it says nothing, None where it hangs up.

    Args:
        connection: Its connection.
        over: Resolves when it has had its time.
    """
    loop = asyncio.get_running_loop()
    readable = loop.create_future()
    loop.add_reader(connection, _resolve, readable)
    try:
        await asyncio.wait((readable, over), return_when=asyncio.FIRST_COMPLETED)
    finally:
        loop.remove_reader(connection)
    try:
        return connection.recv(_PEEKED, socket.MSG_PEEK) or None
    except BlockingIOError:
        return b""
