"""What a client says over HTTP/1.1 reaches WireMock byte by byte, and what WireMock does reaches the client."""

from __future__ import annotations

import base64
import re
import socket
from typing import TYPE_CHECKING

import pytest

from .factories import run_front

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .factories import Running


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Running]:
    with run_front(tmp_path) as running:
        yield running


def up_to(connection: socket.socket, end: bytes) -> bool:
    """Whether what comes, as far as it comes, ends so."""
    received = b""
    while not received.endswith(end):
        more = connection.recv(1000)
        if not more:
            return False
        received += more
    return True


TARGETS = [
    b"/x?a=1&a=2",
    b'/{}|^`"<>\\',
    b"/?a=%",
    b"/%zz/%u0041",
    "/é/日本".encode(),
    b"/a/../b/./c//d",
    b"/%2e%2e/%2F/%0A",
    b"/x;y=1?b?c",
]


# These go through WireMock unchanged.
PLAIN = [b"/x?a=1&a=2", b"/x;y=1?b?c"]
FROM = b"User-Agent: things/1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
ODD_REQUESTS = [
    b"POST /x HTTP/1.1\r\n" + FROM + FORM + b"Content-Length: 4\r\n\r\na=%z",
    b"POST /x HTTP/1.1\r\n" + FROM + FORM + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"POST /x HTTP/1.1\r\n" + FROM + b"Content-Type: a/b; charset=nothing\r\nContent-Length: 1\r\n\r\na",
    b"POST /x HTTP/1.1\r\n" + FROM + b"Content-Type: multipart/form-data\r\nContent-Length: 1\r\n\r\na",
    b"GET /x HTTP/1.1\r\n\r\n",  # WireMock would name itself
    b"get /x HTTP/1.1\r\n" + FROM + b"\r\n",
    b"M-SEARCH /x HTTP/1.1\r\n" + FROM + b"\r\n",
    b"GET /x? HTTP/1.1\r\n" + FROM + b"\r\n",
    b"GET /x/.. HTTP/1.1\r\n" + FROM + b"\r\n",
    b"GET /..;/x HTTP/1.1\r\n" + FROM + b"\r\n",
    b"GET /__admin/mappings HTTP/1.1\r\n" + FROM + b"\r\n",
    b"GET https://api.example//x HTTP/1.1\r\n" + FROM + b"\r\n",
    b"GET /x HTTP/1.1\r\n" + FROM + b"X-City: Z\xfcrich\r\n\r\n",
    b"POST /x HTTP/1.1\r\n" + FROM + b"Content-Length: 1\r\n\r\na",
    b"POST /x HTTP/1.1\r\n" + FROM + b"Content-Type: a/b\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na",
    b"POST /x HTTP/1.1\r\n" + FROM + b"Content-Type: a/b\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
]
USUAL_REQUESTS = [
    b"POST /x HTTP/1.1\r\n" + FROM + FORM + b"Content-Length: 9\r\n\r\na=%7B&b=+",
    b"POST /x HTTP/1.1\r\n" + FROM + b"Content-Type: a/b; c=d; charset=UTF-8; q=1\r\nContent-Length: 1\r\n\r\na",
    b"GET /x/.y/...?a=/../b&c[d]=e HTTP/1.1\r\n" + FROM + b"\r\n",
    b"HEAD https://api.example/x HTTP/1.1\r\n" + FROM + b"\r\n",
    b"POST / HTTP/1.1\r\n" + FROM + b"Content-Type: a/b\r\nContent-Length: 1\r\n\r\na",
    b"POST / HTTP/1.1\r\n" + FROM + b"Content-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"DELETE /x HTTP/1.1\r\n" + FROM + b"Content-Length: 0\r\n\r\n",
]


