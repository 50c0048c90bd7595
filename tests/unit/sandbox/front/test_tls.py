"""TLS for any host: strictly verified, one certificate for each, and refused by whoever trusts something else."""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.events
import pytest

from .factories import HOST, run_front

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .factories import Running


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Running]:
    with run_front(tmp_path) as running:
        yield running


@pytest.mark.parametrize("host", ["api.example", "a_b.example", "xn--bcher-kva.example", "a" * 60 + ".example.org"])
def test_a_certificate_is_for_the_host_that_is_asked_for(front: Running, host: str) -> None:
    with front.connect(host) as connection:
        assert isinstance(connection, ssl.SSLSocket)
        certificate = connection.getpeercert()

    assert certificate is not None
    assert certificate["subjectAltName"] == (("DNS", host),)


def test_without_a_name_it_is_for_the_address(front: Running) -> None:
    with front.connect(HOST) as connection:
        assert isinstance(connection, ssl.SSLSocket)
        certificate = connection.getpeercert()

    assert certificate is not None
    assert certificate["subjectAltName"] == (("IP Address", HOST),)


def test_a_client_that_trusts_something_else_fails_and_is_told_of(front: Running) -> None:
    plain = socket.create_connection((HOST, front.port), timeout=10)
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(plain, server_hostname="api.example")
    plain.close()

    deadline = time.monotonic() + 5
    while not front.around.refused and time.monotonic() < deadline:
        time.sleep(0.01)
    assert front.around.seen == []
    assert [each["protocol"] for each in front.around.refused] == ["TLS"]
    assert "the handshake failed" in front.around.refused[0]["reason"]


def test_a_client_that_hangs_up_in_the_handshake_is_told_in_words(front: Running) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="api.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with front.connect() as connection:
        connection.sendall(outgoing.read())
        connection.recv(65536)
    deadline = time.monotonic() + 10
    while not front.around.refused and time.monotonic() < deadline:
        time.sleep(0.01)

    (refused,) = front.around.refused
    assert (refused["host"], refused["protocol"]) == ("127.0.0.1", "TLS")
    assert refused["reason"].endswith("the client hung up, as one does that does not trust the certificate")


def h2_get(
    front: Running, headers: list[tuple[str, str]], body: bytes = b"", *, ends: bool = True
) -> tuple[dict[bytes, bytes], bytes]:
    """What comes back over HTTP/2."""
    with front.connect("api.example", alpn=["h2"]) as connection:
        assert isinstance(connection, ssl.SSLSocket)
        assert connection.selected_alpn_protocol() == "h2"
        client = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
        client.initiate_connection()
        client.send_headers(1, headers, end_stream=not body)
        connection.sendall(client.data_to_send())
        sent = 0
        fields: dict[bytes, bytes] = {}
        received = b""
        while True:
            while sent < len(body):
                size = min(client.local_flow_control_window(1), client.max_outbound_frame_size, len(body) - sent)
                if not size:
                    break
                client.send_data(1, body[sent : sent + size], end_stream=ends and sent + size == len(body))
                sent += size
            connection.sendall(client.data_to_send())
            for event in client.receive_data(connection.recv(65536)):
                if isinstance(event, h2.events.ResponseReceived):
                    fields = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    received += event.data
                    client.acknowledge_received_data(event.flow_controlled_length, 1)
                elif isinstance(event, h2.events.StreamReset):
                    pytest.fail(f"reset: {event}")
                elif isinstance(event, h2.events.StreamEnded):
                    return fields, received


def pseudo(method: str = "GET", path: str = "/x") -> list[tuple[str, str]]:
    return [(":method", method), (":scheme", "https"), (":authority", "api.example"), (":path", path)]


def test_http_2_is_answered_as_http_1_is(front: Running) -> None:
    front.around.answers.append(
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\nConnection: keep-alive\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000
    )
    body = bytes(range(256)) * 1000
    fields, received = h2_get(
        front, [*pseudo("POST", "/x?a=%7B"), ("x-b", "2"), ("cookie", "a=1"), ("cookie", "b=2")], body
    )

    (seen,) = front.around.seen
    assert seen.line == b"POST https://api.example/x?a=%7B HTTP/1.1"
    assert dict(seen.headers) == {
        "host": "api.example",
        "x-b": "2",
        "cookie": "a=1; b=2",
        "content-length": str(len(body)),
    }
    assert seen.body == body
    assert fields[b":status"] == b"200"
    assert fields[b"x-a"] == b"1"
    assert b"connection" not in fields
    assert received == b"x" * 300_000


def test_an_answer_that_fails_ends_its_stream_and_no_other(front: Running) -> None:
    front.around.answers += [b"CLOSE not HTTP"]
    with pytest.raises(pytest.fail.Exception, match="reset: "):
        h2_get(front, pseudo())
    fields, _ = h2_get(front, pseudo())

    assert fields[b":status"] == b"200"


@pytest.mark.parametrize("ends", [True, False])
def test_grpc_is_refused_by_name(front: Running, *, ends: bool) -> None:
    fields, _ = h2_get(
        front, [*pseudo("POST", "/pkg.Things/List"), ("content-type", "application/grpc")], b"\0\0\0\0\0", ends=ends
    )

    assert (fields[b":status"], fields[b"grpc-status"]) == (b"200", b"12")
    assert b"/pkg.Things/List" in fields[b"grpc-message"]
    assert [(each["host"], each["protocol"], each["reason"]) for each in front.around.refused] == [
        ("api.example", "gRPC", "/pkg.Things/List")
    ]
