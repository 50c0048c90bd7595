"""HTTP/1.1 as it is on the wire: heads are kept byte by byte, bodies are framed and passed on as they come.

A library would refuse, or tidy up, what a real server gets to see: raw UTF-8 and braces in a target, a method of
somebody's own, a header in Latin-1. What is refused here is only what cannot be told apart at all. Framing is that of
RFC 9112, section 6.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

END = b"\r\n\r\n"
LARGEST_HEAD = 256 * 1024
_TOO_LARGE = 431, f"the request's head is larger than {LARGEST_HEAD} bytes"
_CHUNK = 64 * 1024
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (.*) (HTTP/1\.[01])", re.DOTALL)
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What names a host and a port, in any way that a client may write it.
_HOST = re.compile(rb"[^\x00-\x20/?#@\\\x7f]*")
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
_ORIGIN = re.compile(rb"^[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")
_NO_BODY = frozenset((204, 304))
_FRAMING = frozenset((b"content-length", b"transfer-encoding"))
_LONGEST_NUMBER = 18  # digits
_HEX = frozenset(b"0123456789abcdefABCDEF")


class MessageError(Exception):
    """It is not an HTTP message."""


class BrokenHeadError(Exception):
    """What came is not the head of a request.

    Attributes:
        status: The status that HTTP has for it.
        reason: What is wrong with it.
        raw: What came.
    """

    def __init__(self, status: int, reason: str, raw: bytes) -> None:
        super().__init__(reason)
        self.status, self.reason, self.raw = status, reason, raw


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
        start, *lines = raw.strip(b"\r\n").replace(b"\r\n", b"\n").split(b"\n")
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

    def take(self, name: bytes) -> bytes:
        """The first value of a header, which is taken out; empty without one."""
        found = next((value for each, value in self.fields if each.lower() == name), b"")
        self.fields = [each for each in self.fields if each[0].lower() != name]
        return found

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
        if not stated.isdigit() or len(stated) > _LONGEST_NUMBER:
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

    def has_plain(self, body: bytes) -> bool:
        """Whether WireMock reads this body as it is, and does not fail on it."""
        is_form = self.first(b"content-type").startswith(_FORM)
        return not body.startswith(_GZIP) and not (is_form and not _PLAIN_FORM.fullmatch(body))

    def check(self) -> None:
        """See that it can be told what it asks, and of whom.

        Raises:
            MessageError: It cannot.
        """
        _ = self.parts, self.length
        lengths = {value for name, value in self.fields if name.lower() == b"content-length"}
        if len(lengths) > 1:
            message = f"it has several Content-Length headers: {b', '.join(sorted(lengths))[:200]!r}"
            raise MessageError(message)
        hosts = [value for name, value in self.fields if name.lower() == b"host"]
        if len(hosts) > 1:
            message = f"it has several Host headers: {b', '.join(hosts)[:200]!r}"
            raise MessageError(message)
        if hosts and not _HOST.fullmatch(hosts[0]):
            message = f"the Host header is {hosts[0][:200]!r}"
            raise MessageError(message)

    @classmethod
    def guess(cls, raw: bytes) -> Request:
        """What can be told of what is not a request, or not a whole one: method ``-`` and target ``/`` where there are none."""
        start, *lines = raw.strip(b"\r\n").replace(b"\r\n", b"\n").split(b"\n")
        method, _, rest = start.partition(b" ")
        target = rest.rpartition(b" HTTP/")[0] or rest.partition(b" ")[0]
        pairs = (line.partition(b":") for line in lines if line)
        fields = [(name, value.strip(b" \t")) for name, colon, value in pairs if colon and _METHOD.fullmatch(name)]
        return cls(b" ".join([method if _METHOD.fullmatch(method) else b"-", target or b"/", b"HTTP/1.1"]), fields)

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

    def state_length(self, length: int | None) -> None:
        """State this length, and nothing else about where the body ends."""
        self.fields = [each for each in self.fields if each[0].lower() not in _FRAMING]
        self.fields.append((b"Content-Length", b"%d" % (length or 0)))

    def stays_open(self, method: bytes) -> bool:
        """Whether the connection can be used again after it."""
        ends_with_connection = self.has_body(method) and self.length is None and not self.is_chunked
        words = self.tokens(b"connection")
        keeps = b"keep-alive" in words if self.start.startswith(b"HTTP/1.0") else b"close" not in words
        return keeps and not ends_with_connection


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """The head of a request, with the empty line that ends it; nothing where the client ends the connection before one.

    Raises:
        BrokenHeadError: There is none.
    """
    raw = b""
    while not raw or not raw.endswith((b"\n\r\n", b"\n\n")):
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as ended:
            if not (raw + ended.partial).strip():
                return b""
            reason = f"the request ends within its head: {(raw + ended.partial)[:100]!r}"
            raise BrokenHeadError(400, reason, raw + ended.partial) from None
        except asyncio.LimitOverrunError:
            raise BrokenHeadError(*_TOO_LARGE, raw + await reader.read(LARGEST_HEAD)) from None
        if not raw:
            if not line.strip():  # RFC 9112, 2.2: an empty line before a request is none of it
                continue
            start = line.rstrip(b"\r\n")
            if not _REQUEST_LINE.fullmatch(start):
                raise BrokenHeadError(400, f"the request line is {start[:200]!r}", line)
        raw += line
        if len(raw) > LARGEST_HEAD:
            raise BrokenHeadError(*_TOO_LARGE, raw)
    return raw


async def copy_to_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, up to the end of the connection."""
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


