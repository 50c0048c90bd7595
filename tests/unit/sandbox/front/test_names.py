"""The name server: over real UDP and TCP, every name has an address, the same each time."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from sandbox.front.names import Names, serve

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"
WAYS = {"UDP": dns.query.udp, "TCP": dns.query.tcp}
OURS = ipaddress.ip_network("198.18.0.0/15")


def serving(names: Names, client: Callable[[int], Any]) -> Any:
    """What ``client`` gives, called in a thread with the port of a name server."""

    async def run() -> Any:
        tcp = socket.create_server((HOST, 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((HOST, tcp.getsockname()[1]))
        server = asyncio.create_task(serve(names, udp, tcp))
        try:
            return await asyncio.to_thread(client, tcp.getsockname()[1])
        finally:
            server.cancel()
            with suppress(asyncio.CancelledError):
                await server

    return asyncio.run(run())


@pytest.mark.parametrize("way", WAYS)
def test_a_name_has_an_address_of_its_own(way: str) -> None:
    names = Names({"port-mock": "10.9.8.7"})

    def ask(port: int) -> list[str]:
        asked = ("DB.Example.org", "db.example.org.", "a_b.example", "port-mock")
        answers = [WAYS[way](dns.message.make_query(each, "A"), HOST, port=port, timeout=5) for each in asked]
        assert all(each.flags & dns.flags.RA for each in answers)
        return [each.answer[0][0].to_text() for each in answers]

    first, same, other, own = serving(names, ask)

    assert first == same != other
    assert own == "10.9.8.7"
    assert {ipaddress.ip_address(each) in OURS for each in (first, other)} == {True}
    assert (names.name(first), names.name(other), names.name("192.0.2.1")) == (
        "db.example.org",
        "a_b.example",
        "192.0.2.1",
    )


@pytest.mark.parametrize("kind", ["AAAA", "SRV", "TXT", "MX", "HTTPS"])
def test_a_name_exists_whatever_is_asked_about_it(kind: str) -> None:
    query = dns.message.make_query("db.example.org", kind)

    response = serving(Names({}), lambda port: dns.query.udp(query, HOST, port=port, timeout=5))

    assert (response.rcode(), response.answer) == (dns.rcode.NOERROR, [])


def test_an_address_is_called_what_it_was_given_to() -> None:
    names = Names({})
    address = names.address("db.example")

    def ask(port: int) -> list[Any]:
        reverse = [".".join(reversed(each.split("."))) + ".in-addr.arpa" for each in (address, "192.0.2.1")]
        answers = [dns.query.udp(dns.message.make_query(each, "PTR"), HOST, port=port, timeout=5) for each in reverse]
        return [answers[0].answer[0][0].to_text(), answers[1].rcode()]

    assert serving(names, ask) == ["db.example.", dns.rcode.NXDOMAIN]


def test_a_connection_may_bring_several_queries() -> None:
    def ask(port: int) -> list[str]:
        with closing(socket.create_connection((HOST, port), timeout=5)) as connection:
            answers = []
            for name in ("a.example", "b.example", "a.example"):
                dns.query.send_tcp(connection, dns.message.make_query(name, "A"))
                answer, _ = dns.query.receive_tcp(connection)
                answers.append(answer.question[0].name.to_text())
            return answers

    assert serving(Names({}), ask) == ["a.example.", "b.example.", "a.example."]


def test_what_is_not_a_query_gets_no_answer_and_ends_nothing() -> None:
    def ask(port: int) -> int:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as garbage:
            response = dns.message.make_response(dns.message.make_query("a", "A")).to_wire()
            for data in (b"", b"x", b"\xff" * 600, response):
                garbage.sendto(data, (HOST, port))
        for data in (b"", b"\0", b"\0\5abc", b"\0\1x"):
            with closing(socket.create_connection((HOST, port), timeout=5)) as connection:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                assert connection.recv(100) == b""
        return dns.query.udp(dns.message.make_query("b.example", "A"), HOST, port=port, timeout=5).rcode()

    assert serving(Names({}), ask) == dns.rcode.NOERROR


def test_more_names_than_addresses_are_answered_all_the_same() -> None:
    names = Names({})
    for number in range(140_000):
        assert ipaddress.ip_address(names.address(f"{number}.example")) in OURS


def test_a_service_has_its_own_address_until_the_sandbox_has_others() -> None:
    names = Names({"wiremock": "10.9.8.7"})
    of_the_outside = names.address("db")
    asyncio.run(names.know_services({"db": "10.9.8.3"}))
    assert names.address("db") == "10.9.8.3"
    assert names.address("wiremock") == "10.9.8.7"
    asyncio.run(names.know_services({}))
    assert names.address("db") == of_the_outside
