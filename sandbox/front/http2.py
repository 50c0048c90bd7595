"""HTTP/2, as clients choose it in the TLS handshake or speak it from the start: each stream is one request to WireMock."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from .bodies import Body
from .endings import Ending
from .http1 import END, LARGEST_HEAD, MessageError, Request, Response, parts_of_body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .destination import Destination
    from .port_mock import PortMock
    from .streams import Client
    from .upstream import Upstream

_READ = 64 * 1024
# RFC 9113, 8.2.2: what says how HTTP/1.1 frames a message has no place here.
_OF_HTTP_1 = frozenset((b"cookie", b"transfer-encoding", b"connection", b"keep-alive", b"upgrade"))
_FRAMING_FIELDS = frozenset(
    (b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"proxy-connection", b"content-length")
)
_GRPC = b"application/grpc"
_UNIMPLEMENTED = b"12"
_FINAL = 200


@dataclass
class _Stream:
    fields: list[tuple[bytes, bytes]]
    body: Body = field(default_factory=Body)

    @property
    def is_refused(self) -> bool:
        """Whether it is gRPC, or a WebSocket (RFC 8441)."""
        is_grpc = any(name == b"content-type" and value.startswith(_GRPC) for name, value in self.fields)
        return is_grpc or self.pseudo(b":method") == b"CONNECT"

    def pseudo(self, name: bytes) -> bytes:
        return next((value for each, value in self.fields if each == name), b"")


async def _only(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def serve(client: Client, destination: Destination, upstream: Upstream, port_mock: PortMock) -> None:
    """Answer the requests of one connection until the client ends it."""
    await _Session(client, destination, upstream, port_mock).serve()


class _Session:
    def __init__(self, client: Client, destination: Destination, upstream: Upstream, port_mock: PortMock) -> None:
        self._client = client
        self._reader, self._writer = client.reader, client.writer
        self._destination = destination
        self._upstream = upstream
        self._port_mock = port_mock
        # Bytes as they are: what is odd about a header, a plain server would see as well.
        self._h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding=None, validate_inbound_headers=False)
        )
        self._h2.decoder.max_header_list_size = LARGEST_HEAD
        self._streams: dict[int, _Stream] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._window = asyncio.Condition()

    async def serve(self) -> None:
        self._h2.initiate_connection()
        await self._flush()
        try:
            while data := await self._reader.read(_READ):
                for event in self._h2.receive_data(data):
                    self._take(event)
                await self._flush()
                async with self._window:
                    self._window.notify_all()
        except h2.exceptions.ProtocolError as error:
            await self._report_broken(error)
            await self._flush()
        finally:
            under_way = list(self._tasks.values())
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _report_broken(self, error: h2.exceptions.ProtocolError) -> None:
        """Have what broke the connection in the call log: not even the method can be told where headers are too large."""
        url = self._destination.scheme + b"://" + self._destination.authority + b"/"
        status, reason = 400, f"what the client sends is not HTTP/2: {error or type(error).__name__}"
        if isinstance(error, h2.exceptions.DenialOfServiceError):
            status, reason = 431, f"the request's headers are larger than {LARGEST_HEAD} bytes"
        await self._port_mock.report_request(b"-", url, [], status, reason)

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived():
                number, stream = event.stream_id, _Stream(list(event.headers))
                if stream.is_refused:  # at once: it may never end
                    self._tasks[number] = asyncio.create_task(self._answer(number, stream))
                else:
                    self._streams[number] = stream
            case h2.events.DataReceived():
                if (open_stream := self._streams.get(event.stream_id)) is not None:
                    open_stream.body.add(event.data)
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                number = event.stream_id
                if (ended := self._streams.pop(number, None)) is not None:
                    self._tasks[number] = asyncio.create_task(self._answer(number, ended))
            case h2.events.StreamReset():
                self._streams.pop(event.stream_id, None)
                if (answering := self._tasks.get(event.stream_id)) is not None:
                    answering.cancel()

    async def _answer(self, number: int, stream: _Stream) -> None:
        try:
            if stream.is_refused:
                await self._refuse(number, stream)
            else:
                await self._ask(number, stream)
        except ConnectionResetError:  # a fault of the third party that breaks the connection: so it does here
            self._client.reset()
        except Exception:  # noqa: BLE001 # an answer that stops short, or is none: the client must not wait for it
            with contextlib.suppress(h2.exceptions.ProtocolError):  # it has closed the stream itself
                self._h2.reset_stream(number, h2.errors.ErrorCodes.INTERNAL_ERROR)
            await self._flush()
        finally:
            self._tasks.pop(number, None)

    async def _refuse(self, number: int, stream: _Stream) -> None:
        path = stream.pseudo(b":path").decode("latin-1")
        if stream.pseudo(b":method") == b"CONNECT":
            await self._port_mock.report(self._destination.refused("WebSocket", path))
            self._h2.send_headers(number, [(b":status", b"501")], end_stream=True)
            await self._flush()
            return
        await self._port_mock.report(self._destination.refused("gRPC", path))
        told = f"the sandbox does not answer gRPC: {self._destination.authority.decode()}{path}"
        self._h2.send_headers(
            number,
            [
                (b":status", b"200"),
                (b"content-type", _GRPC),
                (b"grpc-status", _UNIMPLEMENTED),
                (b"grpc-message", told.encode()),
            ],
            end_stream=True,
        )
        await self._flush()

    async def _ask(self, number: int, stream: _Stream) -> None:
        """Have a request answered, and pass the answer on as it comes."""
        request = self._request(stream)
        try:
            method, url, _ = request.parts
            request.check()
        except MessageError as error:
            guessed = Request.guess(request.to_bytes())
            method, url, _ = guessed.parts
            await self._port_mock.report_request(method, url, guessed.fields, 400, str(error))
            self._h2.send_headers(number, [(b":status", b"400"), (b"content-type", b"text/plain;charset=utf-8")])
            await self._send(number, f"The sandbox refuses this request: {error}.\n".encode())
            self._h2.end_stream(number)
            await self._flush()
            return
        if not (request.is_plain and request.has_plain(stream.body.content)):
            answer = await self._port_mock.ask_test_process(method, url, request.fields, stream.body.content)
            if answer is not None:
                head, content = answer
                await self._give(number, method, head, _only(content), len(content))
                return
        connection = await self._upstream.connect()
        try:
            connection.writer.write(request.to_bytes() + stream.body.content)
            while True:
                head = Response.read(await connection.reader.readuntil(END))
                if head.status >= _FINAL:
                    break
            parts = parts_of_body(Response(head.start, list(head.fields)), connection.reader, to_end=True)
            await self._give(number, method, head, parts, head.length)
        finally:
            connection.close()

    def _request(self, stream: _Stream) -> Request:
        """A request as WireMock takes it, which speaks HTTP/1.1 only."""
        method, path = stream.pseudo(b":method"), stream.pseudo(b":path")
        authority = stream.pseudo(b":authority")
        # A host that is not ASCII is none: where the client has connected to says which it means.
        authority = authority if authority and authority.isascii() else self._destination.authority
        # HTTP/2 has a framing of its own.
        fields = [each for each in stream.fields if not each[0].startswith(b":") and each[0] not in _OF_HTTP_1]
        if cookies := [value for name, value in stream.fields if name == b"cookie"]:
            fields.append((b"cookie", b"; ".join(cookies)))  # RFC 9113, 8.2.3
        if not any(name == b"host" for name, _ in fields):
            fields.insert(0, (b"host", authority))
        if stream.body.length and not any(name == b"content-length" for name, _ in fields):
            fields.append((b"content-length", str(stream.body.length).encode()))
        url = self._destination.scheme + b"://" + authority + path
        return Request(method + b" " + url + b" HTTP/1.1", stream.body.fields(fields))

    async def _give(
        self, number: int, method: bytes, head: Response, parts: AsyncIterator[bytes], length: int | None
    ) -> None:
        """Pass an answer on.

        Args:
            number: The stream's.
            method: The request's.
            head: The answer's head.
            parts: Its body, if it has one.
            length: How long that is, where it is known.
        """
        ending = Ending.of(head)
        if ending.fault == b"empty":
            self._h2.reset_stream(number, h2.errors.ErrorCodes.INTERNAL_ERROR)
            await self._flush()
            return
        if ending.fault:
            raise ConnectionResetError
        stated = ending.stated if ending.states_length(method) else length
        fields = [(name.lower(), value) for name, value in head.fields if name.lower() not in _FRAMING_FIELDS]
        if stated is not None and (method == b"HEAD" or head.has_body(method)):
            fields.append((b"content-length", b"%d" % stated))
        has_body = head.has_body(method)
        self._h2.send_headers(number, [(b":status", b"%d" % head.status), *fields], end_stream=not has_body)
        await self._flush()
        if not has_body:
            return
        async for part in parts:
            await self._send(number, part)
        if ending.is_truncated:
            self._h2.reset_stream(number, h2.errors.ErrorCodes.INTERNAL_ERROR)
        else:
            self._h2.end_stream(number)
        await self._flush()

    async def _send(self, number: int, data: bytes) -> None:
        """Send a part of a body as the client's windows allow."""
        at = 0
        while at < len(data):
            size = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size, len(data) - at)
            if size <= 0:
                async with self._window:
                    await self._window.wait()
                continue
            self._h2.send_data(number, data[at : at + size])
            at += size
            await self._flush()

    async def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._writer.write(data)
        with contextlib.suppress(OSError):
            await self._writer.drain()
