"""What an answer says of its end, beside itself, is done to the client's connection, and nobody sees that it was said."""

from __future__ import annotations

import base64
import contextlib
from typing import TYPE_CHECKING, Any

import h2.config
import h2.connection
import h2.events
import pytest

from .factories import run_front
from .test_tls import h2_get, pseudo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .factories import Running

# A target that WireMock reads, and one for the test process.
TARGETS = ["/x", "/{x}"]
# Without one, the test process answers.
AGENT = "things/1"


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Running]:
    with run_front(tmp_path) as running:
        yield running


def answers(front: Running, body: bytes, *headers: tuple[str, str], length: int | None = None) -> None:
    """Have WireMock and the test process answer so."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    stated = len(body) if length is None else length
    front.around.answers = [f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {stated}\r\n\r\n".encode() + body] * 9
    encoded = base64.b64encode(body).decode()
    front.around.test_process = {"status": 200, "headers": [list(pair) for pair in headers], "body": encoded}


def say(front: Running, method: str, target: str) -> bytes:
    return front.say(
        f"{method} {target} HTTP/1.1\r\nHost: a\r\nUser-Agent: {AGENT}\r\nConnection: close\r\n\r\n".encode()
    )


def over_http_2(front: Running, method: str, target: str) -> dict[str, Any]:
    """The length that is stated, what comes, and how it ends."""
    found: dict[str, Any] = {"length": None, "body": b"", "end": "connection"}
    with front.connect("api.example", alpn=["h2"]) as connection:
        client = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
        client.initiate_connection()
        client.send_headers(1, [*pseudo(method, target), ("user-agent", AGENT)], end_stream=True)
        connection.sendall(client.data_to_send())
        while found["end"] == "connection":
            try:
                data = connection.recv(65536)
            except OSError:
                break
            if not data:
                break
            for event in client.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    fields = dict(event.headers)
                    assert not any(name.startswith(b"x-ocean") for name in fields)
                    found["length"] = fields.get(b"content-length")
                elif isinstance(event, h2.events.DataReceived):
                    found["body"] += event.data
                elif isinstance(event, h2.events.StreamReset):
                    found["end"] = "reset"
                elif isinstance(event, h2.events.StreamEnded):
                    found["end"] = "stream"
            with contextlib.suppress(OSError):  # it is gone by now
                connection.sendall(client.data_to_send())
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_a_length_that_is_stated_is_sent_to_head_and_to_no_other(front: Running, target: str) -> None:
    answers(front, b"abc", ("X-Ocean-Sandbox-Length", "500"))
    # To HEAD, WireMock states the length of the body that it would send.
    answer = say(front, "HEAD", target)
    assert b"Content-Length: 500\r\n" in answer
    assert b"ocean" not in answer.lower()
    assert over_http_2(front, "HEAD", target) == {"length": b"500", "body": b"", "end": "stream"}
    assert say(front, "GET", target).endswith(b"Content-Length: 3\r\n\r\nabc")


@pytest.mark.parametrize("target", TARGETS)
def test_without_one_head_has_the_length_of_get(front: Running, target: str) -> None:
    answers(front, b"abc")
    assert b"Content-Length: 3\r\n" in say(front, "HEAD", target)
    assert over_http_2(front, "HEAD", target) == {"length": b"3", "body": b"", "end": "stream"}


@pytest.mark.parametrize("target", TARGETS)
def test_an_answer_may_stop_short(front: Running, target: str) -> None:
    answers(front, b"abc", ("x-ocean-sandbox-length", "10 truncated"))
    assert say(front, "GET", target).endswith(b"Content-Length: 10\r\n\r\nabc")
    assert over_http_2(front, "GET", target) == {"length": b"10", "body": b"abc", "end": "reset"}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("fault", ["connection_reset", "empty", "garbage"])
def test_a_fault_breaks_the_connection(front: Running, target: str, fault: str) -> None:
    answers(front, b"abc", ("X-Ocean-Sandbox-Fault", fault))
    with front.connect() as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\nUser-Agent: {AGENT}\r\n\r\n".encode())
        if fault == "connection_reset":
            with pytest.raises(ConnectionResetError):
                connection.recv(1000)
        else:
            received = connection.recv(1000)
            assert bool(received) == (fault == "garbage")
            assert not received.startswith(b"HTTP/")
    found = over_http_2(front, "GET", target)
    assert (found["body"], found["end"]) == (b"", "reset" if fault == "empty" else "connection")


def test_an_answer_of_wiremock_that_stops_short_does_so_over_http_2(front: Running) -> None:
    answers(front, b"abc CLOSE", length=50)
    found = over_http_2(front, "GET", "/x")
    assert (found["length"], found["body"], found["end"]) == (b"50", b"abc CLOSE", "reset")


def test_a_large_answer_passes_as_it_comes(front: Running) -> None:
    body = bytes(range(256)) * 80_000
    answers(front, body)
    fields, received = h2_get(front, pseudo())
    assert (fields[b"content-length"], received == body) == (str(len(body)).encode(), True)
