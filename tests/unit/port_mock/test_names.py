"""The name server: over real UDP and TCP, no name exists, and each is kept."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from sandbox.port_mock.names import NameServer, host_of
from sandbox.port_mock.state import PortState

from .factories import Mock, body_of

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"
WAYS = {"UDP": dns.query.udp, "TCP": dns.query.tcp}


def serving(state: PortState, client: Callable[[int], Any]) -> Any:
    """What ``client`` gives, called in a thread with the port of a name server that keeps to ``state``."""

    async def run() -> Any:
        tcp = socket.create_server((HOST, 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((HOST, tcp.getsockname()[1]))
        server = asyncio.create_task(NameServer(state).serve(udp, tcp))
        try:
            return await asyncio.to_thread(client, tcp.getsockname()[1])
        finally:
            server.cancel()
            with suppress(asyncio.CancelledError):
                await server

    return asyncio.run(run())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["A", "AAAA", "SRV", "TXT"])
def test_no_name_exists_and_each_is_kept(way: str, kind: str) -> None:
    state = PortState()
    query = dns.message.make_query("DB.Example.org", kind)

    response = serving(state, lambda port: WAYS[way](query, HOST, port=port, timeout=5))

    assert (response.rcode(), response.answer) == (dns.rcode.NXDOMAIN, [])
    assert response.flags & dns.flags.RA
    assert query.is_response(response)
    assert state.kept.names == {"db.example.org": None}


def test_a_connection_may_bring_several_queries() -> None:
    state = PortState()

    def ask(port: int) -> list[str]:
        with closing(socket.create_connection((HOST, port), timeout=5)) as connection:
            answers = []
            for name in ("a.example", "b.example", "a.example"):
                dns.query.send_tcp(connection, dns.message.make_query(name, "A"))
                answer, _ = dns.query.receive_tcp(connection)
                answers.append(answer.question[0].name.to_text())
            return answers

    assert serving(state, ask) == ["a.example.", "b.example.", "a.example."]
    assert state.kept.names == {"a.example": None, "b.example": None}


def test_what_is_no_query_gets_no_answer_and_ends_nothing() -> None:
    state = PortState()

    def ask(port: int) -> int:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as garbage:
            for data in (
                b"",
                b"x",
                b"\xff" * 600,
                dns.message.make_response(dns.message.make_query("a", "A")).to_wire(),
            ):
                garbage.sendto(data, (HOST, port))
        for data in (b"", b"\0", b"\0\5abc", b"\0\1x"):
            with closing(socket.create_connection((HOST, port), timeout=5)) as connection:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                assert connection.recv(100) == b""
        return dns.query.udp(dns.message.make_query("b.example", "A"), HOST, port=port, timeout=5).rcode()

    assert serving(state, ask) == dns.rcode.NXDOMAIN
    assert state.kept.names == {"b.example": None}


def test_who_asks_what_an_address_is_called_reaches_for_nobody() -> None:
    state = PortState()
    query = dns.message.make_query("1.2.0.192.in-addr.arpa", "PTR")

    assert serving(state, lambda port: dns.query.udp(query, HOST, port=port, timeout=5)).rcode() == dns.rcode.NXDOMAIN
    assert state.kept.names == {}


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("DB.Example.", "db.example"),
        ("_mongodb._tcp.db.example.", "db.example"),
        ("_grpc_config.wiremock.", "wiremock"),
        (".", ""),
        ("_tcp.", ""),
    ],
)
def test_a_name_is_about_a_host(name: str, host: str) -> None:
    assert host_of(name) == host


def test_the_names_are_told_and_forgotten_like_all_else() -> None:
    mock = Mock()
    before = mock.state.kept
    for name in ("db.example", "db.example", "mq.example"):
        mock.state.kept.ask(name)

    assert body_of(mock.control("GET", "/empty")) == {"empty": False}
    assert body_of(mock.control("GET", "/collected"))["names"] == ["db.example", "mq.example"]

    body_of(mock.control("DELETE", "/captures"))
    assert body_of(mock.control("GET", "/collected"))["names"] == []
    mock.state.kept.ask("db.example")
    body_of(mock.control("POST", "/reset"))
    before.ask("late.example")

    assert body_of(mock.control("GET", "/empty")) == {"empty": True}
    assert body_of(mock.control("GET", "/collected"))["names"] == []


def test_who_asks_without_end_fills_no_memory() -> None:
    state = PortState()
    for number in range(11_000):
        state.kept.ask(f"{number}.example")

    assert len(state.kept.names) == 10_000
    assert "0.example" in state.kept.names
