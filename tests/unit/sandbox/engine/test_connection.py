"""Whatever breaks the connection to the engine is one error that names the engine: shown with servers that break it."""

import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker.errors
import pytest

from docker import DockerClient
from sandbox.engine import connection as engine_connection
from sandbox.engine import engine, removal
from sandbox.errors import EngineError, EngineUnreachableError
from tests.unit.sandbox.factories import ROOT, closed_port, engine_at, fake_engine, hanging_server

Talk = Callable[[socket.socket], None]


def says(*parts: bytes) -> Talk:
    """Answer a request with these bytes, whatever it was, and hang up."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        for part in parts:
            connection.sendall(part)

    return talk


def resets(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


BREAKS: dict[str, tuple[Talk, str]] = {
    "hangs up on the connection": (lambda _: None, "connection broke"),
    "hangs up on the request": (says(), "connection broke"),
    "resets the connection": (resets, "connection broke"),
    "breaks off in the status line": (says(b"HTTP/1.1 20"), "connection broke|does not speak HTTP"),
    "breaks off in the headers": (says(b"HTTP/1.1 200 OK\r\nContent-Type: appl"), "connection broke"),
    "breaks off in the body": (says(answer(b'{"Id": ', "Content-Length: 400")), "connection broke"),
    "breaks off between chunks": (says(answer(b'5\r\n{"Id"\r\n', "Transfer-Encoding: chunked")), "connection broke"),
    "breaks off in a chunk": (says(answer(b'ff\r\n{"Id"', "Transfer-Encoding: chunked")), "connection broke"),
    "halves its JSON": (says(answer(b'{"Id": "4')), "connection broke"),
    "speaks something else": (says(b"220 smtp.example ESMTP\r\n"), "does not speak HTTP"),
    "shows a web page": (
        says(answer(b"<html>Sign in</html>").replace(b"application/json", b"text/html; charset=utf-8")),
        "a web page, not an engine",
    ),
    "is a proxy whose engine has gone": (says(answer(b"no upstream", status="502 Bad Gateway")), "502 Bad Gateway"),
}


@contextmanager
def breaking(talk: Talk, *, unix: bool = False) -> Iterator[str]:
    """The address of an engine that answers for its version, and to all else with ``talk``."""
    with tempfile.TemporaryDirectory() as folder:
        family, at = (socket.AF_UNIX, f"{folder}/engine.sock") if unix else (socket.AF_INET, ("127.0.0.1", 0))
        with socket.socket(family) as server:
            server.bind(at)
            server.listen()
            threading.Thread(target=_serve, args=[server, talk], daemon=True).start()
            yield f"unix://{at}" if unix else f"tcp://127.0.0.1:{server.getsockname()[1]}"
            server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, talk: Talk) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            if b"/version" in connection.recv(65536, socket.MSG_PEEK):
                says(answer(b'{"ApiVersion": "1.41"}', "Content-Length: 22", "Connection: close"))(connection)
            else:
                talk(connection)


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
@pytest.mark.parametrize("how", BREAKS)
def test_one_that_breaks_off_is_named(how: str, unix: bool) -> None:  # noqa: FBT001 # a parameter
    talk, reason = BREAKS[how]
    with breaking(talk, unix=unix) as address, engine_at(address):
        client = engine.client().client
        for call in (
            lambda: client.api.inspect_container("4"),
            lambda: client.networks.create("n"),
            lambda: list(engine_connection.streamed(client.api.events(decode=True))),
        ):
            with pytest.raises(EngineUnreachableError, match=f"The engine at {address} does not answer: .*({reason})"):
                call()


@pytest.mark.parametrize(
    "whole",
    [
        b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",  # as a proxy that writes headers small passes it on
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
    ],
)
def test_an_answer_without_a_body_is_whole(whole: bytes) -> None:
    with breaking(says(whole)) as address, engine_at(address):
        engine.client().client.api.start("4")


def test_a_stream_that_breaks_off_is_named() -> None:
    half = says(answer(b'10\r\n{"stream": "one"}\r\n', "Transfer-Encoding: chunked"))
    with breaking(half) as address, engine_at(address):
        stream = engine.client().client.api.build(fileobj=open(os.devnull, "rb"), custom_context=True, decode=True)  # noqa: SIM115, PTH123
        with pytest.raises(EngineUnreachableError, match="connection broke"):
            list(engine_connection.streamed(stream))


def test_one_that_takes_no_connection_is_named(tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/nowhere.sock"
    for address, reason in (
        (f"tcp://127.0.0.1:{closed_port()}", "connection refused"),
        (nowhere, "there is no such socket"),
        ("tcp://no-such-host.invalid:2375", "there is no host of that name"),
    ):
        with engine_at(address), pytest.raises(EngineUnreachableError, match=f"{address} does not answer: ({reason})"):
            engine_connection.connect(timeout=5)


def test_one_that_wants_tls_is_named() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # without a certificate, no handshake comes to its end
    with fake_engine(tls=context) as stand_in, engine_at(stand_in.address), pytest.raises(EngineUnreachableError):
        engine_connection.connect(timeout=5)


def test_what_the_engine_refuses_stays_its_own_answer() -> None:
    with fake_engine({"GET /info": (500, {"message": "no space left"})}) as stand_in, engine_at(stand_in.address):
        client = engine.client().client
        with pytest.raises(docker.errors.APIError, match="no space left"):
            client.info()
        with pytest.raises(docker.errors.NotFound):
            client.images.get("nothing")
        with (
            pytest.raises(
                EngineError, match=f"The engine at {stand_in.address} does not count: no space left"
            ) as caught,
            engine_connection.refusing("count"),
        ):
            client.info()
        assert not isinstance(caught.value, EngineUnreachableError)
        assert client.ping()


def test_one_that_hangs_is_waited_for_once_and_found_again() -> None:
    hang, gone = threading.Event(), threading.Event()

    def talk(connection: socket.socket) -> None:
        if hang.is_set():
            gone.wait(10)
        else:
            says(answer(b"{}", "Content-Length: 2", "Connection: close"))(connection)

    with breaking(talk) as address, engine_at(address):
        client = engine.client().client
        assert client.info() == {}
        hang.set()
        client.api.timeout = 1
        with pytest.raises(EngineUnreachableError, match="it took too long"):
            client.info()
        client.api.timeout = 60  # what a call may take where nobody says otherwise
        began = time.monotonic()
        for _ in range(50):
            with pytest.raises(EngineUnreachableError, match="it took too long"):
                client.info()
        assert time.monotonic() - began < 10

        hang.clear()
        gone.set()
        assert found_again(client.info) == {}


def found_again(call: Callable[[], Any]) -> Any:
    """What a call comes to when the engine is asked again, which is a second after it was last."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return call()
        except EngineUnreachableError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_check_finds_out_what_no_call_has_met() -> None:
    with breaking(says(answer(b"{}", "Content-Length: 2", "Connection: close"))) as address, engine_at(address):
        client = engine.client().client
        engine_connection.check(client)
        there = address
    with engine_at(there), pytest.raises(EngineUnreachableError, match="connection refused"):
        engine_connection.check(client)


