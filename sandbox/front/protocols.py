"""Recognises by its first bytes what a client speaks that is not HTTP, so that a person reads a name and not bytes.

Sources: the protocols' own specifications; PostgreSQL, "Message Formats" (StartupMessage, SSLRequest); Apache Kafka,
"Protocol" (request header); MongoDB, "Wire Protocol"; Redis, "RESP"; AMQP 0-9-1 and 1.0 (protocol header); MQTT 3.1.1,
3.1 (CONNECT); RFC 4253, 4.2 (SSH).
"""

from __future__ import annotations

import re

# What a record of TLS begins with: handshake, and the major version that all of TLS has kept.
_TLS = b"\x16\x03"
TLS_BYTES = len(_TLS)
_POSTGRES = frozenset((196608, 80877103, 80877102, 80877104))  # 3.0, SSLRequest, CancelRequest, GSSENCRequest
_MONGO = frozenset((2004, 2012, 2013))  # OP_QUERY, OP_COMPRESSED, OP_MSG
_LARGEST_KAFKA_KEY = 100
# What calls itself HTTP, or begins as nothing else does, is HTTP, however wrong the rest of the line is.
_REQUEST_LINE = re.compile(rb".+ HTTP/\d.*|(GET|HEAD|POST|PUT|PATCH|DELETE)[ \t].*", re.DOTALL)
_BEGINNING = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+( |$)")
_LDAP_SEQUENCE = 0x30


def is_tls(first: bytes) -> bool:
    """Whether a TLS handshake begins so."""
    return first.startswith(_TLS)


def looks_like_http(first: bytes) -> bool:
    """Whether this is a request line of HTTP, or may become one."""
    line, newline, _ = first.lstrip(b"\r\n").partition(b"\n")
    return (_REQUEST_LINE.fullmatch(line) if newline else _BEGINNING.match(line)) is not None


def name(first: bytes) -> str:  # noqa: PLR0911 # one for each
    """What speaks so; empty where that is not known.

    Args:
        first: The first bytes that the client sent; empty where it waits for the server to speak first.
    """
    if not first:
        return "a protocol in which the server speaks first (MySQL, SMTP, FTP)"
    if first.startswith(b"SSH-"):
        return "SSH"
    if first.startswith(b"AMQP"):
        return "AMQP (RabbitMQ)"
    if re.match(rb"\*\d+\r\n\$\d+\r\n", first):
        return "Redis"
    if re.match(rb"\x10[\x00-\xff]{1,4}\x00\x04MQTT", first):
        return "MQTT"
    if len(first) >= 8 and int.from_bytes(first[4:8], "big") in _POSTGRES:  # noqa: PLR2004 # two words
        return "PostgreSQL"
    if len(first) >= 16 and int.from_bytes(first[12:16], "little") in _MONGO:  # noqa: PLR2004 # four words
        return "MongoDB"
    if len(first) >= 8 and first[0] == 0 and int.from_bytes(first[4:6], "big") < _LARGEST_KAFKA_KEY:  # noqa: PLR2004 # two words
        return "Kafka"
    if first[0] == _LDAP_SEQUENCE:
        return "LDAP"
    return ""
