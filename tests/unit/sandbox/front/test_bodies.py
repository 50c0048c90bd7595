"""Bodies of requests reach WireMock whole up to a limit; past it, their length and hash do."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from harness.routes import request_bodies
from sandbox.front.bodies import LARGEST

from .factories import run_front
from .test_tls import h2_get, pseudo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .factories import Running

SIZES = [0, 1, LARGEST - 1, LARGEST, LARGEST + 1, 5 * LARGEST]
WAYS = ["length", "chunked", "http 2", "http 2 with a length"]


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Running]:
    with run_front(tmp_path) as running:
        yield running


def post(front: Running, way: str, body: bytes) -> None:
    if way.startswith("http 2"):
        stated = [("content-length", str(len(body)))] if "length" in way else []
        fields, _ = h2_get(front, [*pseudo("POST"), *stated], body)
        assert fields[b":status"] == b"200"
        return
    head = b"POST /x HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n"
    if way == "length":
        sent = b"Content-Length: %d\r\n\r\n" % len(body) + body
    else:
        chunks = [body[start : start + 70_000] for start in range(0, len(body), 70_000)]
        sent = b"Transfer-Encoding: chunked\r\n\r\n"
        sent += b"".join(b"%x;a=b\r\n%b\r\n" % (len(each), each) for each in chunks) + b"0\r\nX-Trailer: 1\r\n\r\n"
    assert front.say(head + sent, "api.example").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", WAYS)
def test_a_body_is_whole_up_to_the_limit_and_length_and_hash_past_it(front: Running, way: str, size: int) -> None:
    body = (bytes(range(251)) * (size // 251 + 1))[:size]
    post(front, way, body)

    (seen,) = front.around.seen
    told = {name.lower(): value for name, value in seen.headers}.get(request_bodies.HEADER.decode())
    if size <= LARGEST:
        assert (seen.body, told) == (body, None)
    else:
        framing = "chunked" if way == "chunked" else "length"
        assert (seen.body, told) == (b"", f"{size} {hashlib.sha256(body).hexdigest()} {framing}")


def test_the_limit_is_one(front: Running) -> None:
    assert front is not None
    assert request_bodies.LARGEST == LARGEST


def test_a_client_that_waits_for_100_is_told_to_go_on_once(front: Running) -> None:
    front.around.answers.append(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\n"
    with front.connect() as connection:
        connection.sendall(head)
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        received = b""
        while more := connection.recv(1000):
            received += more

    assert received == b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
    assert front.around.seen[0].body == b"abc"
