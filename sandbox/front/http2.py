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

from .http1 import END, Request, Response, read_body

if TYPE_CHECKING:
    from .front import Destination
    from .port_mock import PortMock
    from .streams import Client
    from .upstream import Upstream

_READ = 64 * 1024
# RFC 9113, 8.2.2: what says how HTTP/1.1 frames a message has no place here.
_CONNECTION_FIELDS = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"proxy-connection"))
_GRPC = b"application/grpc"
_UNIMPLEMENTED = b"12"
_FINAL = 200


@dataclass
class _Stream:
    fields: list[tuple[bytes, bytes]]
    body: bytearray = field(default_factory=bytearray)

    @property
    def is_refused(self) -> bool:
        """Whether it is gRPC, or a WebSocket (RFC 8441)."""
        is_grpc = any(name == b"content-type" and value.startswith(_GRPC) for name, value in self.fields)
        return is_grpc or self.pseudo(b":method") == b"CONNECT"

    def pseudo(self, name: bytes) -> bytes:
        return next((value for each, value in self.fields if each == name), b"")


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
            await self._port_mock.report(self._destination.refused("HTTP/2", str(error)))
            await self._flush()
        finally:
            under_way = list(self._tasks.values())
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

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
                    open_stream.body += event.data
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
                return
            head, body = await self._ask(stream)
            fields = [(name.lower(), value) for name, value in head.fields if name.lower() not in _CONNECTION_FIELDS]
            self._h2.send_headers(number, [(b":status", str(head.status).encode()), *fields], end_stream=not body)
            await self._flush()
            await self._send(number, body)
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

    async def _ask(self, stream: _Stream) -> tuple[Response, bytes]:
        """What WireMock answers; it takes HTTP/1.1 only."""
        method, path = stream.pseudo(b":method"), stream.pseudo(b":path")
        authority = stream.pseudo(b":authority") or self._destination.authority
        fields = [each for each in stream.fields if not each[0].startswith(b":") and each[0] != b"cookie"]
        if cookies := [value for name, value in stream.fields if name == b"cookie"]:
            fields.append((b"cookie", b"; ".join(cookies)))  # RFC 9113, 8.2.3
        if not any(name == b"host" for name, _ in fields):
            fields.insert(0, (b"host", authority))
        if stream.body and not any(name == b"content-length" for name, _ in fields):
            fields.append((b"content-length", str(len(stream.body)).encode()))
        request = Request(method + b" " + self._destination.scheme + b"://" + authority + path + b" HTTP/1.1", fields)
        if not (request.is_plain and request.has_plain(bytes(stream.body))):
            url = self._destination.scheme + b"://" + authority + path
            answer = await self._port_mock.ask_test_process(method, url, fields, bytes(stream.body))
            if answer is not None:
                status, given, content = answer
                return Response(b"HTTP/1.1 %d Answered" % status, given), content
        connection = await self._upstream.connect()
        try:
            connection.writer.write(request.to_bytes() + bytes(stream.body))
            while True:
                head = Response.read(await connection.reader.readuntil(END))
                if head.status >= _FINAL:
                    has_body = head.has_body(method)
                    return head, await read_body(head, connection.reader, to_end=True) if has_body else b""
        finally:
            connection.close()

    async def _send(self, number: int, body: bytes) -> None:
        """Send a body as the client's windows allow."""
        at = 0
        while at < len(body):
            size = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size, len(body) - at)
            if size <= 0:
                async with self._window:
                    await self._window.wait()
                continue
            self._h2.send_data(number, body[at : at + size], end_stream=at + size == len(body))
            at += size
            await self._flush()

    async def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._writer.write(data)
        with contextlib.suppress(OSError):
            await self._writer.drain()
