"""What the runner makes of the notes of a running integration. Here, a small web server that takes notes is called ocean."""

import base64
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.runner.event_probe import parsed
from sandbox.runner.live import LandedError, Live
from sandbox.runner.sail import Sail
from tests.unit.sandbox.factories import closed_port

PYTHON = sys.executable
OCEAN = """
import http.server, json, os, socket, threading, time

connection = socket.socket(fileno=int(os.environ["OCEAN_SANDBOX_NOTES"]))
connection.sendall(b'{"note": "lo\\nnull and void\\n')
lock = threading.Lock()
manager = "port_ocean.core.handlers.webhook.processor_manager"

def note(**fields):
    with lock:
        connection.sendall(json.dumps(fields).encode() + b"\\n")

def log(message, *, event=None, run=None, request=None, name="port_ocean.middlewares", level=20, error=None, **said):
    note(note="log", event=event, run=run, request=request, name=name, level=level, message=message, line=message,
         said=said, error=error)

def answer():
    for line in connection.makefile():
        asked = json.loads(line)
        told = {"prefix": "/integration", "paths": ["POST /integration/hook"], "executors": ["restart"], "listens": True,
                "acts": True, "routes": [[["POST"], "/integration", "^/hook$"], [["POST"], "/integration", "^/of/[^/]+$"]],
                } if asked["ask"] == "listen" else {"lines": ["in " + asked["event"]]}
        note(note=asked["ask"], **told)

def error(kind):
    return {"type": kind, "module": "builtins", "message": "why", "arguments": None, "traceback": "t", "kind": None,
            "exchange": None, "cause": None}

def process(trace, what):
    event = "event of " + trace
    http = {"event_kind": "http_request", "trace_id": trace}
    if what == "waits":
        return
    log("Event started", event=event, name="port_ocean.context.event", **http)
    if what == "hangs":
        return
    if what == "ends":
        os._exit(3)
    if what == "killed":
        os.kill(os.getpid(), 9)
    note(note="call", event=event, call=7)
    if what == "fails":
        log("Error processing queued webhook", event=event, name=manager, level=40, error=error("KeyError"))
        log("said again", event=event, name=manager, level=40, error=error("KeyError"))
        log("its own business", event=event, name="main", level=40, error=error("OSError"))
    if what == "ignored":
        log("Unknown webhook event type received", event=event, name=manager, level=30)
    log("Event finished", event=event, name="port_ocean.context.event", success=what != "ignored", event_parent_id="other")
    log("Event finished", event=event, name="port_ocean.context.event", success=what != "ignored")

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply(200, b"{}", "0")
    def do_POST(self):
        what = self.rfile.read(int(self.headers["Content-Length"])).decode()
        request = self.headers["X-Number"]
        log("Request started", request=request)
        if what == "in front":
            return self.reply(503, b"busy", "")
        if what in ("unknown", "missing"):
            log("Request ended", request=request, response_status=404)
            return self.reply(404, b'{"detail":"Not Found"}', request)
        note(note="call", event="request " + request, call=1)
        log("in the request", request=request, event="request " + request)
        note(note="call", event="request " + request, call=2)
        if what != "own":
            log("Got webhook event", request=request, event="request " + request, trace_id="t" + request)
        log("Request ended", request=request, response_status=200)
        if what != "own":
            threading.Timer(0.05, process, ["t" + request, what]).start()
        self.reply(200, b'{"status":"ok"}', request)
    def reply(self, status, body, request):
        self.send_response(status)
        self.send_header("X-Request-ID", request)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

threading.Thread(target=answer, daemon=True).start()
threading.Thread(target=lambda: [
    log("Event started", event="e1", run="r1", name="port_ocean.context.event", event_kind="action_run"),
    log("No Executors registered to handle this", name="port_ocean.core.handlers.actions.execution_manager", run_id="r2"),
    log("Event finished", event="e1", run="r1", name="port_ocean.context.event", success=True),
    log("Event started", event="e3", run="r3", name="port_ocean.context.event"),
], daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["APPLICATION__PORT"])), Handler).serve_forever()
"""


@contextmanager
def running(folder: Path, ocean: str = OCEAN) -> Iterator[tuple[Live, threading.Event]]:
    """A live integration, not yet opened, and what is set when it has ended."""
    program = folder / "ocean"
    program.write_text(f"#!{PYTHON}\n{textwrap.dedent(ocean)}\n")
    program.chmod(0o755)
    ended = threading.Event()
    sail = Sail(folder, {"APPLICATION__PORT": str(closed_port())}, program)
    live = Live(sail, ended.set)
    try:
        yield live, ended
    finally:
        if sail._process is not None and sail._process.poll() is None:
            sail._process.kill()
            sail._process.wait()


