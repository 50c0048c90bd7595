"""Waiting for a container that answers over HTTP, as far as it goes without one."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sandbox.engine import engine
from sandbox.engine.container import Container
from sandbox.engine.http import Control
from sandbox.engine.owner import Owner
from sandbox.engine.parts import Parts
from sandbox.errors import EngineError
from tests.unit.sandbox.factories import closed_port, engine_at, fake_engine


class Fine(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def waiting(port: int, listens: Callable[[], bool]) -> Iterator[Callable[[], None]]:
    """What waits for a container that publishes at ``port`` and has not died."""
    with fake_engine(unix=True) as stand_in, engine_at(stand_in.address):
        container = Container("wiremock", role="wiremock", owner=Owner(), memory="1m", pids_limit=1)
        control = Control("wiremock", f"127.0.0.1:{port}", "token")
        yield lambda: control.wait_until_ready("/", container, Parts(engine.client().client), listens=listens)


def test_what_listens_out_of_reach_is_told_of_within_seconds() -> None:
    port = closed_port()
    started = time.monotonic()

    with (
        waiting(port, lambda: True) as wait,
        pytest.raises(
            EngineError, match=f"is listening, but this process cannot reach it at 127.0.0.1:{port}"
        ) as raised,
    ):
        wait()

    assert time.monotonic() - started < 10
    assert "because the engine is on this machine" in raised.value.what
    assert "TESTCONTAINERS_HOST_OVERRIDE" in raised.value.remedy


def test_what_does_not_listen_yet_is_waited_for() -> None:
    """Until it does, nothing says that it is out of reach, however often it is asked."""
    asked: list[float] = []

    def listening() -> bool:
        asked.append(time.monotonic())
        return False

    port = closed_port()
    server = HTTPServer(("127.0.0.1", port), Fine, bind_and_activate=False)
    server.allow_reuse_address = True

    def serve() -> None:
        while not asked:
            time.sleep(0.02)
        server.server_bind()
        server.server_activate()
        server.serve_forever(0.02)

    threading.Thread(target=serve, daemon=True).start()
    with waiting(port, listening) as wait:
        wait()
    server.shutdown()
    server.server_close()

    assert len(asked) == 1
