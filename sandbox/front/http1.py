"""HTTP/1.1 as it is on the wire: heads are kept byte by byte, bodies are framed and passed on as they come.

A library would refuse, or tidy up, what a real server gets to see: raw UTF-8 and braces in a target, a method of
somebody's own, a header in Latin-1. What is refused here is only what cannot be told apart at all. Framing is that of
RFC 9112, section 6.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Self

END = b"\r\n\r\n"
LARGEST_HEAD = 256 * 1024
_CHUNK = 64 * 1024
_REQUEST_LINE = re.compile(rb"([^ \r\n]+) (.*) (HTTP/\d\.\d)", re.DOTALL)
# Targets that WireMock's server reads, and its proxy passes on, as they were sent. Not so: other characters, half an escape,
# dots, NUL and DEL in disguise, dot segments, empty segments, an empty query, and WireMock's own ``/__admin``.
_CHARACTER = rb"[A-Za-z0-9\-._~:@!$&'()*+,;=]|%(?!2[eE]|00|7[fF])[0-9A-Fa-f]{2}"
_SEGMENT = rb"(?!\.{1,2}(?:[/?;]|$))(?:%b)+" % _CHARACTER
_PLAIN = re.compile(rb"/(?!__admin)(?:%b(?:/%b)*/?)?(?:\?(?:%b|[/?\[\]])+)?" % (_SEGMENT, _SEGMENT, _CHARACTER))
_PLAIN_METHODS = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE"))
# What a body begins with that WireMock unpacks, whatever its headers say.
_GZIP = b"\x1f\x8b"
# Types of content that it reads as it stands, and those that Java knows the charset of.
_PLAIN_TYPE = re.compile(
    rb"(?!multipart/)[^;]*(?:;(?! *charset)[^;]*|; *charset=\"?(?:utf-8|us-ascii|iso-8859-1)\"? *)*"
)
_FORM = b"application/x-www-form-urlencoded"
_PLAIN_FORM = re.compile(rb"(?:[!-$&-~]|%[0-9A-Fa-f]{2})*")
# Of a larger body, more counts that it is streamed.
_LARGEST_WHOLE = 1_000_000
_ORIGIN = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")
_NO_BODY = frozenset((204, 304))
_HEX = frozenset(b"0123456789abcdefABCDEF")


class MessageError(Exception):
    """It is not an HTTP message."""


@dataclass
class Head:
    """The head of a message.

    Args:
        start: The request line or the status line.
        fields: The header lines, in order: name and value, without the space around the value.
    """

    start: bytes
    fields: list[tuple[bytes, bytes]]

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Take a head apart.

        Raises:
            MessageError: A line of it is not a header.
        """
        start, *lines = raw.lstrip(b"\r\n").removesuffix(END).split(b"\r\n")
        fields = []
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon or not name or name != name.strip():
                message = f"the header line {line[:100]!r} has no name"
                raise MessageError(message)
            fields.append((name, value.strip(b" \t")))
        return cls(start, fields)

    def first(self, name: bytes) -> bytes:
        """The first value of a header, in lower case; empty without one."""
        return next((value.lower() for each, value in self.fields if each.lower() == name), b"")

    def tokens(self, name: bytes) -> set[bytes]:
        """The comma-separated words of a header, in lower case."""
        values = (value for each, value in self.fields if each.lower() == name)
        return {word.strip().lower() for value in values for word in value.split(b",")}

    def to_bytes(self, start: bytes | None = None) -> bytes:
        """The head as it goes over the wire, with another first line if there is one."""
        return b"\r\n".join([start or self.start, *(name + b": " + value for name, value in self.fields)]) + END

    @property
    def length(self) -> int | None:
        """What the message says of its length; None where it says nothing.

        Raises:
            MessageError: It is not a number.
        """
        stated = self.first(b"content-length")
        if not stated:
            return None
        if not stated.isdigit():
            message = f"Content-Length is {stated[:40]!r}"
            raise MessageError(message)
        return int(stated)

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return b"chunked" in self.tokens(b"transfer-encoding")


