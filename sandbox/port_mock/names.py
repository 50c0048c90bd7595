"""The name server of the closed network: no outside name exists, and each that was asked for is kept.

The resync container's resolver (the engine's own, at 127.0.0.11) answers for the sandbox's containers itself and asks
us about everything else. So a look-up fails in a millisecond instead of after a timeout, never reaches the resolver of
the engine's host, and leaves a trace even of clients that are not Python's: gRPC, librdkafka, a program that was started.

Engines from 23.0.11 and 25.0.4 up to 26.1.2 do not ask at all from a closed network (github.com/moby/moby, 47822): there
look-ups fail as fast, and only the runner's own eyes see them.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

if TYPE_CHECKING:
    from .state import PortState

_LENGTH_BYTES = 2
# A client that keeps a connection open and says nothing must not be kept for ever.
_IDLE_SECONDS = 10.0


class NameServer:
    """Answers NXDOMAIN over UDP and TCP.

    Args:
        state: Where names are kept.
    """

    def __init__(self, state: PortState) -> None:
        self._state = state

    async def serve(self, udp: socket.socket, tcp: socket.socket) -> None:
        """Serve until cancelled; both sockets are bound, and are closed in the end.

        Args:
            udp: A datagram socket.
            tcp: A listening socket.
        """
        udp.setblocking(False)  # noqa: FBT003 # socket's own signature
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        try:
            async with await asyncio.start_server(self._converse, sock=tcp) as server:
                await server.serve_forever()
        finally:
            transport.close()

    def answer(self, query: bytes) -> bytes | None:
        """Keep the names that a query asks for, and answer it.

        Args:
            query: In DNS's wire format.

        Returns:
            The answer, or None to what is no query: that gets none.
        """
        try:
            message = dns.message.from_wire(query)
            response = dns.message.make_response(message, recursion_available=True)
        except (dns.exception.DNSException, ValueError):
            return None
        for question in message.question:
            # PTR asks what an address is called, which is not how anyone reaches it.
            if question.rdtype != dns.rdatatype.PTR and (name := host_of(question.name.to_text())):
                self._state.kept.ask(name)
        response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                async with asyncio.timeout(_IDLE_SECONDS):
                    length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
                    answer = self.answer(await reader.readexactly(length))
                if answer is None:
                    break
                writer.write(len(answer).to_bytes(_LENGTH_BYTES, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, OSError):
            pass
        finally:
            writer.close()


def host_of(name: str) -> str:
    """The host that a query's name is about: ``_mongodb._tcp.db.example.org`` asks where ``db.example.org`` is."""
    labels = name.lower().rstrip(".").split(".")
    while labels and labels[0].startswith("_"):
        del labels[0]
    return ".".join(labels)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, names: NameServer) -> None:
        self._names = names

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # asyncio's own way
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if answer := self._names.answer(data):
            self._transport.sendto(answer, addr)