@pytest.mark.parametrize("request_", [*ODD_REQUESTS, *USUAL_REQUESTS], ids=repr)
def test_what_wiremock_would_change_goes_to_the_test_process(front: Running, request_: bytes) -> None:
    front.around.test_process = {"status": 204, "headers": [], "body": ""}
    front.say(request_.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n", 1))

    is_odd = request_ in ODD_REQUESTS
    assert (len(front.around.direct), len(front.around.seen)) == (int(is_odd), int(not is_odd))


def test_a_host_that_is_not_ascii_is_the_one_that_was_connected_to(front: Running) -> None:
    front.say(b"GET /x HTTP/1.1\r\nHost: b\xfccher.example\r\nConnection: close\r\n\r\n", "xn--bcher-kva.example")

    assert [each.line for each in front.around.seen] == [
        b"GET https://xn--bcher-kva.example:%d/x HTTP/1.1" % front.port
    ]


@pytest.mark.parametrize("target", TARGETS, ids=repr)
def test_a_target_arrives_as_it_was_sent(front: Running, target: bytes) -> None:
    front.say(b"GET " + target + b" HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n", "api.example")

    assert [each.line for each in front.around.seen] == [b"GET https://api.example" + target + b" HTTP/1.1"]


@pytest.mark.parametrize("target", TARGETS, ids=repr)
def test_the_test_process_answers_what_wiremock_cannot_read(front: Running, target: bytes) -> None:
    front.around.test_process = {"status": 201, "headers": [["X-A", "é"]], "body": base64.b64encode(b"mine").decode()}
    answer = front.say(
        b"POST " + target + b" HTTP/1.1\r\nHost: api.example\r\nUser-Agent: things/1\r\nContent-Type: text/plain\r\n"
        b"Content-Length: 3\r\nConnection: close\r\n\r\nabc",
        "api.example",
    )

    if target in PLAIN:
        assert (len(front.around.seen), front.around.direct) == (1, [])
        return
    (asked,) = front.around.direct
    assert front.around.seen == []
    quoted = re.sub(rb"[\x80-\xff]", lambda byte: b"%%%02X" % byte[0][0], target)
    assert (asked["method"], asked["url"].encode()) == ("POST", b"https://api.example" + quoted)
    assert asked["target"].encode("latin-1") == target
    assert base64.b64decode(asked["body"]) == b"abc"
    assert answer == b"HTTP/1.1 201 Created\r\nX-A: \xe9\r\nContent-Length: 4\r\n\r\nmine"


@pytest.mark.parametrize(
    "framing", ["Content-Length: 5\r\n\r\nabcde", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"]
)
def test_without_a_test_process_wiremock_gets_it_whole(front: Running, framing: str) -> None:
    front.say(f"POST /{{x}} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{framing}".encode())

    assert [(each.line, each.body) for each in front.around.seen] == [(b"POST http://a/{x} HTTP/1.1", b"abcde")]


@pytest.mark.parametrize(
    ("host", "header", "expected"),
    [
        (None, b"Host: api.example:8080\r\n", b"http://api.example:8080/"),
        (None, b"Host: api.example\r\n", b"http://api.example/"),
        ("a_b.example", b"Host: a_b.example\r\n", b"https://a_b.example/"),
        ("api.example.", b"Host: api.example.\r\n", b"https://api.example./"),
        ("xn--bcher-kva.example", b"", b"https://xn--bcher-kva.example"),
        ("api.example", b"Host: another.example\r\n", b"https://another.example/"),
    ],
)
def test_the_url_is_what_the_client_means(front: Running, host: str | None, header: bytes, expected: bytes) -> None:
    front.say(b"GET / HTTP/1.1\r\n" + header + b"Connection: close\r\n\r\n", host)

    assert front.around.seen[0].line.split(b" ")[1].startswith(expected)


def test_headers_arrive_in_order_with_their_case_and_bytes(front: Running) -> None:
    sent = "X-B: é\r\nx-a:1\r\nX-B:  two  \r\nX-Empty:\r\n".encode()
    front.say(b"FETCH /x HTTP/1.1\r\nHost: api.example\r\n" + sent + b"Connection: close\r\n\r\n")

    (seen,) = front.around.seen
    assert seen.line == b"FETCH http://api.example/x HTTP/1.1"
    assert seen.headers == [
        ("Host", "api.example"),
        ("X-B", "é".encode().decode("latin-1")),
        ("x-a", "1"),
        ("X-B", "two"),
        ("X-Empty", ""),
        ("Connection", "close"),
    ]


def test_bodies_of_either_framing_arrive_and_the_connection_goes_on(front: Running) -> None:
    large = bytes(range(256)) * 3900
    with front.connect("api.example") as connection:
        for head, sent in [
            (f"Content-Length: {len(large)}", large),
            ("Transfer-Encoding: chunked", b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
            ("Content-Length: 0", b""),
        ]:
            connection.sendall(f"POST /x HTTP/1.1\r\nHost: api.example\r\n{head}\r\n\r\n".encode() + sent)
            assert up_to(connection, b"hi")

    assert [each.body for each in front.around.seen] == [large, b"abcde", b""]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-\xe9: \xc3\xa9\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: CLOSE\r\n\r\nup to the end",
        b"HTTP/1.1 200 OK\r\nX: CLOSE\r\nContent-Length: 10\r\n\r\nshort",
        b"CLOSE this is not HTTP",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nCLOSE not a chunk",
        b"",
    ],
    ids=lambda answer: repr(answer)[:60],
)
def test_an_answer_arrives_as_it_was_given(front: Running, answer: bytes) -> None:
    front.around.answers.append(answer)

    assert front.say(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") == answer


def test_an_answer_to_head_has_its_length_and_no_body(front: Running) -> None:
    front.around.answers += [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"]
    with front.connect() as connection:
        connection.sendall(b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert up_to(connection, b"Content-Length: 100\r\n\r\n")
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert up_to(connection, b"hi")


def test_a_websocket_is_refused_by_name(front: Running) -> None:
    head = b"GET /live HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    assert front.say(head, "a.example").startswith(b"HTTP/1.1 501")
    assert [(each["host"], each["protocol"], each["reason"]) for each in front.around.refused] == [
        ("a.example", "WebSocket", "/live")
    ]


def test_it_answers_on_the_loopback_where_it_is_told_to(front: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    front.answer_on_loopback({port})
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"GET /x HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        assert up_to(connection, b"hi")
    front.answer_on_loopback(set())

    assert [each.line for each in front.around.seen] == [f"GET http://localhost:{port}/x HTTP/1.1".encode()]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_port_of_the_loopback_that_is_taken_is_its_owners(front: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        front.answer_on_loopback({port})
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            taken.accept()[0].close()