@dataclass
class Request(Head):
    """The head of a request."""

    @property
    def parts(self) -> tuple[bytes, bytes, bytes]:
        """Method, target and version.

        Raises:
            MessageError: It is not a request line.
        """
        found = _REQUEST_LINE.fullmatch(self.start)
        if found is None:
            message = f"the request line {self.start[:100]!r} is not one of HTTP/1"
            raise MessageError(message)
        return found[1], found[2], found[3]

    @property
    def is_plain(self) -> bool:
        """Whether WireMock reads the request, and passes it on, as it was sent.

        It unpacks a compressed body, fails on a form that is not one, cannot keep a charset that Java does not know, reads a
        header as Latin-1 and writes it as UTF-8, and adds to what it passes on which client and which type of content it
        believes in, where the request does not say.
        """
        method, target, _ = self.parts
        if method not in _PLAIN_METHODS or not _PLAIN.fullmatch(_ORIGIN.sub(b"", target)):
            return False
        if (self.length or 0) > _LARGEST_WHOLE:
            return True
        names = {name.lower() for name, _ in self.fields}
        has_body = self.is_chunked or bool(self.length)
        return (
            b"user-agent" in names
            and b"content-encoding" not in names
            and (b"content-type" in names or not has_body)
            and _PLAIN_TYPE.fullmatch(self.first(b"content-type")) is not None
            and not (self.is_chunked and self.first(b"content-type").startswith(_FORM))
            and all(value.isascii() for _, value in self.fields)
        )

    @property
    def is_body_looked_at(self) -> bool:
        """Whether it has a body that is small enough to look at it first."""
        return 0 < (self.length or 0) <= _LARGEST_WHOLE

    def has_plain(self, body: bytes) -> bool:
        """Whether WireMock reads this body as it is, and does not fail on it."""
        is_form = self.first(b"content-type").startswith(_FORM)
        return not body.startswith(_GZIP) and not (is_form and not _PLAIN_FORM.fullmatch(body))

    def stays_open(self) -> bool:
        """Whether the client wants another request on the same connection."""
        words = self.tokens(b"connection")
        return b"keep-alive" in words if self.parts[2] == b"HTTP/1.0" else b"close" not in words


@dataclass
class Response(Head):
    """The head of a response."""

    @property
    def status(self) -> int:
        """The status code.

        Raises:
            MessageError: It is not a status line.
        """
        version, _, rest = self.start.partition(b" ")
        code = rest[:3]
        if not version.startswith(b"HTTP/") or not code.isdigit():
            message = f"the status line is {self.start[:100]!r}"
            raise MessageError(message)
        return int(code)

    def has_body(self, method: bytes) -> bool:
        """Whether a body follows, to a request with this method."""
        return method != b"HEAD" and self.status >= 200 and self.status not in _NO_BODY  # noqa: PLR2004 # 1xx have none

    def stays_open(self, method: bytes) -> bool:
        """Whether the connection can be used again after it."""
        ends_with_connection = self.has_body(method) and self.length is None and not self.is_chunked
        words = self.tokens(b"connection")
        keeps = b"keep-alive" in words if self.start.startswith(b"HTTP/1.0") else b"close" not in words
        return keeps and not ends_with_connection


async def copy_body(head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_end: bool) -> None:
    """Pass a body on as it comes.

    Args:
        head: The head that came before it.
        reader: Where it comes from.
        writer: Where it goes.
        to_end: Whether a body without a length goes to the end of the connection, as in a response.

    Raises:
        asyncio.IncompleteReadError: It ended early; what came of it was passed on.
        MessageError: A chunk is not one; what came so far was passed on.
    """
    if head.is_chunked:
        await _copy_chunks(reader, writer)
    elif (length := head.length) is not None:
        await _copy(reader, writer, length)
    elif to_end:
        await copy_to_end(reader, writer)


async def copy_to_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, up to the end of the connection."""
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


def _chunk_size(line: bytes) -> int:
    """The size of a chunk, in the line before it.

    Raises:
        MessageError: There is none.
    """
    size = line.partition(b";")[0].strip()
    if not size or not _HEX.issuperset(size):
        message = f"the size of a chunk is {size[:40]!r}"
        raise MessageError(message)
    return int(size, 16)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int) -> None:
    while count:
        data = await reader.read(min(count, _CHUNK))
        if not data:
            raise asyncio.IncompleteReadError(b"", count)
        count -= len(data)
        writer.write(data)
        await writer.drain()


async def _copy_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        line = await reader.readline()
        writer.write(line)
        await writer.drain()
        size = _chunk_size(line)
        if size == 0:
            break
        await _copy(reader, writer, size + 2)
    # Trailers, up to an empty line.
    while True:
        line = await reader.readline()
        writer.write(line)
        if line in (b"\r\n", b"\n", b""):
            break
    await writer.drain()


async def read_body(head: Head, reader: asyncio.StreamReader, *, to_end: bool) -> bytes:
    """A body, without its framing.

    Args:
        head: The head that came before it.
        reader: Where it comes from.
        to_end: Whether a body without a length goes to the end of the connection, as in a response.

    Raises:
        asyncio.IncompleteReadError: It ended early.
        MessageError: A chunk is not one.
    """
    if head.is_chunked:
        chunks = []
        while size := _chunk_size(await reader.readline()):
            chunks.append(await reader.readexactly(size))
            await reader.readexactly(2)
        while (await reader.readline()).strip():
            pass
        return b"".join(chunks)
    if (length := head.length) is not None:
        return await reader.readexactly(length)
    return await reader.read() if to_end else b""
