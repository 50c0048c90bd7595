"""Requests of one HTTP/1.1 connection, handed to WireMock one after another, and its answers handed back."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from typing import TYPE_CHECKING

from .bodies import Body
from .endings import Ending
from .http1 import (
    END,
    BrokenHeadError,
    MessageError,
    Request,
    Response,
    copy_body,
    copy_to_end,
    parts_of_body,
    read_head,
)
from .streams import pipe

if TYPE_CHECKING:
    from .destination import Destination
    from .names import Names
    from .port_mock import PortMock
    from .streams import Client
    from .upstream import Connection, Upstream

_SWITCHING, _FINAL = 101, 200
_HEAD_SECONDS = 30.0
_LINGER_SECONDS = 2.0
_READ = 64 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOTHING = Request(b"- / HTTP/1.1", [])
# Of a header of a request that is refused, the call log has as much.
_MOST_OF_A_VALUE = 1000
_LAST_PORT = 65535
_SHOWN = 24  # bytes
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
                    await self._turn_away("WebSocket", target.decode("latin-1"), 501, "The sandbox has no WebSockets.")
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
            await self._turn_away("HTTP", f"CONNECT {target}: {error}", 502, f"{target} does not answer.")
            return
        try:
            self._writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(pipe(self._reader, writer), pipe(reader, self._writer))
        finally:
            writer.close()

    async def _next(self) -> Request | None:
        """The next request; None where there is none, or none that can be read."""
        try:
            # The first one has begun; of another, nobody knows when it comes.
            async with asyncio.timeout(_HEAD_SECONDS if self._is_first else None):
                raw = await read_head(self._reader)
        except TimeoutError:
            await self._refuse(_NOTHING, 408, f"the request's head did not end within {_HEAD_SECONDS:g} s")
            return None
        except BrokenHeadError as broken:
            is_request = b"\n" in broken.raw or b"HTTP/" in broken.raw or len(broken.raw) > _MOST_OF_A_VALUE
            if self._is_first and not is_request:  # words, but none of HTTP's
                reason = f"its first bytes: {broken.raw[:_SHOWN]!r}"
                await self._turn_away("", reason, broken.status, f"The sandbox refuses this: {broken.reason}.")
                return None
            await self._refuse(Request.guess(broken.raw), broken.status, broken.reason)
            return None
        if not raw:
            return None
        self._is_first = False
        try:
            request = Request.read(raw)
            request.check()
        except MessageError as error:
            await self._refuse(Request.guess(raw), 400, str(error))
            return None
        return request

    async def _refuse(self, request: Request, status: int, reason: str) -> None:
        """Refuse a request, which is in the call log with what is wrong with it before the client hears of that."""
        method = request.parts[0]
        fields = [(name, value[:_MOST_OF_A_VALUE]) for name, value in request.fields]
        await self._port_mock.report_request(method, self._url(request), fields, status, reason)
        await self._say(status, f"The sandbox refuses this request: {reason}.")

    async def _turn_away(self, protocol: str, reason: str, status: int, text: str) -> None:
        """Refuse what is not a request for WireMock at all, and report it with what else is out of reach."""
        await self._port_mock.report(self._destination.refused(protocol, reason))
        await self._say(status, text)

    async def _say(self, status: int, text: str) -> None:
        """Answer, as the last thing on this connection."""
        body = f"{text}\n".encode()
        self._writer.write(
            f"HTTP/1.1 {status} Refused\r\nContent-Type: text/plain;charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + body
        )
        # An end with something unread would be a reset, which may overtake the answer.
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                await self._writer.drain()
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                while await self._reader.read(_READ):
                    pass

    async def _answer(self, request: Request) -> bool:
        """Have a request answered; whether the connection can take another one."""
        body = Body()
        is_awaited = b"100-continue" in request.tokens(b"expect")
        if is_awaited:
            self._writer.write(_CONTINUE)
        try:
            async for part in parts_of_body(request, self._reader, to_end=False):
                body.add(part)
        except asyncio.IncompleteReadError:
            await self._refuse(request, 400, "the request ends within its body")
            return False
        except MessageError as error:
            await self._refuse(request, 400, f"the request's body: {error}")
            return False
        is_plain = request.is_plain and request.has_plain(body.content)
        if not is_plain and (answer := await self._ask_test_process(request, body)) is not None:
            return await self._give(answer, request)
        if self._connection is not None and not self._connection.is_usable:
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection = await self._upstream.connect()
        up = self._connection
        sending = asyncio.create_task(self._send(request, body, up))
        try:
            return await self._receive(up, request, is_awaited=is_awaited)
        except ConnectionResetError:
            self._client.reset()
            return False
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await sending

    async def _send(self, request: Request, body: Body, up: Connection) -> None:
        """Ask WireMock; where it closes the connection meanwhile, what it answered says why."""
        method, _, version = request.parts
        head = Request(b" ".join([method, self._url(request), version]), body.fields(request.fields))
        content = body.content
        if head.is_chunked:
            content = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content) if content else b"0\r\n\r\n"
        up.writer.write(head.to_bytes() + content)
        with contextlib.suppress(OSError):
            await up.writer.drain()

    async def _ask_test_process(self, request: Request, body: Body) -> tuple[Response, bytes] | None:
        """What the test process answers where WireMock cannot read a request; None where none is connected."""
        method = request.parts[0]
        return await self._port_mock.ask_test_process(
            method, self._url(request), body.fields(request.fields), body.content
        )

    async def _give(self, answer: tuple[Response, bytes], request: Request) -> bool:
        """Pass on what the test process answers; whether the connection can take another request."""
        head, content = answer
        ending = Ending.of(head)
        if ending.fault:
            self._break(ending.fault)
            return False
        method = request.parts[0]
        if ending.states_length(method):
            head.state_length(ending.stated)
        elif method == b"HEAD" or head.has_body(method):
            head.state_length(len(content))
        self._writer.write(head.to_bytes() + (content if head.has_body(method) else b""))
        await self._writer.drain()
        return request.stays_open() and not (head.has_body(method) and ending.states_length(method))

    def _break(self, fault: bytes) -> None:
        """Do to the connection what a third party does that fails."""
        if fault == b"garbage":
            self._writer.write(b"\x00\xff not HTTP \xfe\r\n")
        elif fault != b"empty":
            self._client.reset()

    async def _receive(self, up: Connection, request: Request, *, is_awaited: bool) -> bool:
        """Pass WireMock's answer on; whether the connection can take another request."""
        method = request.parts[0]
        head = await self._answer_head(up, is_awaited=is_awaited)
        if head is None:
            return False
        ending = Ending.of(head)
        if ending.fault:
            self._break(ending.fault)
            return False
        framed = Response(head.start, list(head.fields))
        if ending.states_length(method):
            head.state_length(ending.stated)
        self._writer.write(head.to_bytes())
        try:
            if head.has_body(method) and ending.states_length(method):
                async for part in parts_of_body(framed, up.reader, to_end=True):
                    self._writer.write(part)
                    await self._writer.drain()
                return False
            if head.has_body(method):
                await copy_body(head, up.reader, self._writer)
        except asyncio.IncompleteReadError:
            return False
        except MessageError:
            await copy_to_end(up.reader, self._writer)
            return False
        await self._writer.drain()
        return head.stays_open(method) and request.stays_open()

    async def _answer_head(self, up: Connection, *, is_awaited: bool) -> Response | None:
        """The head of WireMock's answer; None where it sends none: then the client has got what it sends instead.

        Args:
            up: The connection to it.
            is_awaited: Whether the client has been told already to go on with its request.
        """
        while True:
            raw = b""
            try:
                raw = await up.reader.readuntil(END)
                head = Response.read(raw)
                status = head.status
            except asyncio.IncompleteReadError as ended:
                # An end without an answer, or bytes that are not one: the client sees the same.
                self._writer.write(ended.partial)
                return None
            except (MessageError, asyncio.LimitOverrunError):
                self._writer.write(raw)
                await copy_to_end(up.reader, self._writer)
                return None
            if status >= _FINAL or status == _SWITCHING:
                return head
            if not is_awaited:
                self._writer.write(head.to_bytes())
                await self._writer.drain()

    def _url(self, request: Request) -> bytes:
        """The whole URL, by which WireMock knows scheme, host and port, in spite of plain HTTP."""
        target = request.parts[1]
        if not target.startswith(b"/"):  # asked of a proxy, or of no place (OPTIONS *)
            return target
        host = next((value for name, value in request.fields if name.lower() == b"host"), b"")
        # A host that is not ASCII is none (urllib sends one so): where the client has connected to says which it means.
        host = host if host.isascii() else b""
        return self._destination.scheme + b"://" + (host or self._destination.authority) + target