def order(what: str, number: str = "1", seconds: float = 20) -> dict[str, Any]:
    return {
        "method": "POST",
        "path": "/integration/hook" if what != "unknown" else "/integration/none",
        "headers": {"X-Number": number},
        "body": base64.b64encode(what.encode()).decode(),
        "seconds": seconds,
    }


def test_each_delivery_comes_back_with_its_own(tmp_path: Path) -> None:
    with running(tmp_path) as (live, _):
        assert live.open(20)["executors"] == ["restart"]
        kinds = ["fine", "fails", "ignored", "own", "unknown"]
        with ThreadPoolExecutor() as together:
            fine, fails, ignored, own, unknown = together.map(
                live.deliver, [order(kind, str(number)) for number, kind in enumerate(kinds)]
            )
    assert (fine["event"], fine["status"], fine["queued"], fine["succeeded"]) == ("delivered", 200, True, True)
    assert fine["calls"] == [1, 2, 7]
    assert fine["lines"][-1] == "Event finished"
    assert fine["errors"] == []
    # Ocean says it twice on its way, and what an integration logs is its own business.
    assert [error["type"] for error in fails["errors"]] == ["KeyError"]
    assert (ignored["not_taken"], ignored["succeeded"]) == ("no processor accepted it", False)
    assert (own["queued"], own["calls"]) == (False, [1, 2])
    assert unknown == {"event": "unknown path", "paths": ["POST /integration/hook"]}


def test_a_404_of_a_route_that_is_there_is_its_own(tmp_path: Path) -> None:
    with running(tmp_path) as (live, _):
        live.open(20)
        missing = live.deliver({**order("missing"), "path": "/integration/of/none%20?x=1"})
        elsewhere = live.deliver({**order("missing", "2"), "path": "/elsewhere/of/none"})
    assert (missing["event"], missing["status"], missing["queued"]) == ("delivered", 404, False)
    assert missing["succeeded"] is False
    assert elsewhere["event"] == "unknown path"


def test_what_ocean_does_not_answer_itself_is_not_waited_for(tmp_path: Path) -> None:
    with running(tmp_path) as (live, _):
        live.open(20)
        began = time.monotonic()
        answered = live.deliver(order("in front"))
    assert time.monotonic() - began < 10
    assert (answered["event"], answered["status"], answered["body"]) == ("delivered", 503, "busy")
    assert (answered["queued"], answered["succeeded"], answered["calls"]) == (False, False, [])


def test_what_is_late_says_how_far_it_came(tmp_path: Path) -> None:
    with running(tmp_path) as (live, _):
        live.open(20)
        hangs = live.deliver(order("hangs", "1", 0.5))
        waits = live.deliver(order("waits", "2", 0.5))
    assert (hangs["event"], hangs["stage"], hangs["lines"]) == ("late", "it is being processed", ["in event of t1"])
    assert waits["stage"] == "it is waiting in the queue of its path behind others"
    assert "in event of t1" in waits["lines"]


def test_runs_are_told_apart(tmp_path: Path) -> None:
    with running(tmp_path) as (live, _):
        live.open(20)
        assert live.execute({"run": "r1", "seconds": 20})["event"] == "executed"
        assert live.execute({"run": "r2", "seconds": 20}) == {"event": "no executor", "executors": ["restart"]}
        assert live.execute({"run": "r3", "seconds": 0.2})["stage"] == "it is being executed"
        assert live.execute({"run": "r4", "seconds": 0.2})["stage"] == "it has not started to execute it"


@pytest.mark.parametrize(("what", "code"), [("ends", 3), ("killed", -9)])
def test_an_end_is_told_to_who_waits(tmp_path: Path, what: str, code: int) -> None:
    with running(tmp_path) as (live, ended):
        live.open(20)
        landed = live.deliver(order(what))
        assert (landed["event"], landed["code"]) == ("landed", code)
        assert ended.wait(5)


def test_one_that_does_not_start_is_not_waited_for(tmp_path: Path) -> None:
    with running(tmp_path, "import sys; sys.exit(3)") as (live, _), pytest.raises(LandedError, match="3"):
        live.open(20)
    (tmp_path / "ocean").unlink()
    sleeps = "import time; time.sleep(60)"
    with (
        running(tmp_path, sleeps) as (live, _),
        pytest.raises(TimeoutError, match="does not listen on port"),
    ):
        live.open(0.5)


@pytest.mark.parametrize(
    ("trace", "found"),
    [
        ('Traceback:\n  File "a", line 1\n    x\nKeyError: 1', ("builtins", "KeyError", "1")),
        ('T:\n  File "a"\n    x\nhttpx.ReadError: two\nlines: here', ("httpx", "ReadError", "two\nlines: here")),
        ('T:\n  File "a"\nOSError: 1\n\nDuring…\n\nT:\n  File "b"\na.b.Error', ("a.b", "Error", "")),
    ],
)
def test_a_traceback_says_what_was_raised(trace: str, found: tuple[str, str, str]) -> None:
    assert parsed(trace) == found
