"""What is not HTTP is recognised by its first bytes, refused at once, and told."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from sandbox.front import protocols

from .factories import HOST, run_front

if TYPE_CHECKING:
    from pathlib import Path

FIRST = {
    "PostgreSQL": bytes([0, 0, 0, 8, 4, 210, 22, 47]),
    "Kafka": bytes([0, 0, 0, 40, 0, 18, 0, 3, 0, 0, 0, 1]) + b"\0\7rdkafka",
    "MongoDB": bytes([60, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]) + (2013).to_bytes(4, "little") + b"\0" * 20,
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "AMQP (RabbitMQ)": b"AMQP\0\0\x09\1",
    "MQTT": b"\x10\x0c\0\4MQTT\4\2\0\x3c\0\0",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "LDAP": bytes.fromhex("300c020101600702010304008000"),
    "": b"\xff\xfe\xfd\xfc",
}
# What looks like HTTP at first.
ALIKE = [b"get key\r\n", b"set k 0 0 1\r\nx\r\n", b"NICK a\r\n", b"OPTIONS sip:a SIP/2.0\r\n\r\n"]


@pytest.mark.parametrize("first", ALIKE)
def test_a_line_of_another_protocol_is_not_http(tmp_path: Path, first: bytes) -> None:
    with run_front(tmp_path) as front:
        assert front.say(first) == b""

    assert [each["protocol"] for each in front.around.refused] == [""]


@pytest.mark.parametrize(
    "pieces", [[b"G", b"ET /x HTTP/1.1\r\nHost: a\r\n\r\n"], [b"\r\nGET /x HT", b"TP/1.1\r\nHost: a\r\n\r\n"]]
)
def test_a_request_line_may_come_in_pieces(tmp_path: Path, pieces: list[bytes]) -> None:
    with run_front(tmp_path) as front, front.connect() as connection:
        for each in pieces:
            connection.sendall(each)
            time.sleep(0.1)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("protocol", FIRST)
def test_it_has_a_name(protocol: str) -> None:
    assert protocols.name(FIRST[protocol]) == protocol
    assert not protocols.looks_like_http(FIRST[protocol])
    assert not protocols.is_tls(FIRST[protocol])


@pytest.mark.parametrize("host", [None, "db.example"])
def test_it_is_refused_at_once_and_told(tmp_path: Path, host: str | None) -> None:
    with run_front(tmp_path) as front:
        for protocol, first in FIRST.items():
            began = time.monotonic()
            assert front.say(first, host) == b""
            assert time.monotonic() - began < 1.5, protocol

    ending = " over TLS" if host else ""
    assert [each["protocol"] for each in front.around.refused] == [f"{protocol}{ending}" for protocol in FIRST]
    assert {each["host"] for each in front.around.refused} == {host or HOST}


@pytest.mark.parametrize("host", [None, "mail.example"])
def test_who_waits_for_the_server_to_speak_is_refused_after_a_while(tmp_path: Path, host: str | None) -> None:
    with run_front(tmp_path) as front:
        assert front.say(b"", host) == b""

    assert front.around.refused[0]["protocol"].startswith("a protocol in which the server speaks first")


def test_who_hangs_up_without_a_word_is_told_of(tmp_path: Path) -> None:
    with run_front(tmp_path) as front:
        socket.create_connection((HOST, front.port)).close()
        deadline = time.monotonic() + 5
        while not front.around.refused and time.monotonic() < deadline:
            time.sleep(0.01)

    assert [each["reason"] for each in front.around.refused] == ["it connected, and sent nothing"]