async def copy_body(head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass a response's body on as it comes, framing and all.

    Args:
        head: The head that came before it.
        reader: Where it comes from.
        writer: Where it goes.

    Raises:
        asyncio.IncompleteReadError: It ended early; what came of it was passed on.
        MessageError: A chunk is not one; what came so far was passed on.
    """
    if head.is_chunked:
        await _copy_chunks(reader, writer)
    elif (length := head.length) is not None:
        await _copy(reader, writer, length)
    else:
        await copy_to_end(reader, writer)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int) -> None:
    async for data in _counted(reader, count):
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


async def parts_of_body(head: Head, reader: asyncio.StreamReader, *, to_end: bool) -> AsyncIterator[bytes]:
    """A body as it comes, without its framing.

    Args:
        head: The head that came before it.
        reader: Where it comes from.
        to_end: Whether a body without a length goes to the end of the connection, as in a response.

    Raises:
        asyncio.IncompleteReadError: It ended early.
        MessageError: A chunk is not one.
    """
    if head.is_chunked:
        while size := _chunk_size(await _line(reader)):
            async for data in _counted(reader, size):
                yield data
            if await reader.readexactly(2) != b"\r\n":
                message = f"a chunk is longer than its size, {size}"
                raise MessageError(message)
        while (await _line(reader)).strip():
            pass
    elif (length := head.length) is not None:
        async for data in _counted(reader, length):
            yield data
    elif to_end:
        while data := await reader.read(_CHUNK):
            yield data


async def read_body(head: Head, reader: asyncio.StreamReader, *, to_end: bool) -> bytes:
    """All of a body; see :func:`parts_of_body`."""
    return b"".join([part async for part in parts_of_body(head, reader, to_end=to_end)])


async def _counted(reader: asyncio.StreamReader, count: int) -> AsyncIterator[bytes]:
    while count:
        data = await reader.read(min(count, _CHUNK))
        if not data:
            raise asyncio.IncompleteReadError(b"", count)
        count -= len(data)
        yield data


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        line = await reader.readline()
    except ValueError:  # as asyncio says that it is longer than a head may be
        message = "the line before a chunk has no end"
        raise MessageError(message) from None
    if not line.endswith(b"\n"):
        raise asyncio.IncompleteReadError(line, None)
    return line


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
