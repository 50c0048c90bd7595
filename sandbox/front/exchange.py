"""Requests of one HTTP/1.1 connection, handed to WireMock one after another, and its answers handed back."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from typing import TYPE_CHECKING

from .http1 import END, LARGEST_HEAD, MessageError, Request, Response, copy_body, copy_to_end, read_body
from .streams import pipe

if TYPE_CHECKING:
    from .front import Destination
    from .names import Names
    from .port_mock import PortMock
    from .streams import Client
    from .upstream import Connection, Upstream

_SWITCHING, _FINAL = 101, 200
_HEAD_SECONDS = 30.0
_LAST_PORT = 65535
_DEFAULT_PORT = 443


class Exchange:
    """One connection of a client.

    A connection to WireMock belongs to it, so that what WireMock does to its end (a reset, an end without an answer, an
    answer that stops short, bytes that are not HTTP) can be done to the client's.

    Args:
        client: The connection.
        destination: Where the client believes it is.
        upstream: Answers.
        port_mock: Hears of what is not answered, and has the test process answer what WireMock cannot.
        names: The address of a host that the client wants to be connected with.
    """

    def __init__(
        self, client: Client, destination: Destination, upstream: Upstream, port_mock: PortMock, names: Names
    ) -> None:
        self._client = client
        self._reader, self._writer = client.reader, client.writer
        self._names = names
        self._destination = destination
        self._upstream = upstream
        self._port_mock = port_mock
        self._connection: Connection | None = None
        self._is_first = True

    async def serve(self) -> None:
        """Answer until either side ends it."""
        try:
            while (request := await self._next()) is not None:
                method, target, _ = request.parts
                if method == b"CONNECT":
                    await self._tunnel(target.decode("latin-1"))
                    break
                if b"websocket" in request.tokens(b"upgrade"):
                    await self._refuse("WebSocket", target.decode("latin-1"), 501, "The sandbox has no WebSockets.")
                    break
                if not await self._answer(request):
                    break
        finally:
            if self._connection is not None:
                self._connection.close()

    async def _tunnel(self, target: str) -> None:
        """Connect a client with what its own configuration believes to lie behind a proxy: here again."""
        host, _, port = target.rpartition(":")
        host = host.strip("[]")
        try:
            ipaddress.ip_address(host)
        except ValueError:
            host = self._names.address(host.lower().rstrip("."))
        number = int(port) if port.isdecimal() else _DEFAULT_PORT
        try:
            reader, writer = await asyncio.open_connection(host, min(number, _LAST_PORT))
        except OSError as error:
            await self._refuse("HTTP", f"CONNECT {target}: {error}", 502, f"{target} does not answer.")
            return
        try:
            self._writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(pipe(self._reader, writer), pipe(reader, self._writer))
        finally:
            writer.close()

    async def _next(self) -> Request | None:
        try:
            # The first one has begun; of another, nobody knows when it comes.
            async with asyncio.timeout(_HEAD_SECONDS if self._is_first else None):
                request = Request.read(await self._reader.readuntil(END))
            self._is_first = False
            _ = request.parts, request.length
        except TimeoutError:
            await self._refuse("HTTP", f"the request's head did not end within {_HEAD_SECONDS:g} s", 408, "No end.")
            return None
        except asyncio.IncompleteReadError as ended:
            if ended.partial.strip():
                await self._refuse("HTTP", f"the request ends within its head: {ended.partial[:100]!r}", 400, "")
            return None
        except asyncio.LimitOverrunError:
            await self._refuse("HTTP", f"the request's head is larger than {LARGEST_HEAD} bytes", 431, "Too large.")
            return None
        except MessageError as error:
            await self._refuse("HTTP", str(error), 400, str(error))
            return None
        return request

    async def _refuse(self, protocol: str, reason: str, status: int, text: str) -> None:
        await self._port_mock.report(self._destination.refused(protocol, reason))
        body = text.encode()
        self._writer.write(
            f"HTTP/1.1 {status} Refused\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + body
        )
        with contextlib.suppress(OSError):
            await self._writer.drain()

    async def _answer(self, request: Request) -> bool:
        """Have a request answered; whether the connection can take another one."""
        body = None
        is_plain = request.is_plain
        if not is_plain or request.is_body_looked_at:
            try:
                if b"100-continue" in request.tokens(b"expect"):
                    self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await read_body(request, self._reader, to_end=False)
            except (asyncio.IncompleteReadError, MessageError) as error:
                await self._refuse("HTTP", f"the request's body: {error}", 400, str(error))
                return False
            is_plain = is_plain and request.has_plain(body)
        if body is not None and not is_plain and await self._answer_by_test(request, body):
            return request.stays_open()
        if self._connection is not None and not self._connection.is_usable:
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection = await self._upstream.connect()
        up = self._connection
        method, _, version = request.parts
        up.writer.write(request.to_bytes(b" ".join([method, self._url(request), version])))
        sending = asyncio.create_task(self._send_body(request, up, body))
        try:
            return await self._receive(up, method) and request.stays_open() and await sending
        except ConnectionResetError:
            self._client.reset()
            return False
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await sending

    async def _answer_by_test(self, request: Request, body: bytes) -> bool:
        """Have the test process answer what WireMock cannot read; whether it did."""
        method = request.parts[0]
        answer = await self._port_mock.ask_test_process(method, self._url(request), request.fields, body)
        if answer is None:
            return False
        status, fields, content = answer
        head = Response(b"HTTP/1.1 %d Answered" % status, fields)
        if head.has_body(method) or method == b"HEAD":
            fields.append((b"Content-Length", str(len(content)).encode()))
        self._writer.write(head.to_bytes() + (content if head.has_body(method) else b""))
        await self._writer.drain()
        return True

    async def _send_body(self, request: Request, up: Connection, body: bytes | None) -> bool:
        """Pass the request's body on; whether all of it came.

        Args:
            request: Its head.
            up: Where it goes.
            body: What was read of it already, without its framing; None where it is still to come.
        """
        try:
            if body is None:
                await copy_body(request, self._reader, up.writer, to_end=False)
            elif request.is_chunked:
                up.writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n")
            else:
                up.writer.write(body)
            await up.writer.drain()
        except (asyncio.IncompleteReadError, MessageError):
            up.close()
            return False
        except OSError:  # WireMock closed the connection; what it answered says why
            return False
        return True

    async def _receive(self, up: Connection, method: bytes) -> bool:
        """Pass the answer on; whether WireMock keeps its connection."""
        while True:
            raw = b""
            try:
                raw = await up.reader.readuntil(END)
                head = Response.read(raw)
                status = head.status
            except asyncio.IncompleteReadError as ended:
                # An end without an answer, or bytes that are not one: the client sees the same.
                self._writer.write(ended.partial)
                return False
            except (MessageError, asyncio.LimitOverrunError):
                self._writer.write(raw)
                await copy_to_end(up.reader, self._writer)
                return False
            self._writer.write(head.to_bytes())
            if status >= _FINAL or status == _SWITCHING:
                break
            await self._writer.drain()
        try:
            if head.has_body(method):
                await copy_body(head, up.reader, self._writer, to_end=True)
        except asyncio.IncompleteReadError:
            return False
        except MessageError:
            await copy_to_end(up.reader, self._writer)
            return False
        await self._writer.drain()
        return head.stays_open(method)

    def _url(self, request: Request) -> bytes:
        """The whole URL, by which WireMock knows scheme, host and port, in spite of plain HTTP."""
        target = request.parts[1]
        if not target.startswith(b"/"):  # asked of a proxy, or of no place (OPTIONS *)
            return target
        host = next((value for name, value in request.fields if name.lower() == b"host"), b"")
        # A host that is not ASCII is none (urllib sends one so): where the client has connected to says which it means.
        host = host if host.isascii() else b""
        return self._destination.scheme + b"://" + (host or self._destination.authority) + target
