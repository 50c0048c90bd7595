"""Runs a front in this process, on real sockets, between a client and a server of the standard library."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from sandbox.front.certificates import Authority, make_ca
from sandbox.front.front import Front
from sandbox.front.names import Names
from sandbox.front.port_mock import PortMock
from sandbox.front.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"


@dataclass
class Seen:
    """A request, as a plain HTTP server sees it."""

    line: bytes
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Around:
    """What is around a front.

    Args:
        seen: What came to WireMock's place.
        refused: What the Port mock was told of what is out of reach.
        broken: What it was told of requests that cannot be read.
        answers: What comes back from WireMock's place, byte by byte; by default a 200.
        direct: What the test process was to answer.
        test_process: What it answers; None where there is none.
    """

    seen: list[Seen] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    broken: list[dict[str, Any]] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    direct: list[dict[str, Any]] = field(default_factory=list)
    test_process: dict[str, Any] | None = None


@dataclass
class Running:
    """A front that runs.

    Args:
        port: Where it listens.
        ca: Its CA, as PEM.
        front: It.
        loop: Where it runs.
        around: WireMock's place, and the Port mock's.
    """

    port: int
    ca: str
    front: Front
    loop: asyncio.AbstractEventLoop
    around: Around

    def answer_on_loopback(self, ports: set[int]) -> None:
        """Have it answer on these ports too."""
        asyncio.run_coroutine_threadsafe(self.front.answer_on_loopback(ports), self.loop).result(10)

    def settle(self) -> None:
        """Have it report what it has not reported yet."""
        asyncio.run_coroutine_threadsafe(self.front.settle(), self.loop).result(10)

    def forget(self) -> None:
        """Have it break off all connections."""
        asyncio.run_coroutine_threadsafe(self.front.forget(), self.loop).result(10)

    def trust(self) -> ssl.SSLContext:
        """A client's settings that trust its CA only, strictly."""
        context = ssl.create_default_context(cadata=self.ca)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    def connect(self, host: str | None = None, *, alpn: list[str] | None = None) -> socket.socket:
        """A connection; over TLS with a host's name."""
        plain = socket.create_connection((HOST, self.port), timeout=10)
        if host is None:
            return plain
        context = self.trust()
        if alpn:
            context.set_alpn_protocols(alpn)
        return context.wrap_socket(plain, server_hostname=host)

    def say(self, data: bytes, host: str | None = None) -> bytes:
        """All that comes back for ``data``, up to the end of the connection."""
        with self.connect(host) as connection:
            connection.sendall(data)
            received = b""
            with contextlib.suppress(ConnectionResetError):
                while more := connection.recv(65536):
                    received += more
        return received


def _upstream(running: Around) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            length = int(self.headers.get("content-length") or 0)
            if self.headers.get("transfer-encoding") == "chunked":
                body = b""
                while size := int(self.rfile.readline().partition(b";")[0], 16):
                    body += self.rfile.read(size + 2)[:-2]
                self.rfile.readline()
            else:
                body = self.rfile.read(length)
            running.seen.append(Seen(self.raw_requestline.rstrip(), list(self.headers.items()), body))
            answer = running.answers.pop(0) if running.answers else b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
            self.wfile.write(answer)
            self.wfile.flush()
            if b"CLOSE" in answer or not answer:
                self.close_connection = True

        def log_message(self, *_: object) -> None: ...

    return ThreadingHTTPServer((HOST, 0), Handler)


def _port_mock(running: Around) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            content = b""
            if self.path == "/refusals":
                running.refused.append(asked)
            elif self.path == "/refused":
                running.broken.append(asked)
            else:
                running.direct.append(asked)
                content = json.dumps(running.test_process).encode() if running.test_process else b""
            self.send_response(200 if content or self.path != "/direct" else 503)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    return ThreadingHTTPServer((HOST, 0), Handler)


@contextlib.contextmanager
def run_front(folder: Path) -> Iterator[Running]:
    """Run one whose CA is in ``folder``."""
    make_ca(folder)
    authority = Authority(folder)
    listener = socket.create_server((HOST, 0))
    around = Around()
    servers = [_upstream(around), _port_mock(around)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    upstream, port_mock = (server.server_address[1] for server in servers)
    front = Front(authority, Names({}), Upstream(HOST, upstream), PortMock(HOST, port_mock, "test-token"))
    loop = asyncio.new_event_loop()
    running = Running(listener.getsockname()[1], authority.pem, front, loop, around)
    threading.Thread(target=loop.run_forever, daemon=True).start()
    serving = asyncio.run_coroutine_threadsafe(front.serve(listener), loop)
    try:
        yield running
    finally:
        asyncio.run_coroutine_threadsafe(front.forget(), loop).result(10)
        serving.cancel()
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        for server in servers:
            server.shutdown()
            server.server_close()
        listener.close()
