"""The name server: every name has an address, and every address is this machine's.

The addresses are of 198.18.0.0/15, which RFC 2544 sets aside for tests of network devices. A name keeps its address for
as long as the sandbox lives, so that a connection to the address tells which host was meant.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

_POOL = ipaddress.ip_network("198.18.0.0/15")
_TTL = 60
_LENGTH_BYTES = 2
# A client that keeps a connection open and says nothing must not be kept for ever.
_IDLE_SECONDS = 10.0


class Names:
    """Which address a name has, and which name an address stands for.

    Args:
        own: The addresses of the sandbox's own containers, by name.
    """

    def __init__(self, own: Mapping[str, str]) -> None:
        self._addresses = dict(own)
        self._names: dict[str, str] = {}
        self._services: dict[str, str] = {}

    async def know_services(self, services: Mapping[str, str]) -> None:
        """Give these names the addresses of services, and the names of services before an address of the pool again.

        Args:
            services: Addresses by name, in lower case.
        """
        self._services = dict(services)

    def address(self, name: str) -> str:
        """The address of a name, given to it when it is first asked for."""
        if name in self._services:
            return self._services[name]
        if name not in self._addresses:
            # Past the network's own; of more names than there are addresses, some share one.
            number = 1 + len(self._names) % (_POOL.num_addresses - 2)
            address = self._addresses[name] = str(_POOL[number])
            self._names[address] = name
        return self._addresses[name]

    def name(self, address: str) -> str:
        """The name that an address was given to, or the address itself."""
        return self._names.get(address, address)

    def answer(self, query: bytes) -> bytes | None:
        """Answer a query in DNS's wire format; None to what is not a query."""
        try:
            message = dns.message.from_wire(query)
            response = dns.message.make_response(message, recursion_available=True)
        except (dns.exception.DNSException, ValueError):
            return None
        for question in message.question:
            if question.rdtype == dns.rdatatype.PTR:
                self._answer_reverse(question, response)
            elif question.rdtype == dns.rdatatype.A:
                address = self.address(question.name.to_text(omit_final_dot=True).lower())
                response.answer.append(
                    dns.rrset.from_text(question.name, _TTL, dns.rdataclass.IN, dns.rdatatype.A, address)
                )
            # The name exists whatever else is asked about it: no answer, and no error.
        return response.to_wire()

    def _answer_reverse(self, question: dns.rrset.RRset, response: dns.message.Message) -> None:
        labels = question.name.to_text().lower().removesuffix(".in-addr.arpa.").split(".")
        name = self._names.get(".".join(reversed(labels)))
        if name is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            response.answer.append(
                dns.rrset.from_text(question.name, _TTL, dns.rdataclass.IN, dns.rdatatype.PTR, f"{name}.")
            )


async def serve(names: Names, udp: socket.socket, tcp: socket.socket) -> None:
    """Serve until cancelled.

    Args:
        names: What is answered.
        udp: A bound datagram socket.
        tcp: A listening socket.
    """
    udp.setblocking(False)  # noqa: FBT003 # socket's own signature
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(names), sock=udp)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                async with asyncio.timeout(_IDLE_SECONDS):
                    length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
                    answer = names.answer(await reader.readexactly(length))
                if answer is None:
                    break
                writer.write(len(answer).to_bytes(_LENGTH_BYTES, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, OSError):
            pass
        finally:
            writer.close()

    try:
        async with await asyncio.start_server(converse, sock=tcp) as server:
            await server.serve_forever()
    finally:
        transport.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, names: Names) -> None:
        self._names = names

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # asyncio's own way
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if answer := self._names.answer(data):
            self._transport.sendto(answer, addr)