def test_a_removal_outlasts_an_engine_that_is_away_and_gives_up_in_the_end() -> None:
    attempts: list[str] = []

    def attempt(client: DockerClient) -> int:
        attempts.append("tried")
        return removal.remove(["c"], ["n"], client)

    there = {"DELETE /containers/c": (204, b""), "DELETE /networks/n": (204, b"")}
    with engine_at(f"tcp://127.0.0.1:{closed_port()}"):
        assert not removal.outlast(attempt, patience=0.1, absence=1.5)
        assert attempts == [], "there was nobody to ask"
    with fake_engine(there) as stand_in, engine_at(stand_in.address):
        assert not removal.outlast(attempt, patience=0.5)
        assert {"DELETE /containers/c?v=True&link=False&force=True", "DELETE /networks/n"} <= set(stand_in.calls)
    with fake_engine() as stand_in, engine_at(stand_in.address):
        assert removal.outlast(attempt)


def test_a_removal_goes_on_when_the_engine_has_come_back() -> None:
    with hanging_server() as address:
        later = address
    port = int(later.rpartition(":")[2])
    ended: list[bool] = []
    with engine_at(later):
        waits = threading.Thread(target=lambda: ended.append(removal.outlast(lambda _: 0)))
        waits.start()
        time.sleep(1.5)
        assert waits.is_alive()
        with socket.create_server(("127.0.0.1", port)) as server:
            threading.Thread(target=_serve, args=[server, says()], daemon=True).start()
            waits.join(20)
            server.shutdown(socket.SHUT_RDWR)
    assert ended == [True]


def test_a_janitor_does_not_import_what_it_does_not_need() -> None:
    """Each process that makes sandboxes starts one."""
    code = (
        "import sys, sandbox.engine.janitor; print([name for name in ('pydantic', 'filelock') if name in sys.modules])"
    )
    loaded = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert loaded == "[]\n"
