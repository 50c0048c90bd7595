"""Makes what the sandbox's tests need: directories, programs, and servers that stand in for an engine's address."""

import json
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from docker.models.networks import Network
from pytest import MonkeyPatch  # noqa: PT013 # the other tests' way

from sandbox.engine import engine, location
from sandbox.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
Answers = Mapping[str, tuple[int, object]]


# A closed network, as the engine describes it.
CLOSED = Network({"Id": "closed", "Name": "closed", "IPAM": {"Config": [{"Subnet": "10.9.8.0/28"}]}})


def make_settings(tmp_path: Path, **options: Any) -> Settings:
    """Settings whose cache is the test's own."""
    return Settings(cache=tmp_path / "cache", **options)


def make_files(directory: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write ``files``, by their paths below ``directory``; gives the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return directory


def make_integration(directory: Path, **files: str) -> Path:
    """The least that is an integration, and ``files`` beside it."""
    return make_files(directory, {"main.py": "app = None\n", ".port/spec.yaml": "type: it\n", **files})


def make_program(folder: Path, name: str, code: str) -> Path:
    """An executable that runs ``code`` as a shell script; gives the folder, to be put on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{code}\n")
    program.chmod(0o755)
    return folder


def make_python_program(folder: Path, name: str, code: str) -> Path:
    """An executable that runs ``code`` with this Python; gives the folder, to be put on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!{sys.executable}\n{code}\n")
    program.chmod(0o755)
    return folder


@contextmanager
def running(*command: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A real process, which is gone afterwards."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def make_dead_process() -> int:
    """The pid of a process that ended and was waited for."""
    with subprocess.Popen(["true"]) as process:
        process.wait(10)
    return process.pid


@contextmanager
def zombie(program: str = "true") -> Iterator[int]:
    """The pid of a process that ended and that nobody has waited for."""
    process = subprocess.Popen([program])
    try:
        status = Path(f"/proc/{process.pid}/status")
        while "\nState:\tZ" not in status.read_text():
            pass
        yield process.pid
    finally:
        process.wait(10)


def closed_port() -> int:
    """A port of the loopback on which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def hanging_server() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=16)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_TcpServer | _UnixServer"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        path = re.sub(r"^/v[0-9.]+/", "/", self.path)
        self.server.seen.append((f"{self.command} {path}", body))
        status, answer = self.server.answers.get(
            f"{self.command} {path.split('?')[0]}", (404, {"message": f"No such image: {path}"})
        )
        if isinstance(answer, tuple):
            self._stream(status, answer)
            return
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(answer, bytes) else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, status: int, events: tuple[object, ...]) -> None:
        """Answer in chunks, as the engine does where something takes its time."""
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for content in [*(json.dumps(event).encode() + b"\r\n" for event in events), b""]:
            self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    do_GET = do_POST = do_DELETE = do_HEAD = _answer  # noqa: N815 # http.server's names

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


class _TcpServer(ThreadingHTTPServer):
    answers: Answers
    seen: list[tuple[str, bytes]]


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    answers: Answers
    seen: list[tuple[str, bytes]]


class FakeEngine:
    """A real HTTP server that answers the few calls of the engine's API that a test says.

    Args:
        address: What DOCKER_HOST is set to.
        seen: Each call that arrived, ``"GET /version"``, with its body.
    """

    def __init__(self, address: str, seen: list[tuple[str, bytes]]) -> None:
        self.address = address
        self.seen = seen

    @property
    def calls(self) -> list[str]:
        """Method and path of each call."""
        return [call for call, _ in self.seen]


ALIVE: Answers = {
    "GET /version": (200, {"ApiVersion": "1.47", "Version": "27.0"}),
    "GET /_ping": (200, b"OK"),
    "HEAD /_ping": (200, b""),
}


@contextmanager
def fake_engine(
    answers: Answers | None = None,
    *,
    unix: bool = False,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> Iterator[FakeEngine]:
    """Run one, alive unless ``answers`` say otherwise."""
    folder = tempfile.mkdtemp()  # pytest's own folders are too long for a socket's name
    server: _UnixServer | _TcpServer
    if unix:
        server, address = _UnixServer(f"{folder}/engine.sock", _Handler), f"unix://{folder}/engine.sock"
    else:
        server = _TcpServer((host, 0), _Handler)
        address = f"tcp://{host}:{server.server_port}"
    server.answers = {**ALIVE, **(answers or {})}
    server.seen = []
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    try:
        yield FakeEngine(address, server.seen)
    finally:
        server.shutdown()
        server.server_close()
        shutil.rmtree(folder)


@contextmanager
def engine_at(address: str) -> Iterator[None]:
    """Let DOCKER_HOST name ``address``, and forget what was known of the engine, before and after."""
    with MonkeyPatch.context() as patch:
        for variable in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
            patch.delenv(variable, raising=False)
        patch.setenv("NO_PROXY", "127.0.0.0/8")
        patch.setenv("DOCKER_HOST", address)
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    engine.client.cache_clear()
    location._located.cache_clear()


def eventually(condition: Callable[[], object], seconds: float = 10) -> bool:
    """Whether ``condition`` comes true in time."""
    return engine._wait(lambda: bool(condition()), seconds)
