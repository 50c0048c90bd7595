"""What the front cannot read is refused, and reported as a request with what was wrong, before the client hears of it."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.events
import pytest

from .factories import run_front

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .factories import Running

HEAD = b"POST /x HTTP/1.1\r\nHost: a.example\r\n"
WITH_URL = "http://a.example/x"
# What is sent; the status; the method, the URL and the reason that are reported.
BROKEN = {
    "no header": (HEAD + b"no header at all\r\n\r\n", 400, "POST", WITH_URL, "no header at all"),
    "no name": (HEAD + b": x\r\n\r\n", 400, "POST", WITH_URL, "has no name"),
    "a folded line": (HEAD + b"X-A: 1\r\n 2\r\n\r\n", 400, "POST", WITH_URL, "b' 2'"),
    "no version": (b"GET /x\r\nHost: a.example\r\n\r\n", 400, "GET", "http://127.0.0.1:{port}/x", "b'GET /x'"),
    "version 0.9": (b"GET /x HTTP/0.9\r\n\r\n", 400, "GET", "http://127.0.0.1:{port}/x", "b'GET /x HTTP/0.9'"),
    "version 3": (b"GET /x HTTP/3.0\r\n\r\n", 400, "GET", "http://127.0.0.1:{port}/x", "b'GET /x HTTP/3.0'"),
    "no method": (b"G(T /x HTTP/1.1\r\n\r\n", 400, "-", "http://127.0.0.1:{port}/x", "b'G(T /x HTTP/1.1'"),
    "two lengths": (
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        400,
        "POST",
        WITH_URL,
        "several Content-Length",
    ),
    "no length": (HEAD + b"Content-Length: many\r\n\r\n", 400, "POST", WITH_URL, "Content-Length is b'many'"),
    "a negative length": (HEAD + b"Content-Length: -5\r\n\r\n", 400, "POST", WITH_URL, "Content-Length is b'-5'"),
    "no chunk": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
        "POST",
        WITH_URL,
        "the size of a chunk is b'zz'",
    ),
    "a long chunk": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        400,
        "POST",
        WITH_URL,
        "longer than its size",
    ),
    "an endless chunk": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 300_000,
        400,
        "POST",
        WITH_URL,
        "has no end",
    ),
    "two hosts": (HEAD + b"Host: b.example\r\n\r\n", 400, "POST", WITH_URL, "several Host headers"),
    "no host": (b"GET /x HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "GET", "http://a%20b/x", "the Host header is b'a b'"),
    "a large header": (HEAD + b"X: " + b"x" * 300_000 + b"\r\n\r\n", 431, "POST", WITH_URL, "larger than 262144 bytes"),
    "many headers": (HEAD + b"X: y\r\n" * 50_000 + b"\r\n", 431, "POST", WITH_URL, "larger than 262144 bytes"),
    "a large target": (
        b"GET /" + b"x" * 300_000,
        431,
        "GET",
        "http://127.0.0.1:{port}/xxx",
        "larger than 262144 bytes",
    ),
}


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Running]:
    with run_front(tmp_path) as running:
        yield running


@pytest.mark.parametrize("name", BROKEN)
def test_it_is_refused_and_reported_as_a_request(front: Running, name: str) -> None:
    data, status, method, url, reason = BROKEN[name]
    answer = front.say(data)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"The sandbox refuses this request: " in answer
    assert front.around.refused == []
    assert front.around.seen == []
    (told,) = front.around.broken
    assert (told["status"], told["method"]) == (status, method)
    assert told["url"].startswith(url.format(port=front.port))
    assert reason in told["reason"]
    assert all(len(value) <= 1000 for _, value in told["headers"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [(HEAD[:30], "within its head"), (HEAD + b"Content-Length: 9\r\n\r\nabc", "within its body")],
    ids=["in its head", "in its body"],
)
def test_one_that_stops_short_is_reported(front: Running, data: bytes, reason: str) -> None:
    with front.connect() as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")

    assert [reason in each["reason"] for each in front.around.broken] == [True]
    assert front.around.seen == []


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n"], ids=repr)
def test_a_connection_without_a_request_is_none(front: Running, data: bytes) -> None:
    with front.connect() as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" + data)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1000):
            pass

    assert (len(front.around.seen), front.around.broken) == (1, [])


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ([("content-length", "many")], 400, "b'many'"),
        ([("x", "y" * 300_000)], 431, "headers are larger"),
    ],
    ids=["no length", "large headers"],
)
def test_over_http_2_too(front: Running, headers: list[tuple[str, str]], status: int, reason: str) -> None:
    with front.connect("api.example", alpn=["h2"]) as connection:
        client = h2.connection.H2Connection(
            h2.config.H2Configuration(header_encoding=None, validate_outbound_headers=False)
        )
        client.initiate_connection()
        sent = [(":method", "GET"), (":scheme", "https"), (":authority", "api.example"), (":path", "/x"), *headers]
        client.send_headers(1, sent, end_stream=True)
        connection.sendall(client.data_to_send())
        deadline = time.monotonic() + 5
        while not front.around.broken and time.monotonic() < deadline:
            time.sleep(0.02)

    (told,) = front.around.broken
    assert told["status"] == status
    assert told["url"].startswith("https://api.example")
    assert reason in told["reason"]
    assert front.around.refused == []


def test_a_proxy_that_is_none_is_out_of_reach(front: Running) -> None:
    assert front.say(b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 502 ")
    assert ["CONNECT 127.0.0.1:1" in each["reason"] for each in front.around.refused] == [True]


def test_settling_reports_what_has_said_nothing_yet(front: Running) -> None:
    with front.connect() as connection:
        began = time.monotonic()
        front.settle()
        assert time.monotonic() - began < 1
        assert [each["protocol"] for each in front.around.refused] == [
            "a protocol in which the server speaks first (MySQL, SMTP, FTP)"
        ]
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_settling_waits_for_what_is_being_reported_and_lets_others_be(front: Running) -> None:
    with front.connect() as asks_on:
        asks_on.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        first = b""
        while not first.endswith(b"\r\n\r\nhi"):
            first += asks_on.recv(1000)
        for number in range(20):
            with front.connect() as connection:
                connection.sendall(b"\xff%d" % number)
        front.settle()
        assert len(front.around.refused) == 20
        asks_on.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert asks_on.recv(1000).startswith(b"HTTP/1.1 200")


def test_nothing_is_reported_of_a_connection_that_was_forgotten(front: Running) -> None:
    with front.connect() as connection:
        connection.sendall(HEAD)
        time.sleep(0.2)
        front.forget()
        connection.close()
        time.sleep(0.2)

    assert (front.around.broken, front.around.refused) == ([], [])
