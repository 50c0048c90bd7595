"""A running integration: delivers webhooks and action runs to it, and reports the outcome of each."""

import base64
import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from .sail import Sail

_LOOK_SECONDS = 0.02
_ASK_SECONDS = 2.0
_ERROR = 40
# What fails there, Ocean reports nowhere else. What an integration logs and goes on after is not for us to call a failure.
_OCEANS_OWN = (
    "port_ocean.context.event",
    "port_ocean.core.handlers.actions.execution_manager",
    "port_ocean.core.handlers.webhook.processor_manager",
    "port_ocean.middlewares",
)
_NO_EXECUTOR = "No Executors registered"
# The first with OCEAN__EVENTS_DEBUG_LOGGING only, the second before port-ocean 0.55 only.
_QUEUED = ("Got webhook event", "Event Added To Queue")
_NO_ROUTE = ('{"detail":"Not Found"}', '{"detail":"Method Not Allowed"}')  # FastAPI's own words
_NOT_TAKEN = ("Unknown webhook event type received", "Webhook processors are available")


class LandedError(Exception):
    """``ocean sail`` has ended, and was not meant to.

    Args:
        code: Its exit code.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"ocean sail ended with exit code {code}")
        self.code = code


@dataclass
class _Event:
    """What was noted about one event."""

    is_over: bool = False
    succeeded: bool = False
    calls: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    not_taken: str = ""

    def hear(self, note: dict[str, Any]) -> None:
        """Take a record of Ocean's log over."""
        self.lines.append(note["line"])
        error, is_oceans_own = note["error"], note["name"] in _OCEANS_OWN
        if is_oceans_own and error is not None and note["level"] >= _ERROR:
            same = [
                each for each in self.errors if (each["type"], each["message"]) == (error["type"], error["message"])
            ]
            self.errors += [] if same else [error]  # Ocean logs some twice, on their way
        if is_oceans_own and note["message"].startswith(_NOT_TAKEN):
            names = note["said"].get("processors_available") or []
            self.not_taken = (
                f"{', '.join(names)}: none of their kinds is in the mapping" if names else "no processor accepted it"
            )
        if is_oceans_own and note["message"] == "Event finished" and not note["said"].get("event_parent_id"):
            self.is_over, self.succeeded = True, bool(note["said"].get("success"))

    def to_json(self) -> dict[str, Any]:
        """What the other side is told."""
        return {"calls": self.calls, "lines": self.lines, "errors": self.errors, "not_taken": self.not_taken}


class Live:
    """A running ``ocean sail``.

    Args:
        sail: It, not yet started.
        on_end: Called from a thread when it has ended.
    """

    def __init__(self, sail: Sail, on_end: Callable[[], None]) -> None:
        self._sail = sail
        self._on_end = on_end
        self._notes, theirs = socket.socketpair()
        with theirs:
            sail.start(theirs)
        self._changed = threading.Condition()
        self._has_hung_up = False
        self._answers: list[dict[str, Any]] = []
        self._events: dict[str, _Event] = {}
        self._of_requests: dict[str, _Event] = {}
        self._answered: set[str] = set()
        self._traces: dict[str, str] = {}
        self._of_traces: dict[str, str] = {}
        self._of_runs: dict[str, str] = {}
        self._without_executor: set[str] = set()
        self._told: dict[str, Any] = {}
        self._asking = threading.Lock()
        threading.Thread(target=self._read, name="notes", daemon=True).start()

    def open(self, seconds: float) -> dict[str, Any]:
        """Wait until it serves, and begin to listen.

        Args:
            seconds: How long that may take.

        Returns:
            What it takes: ``paths`` with their methods, ``processors`` by path, ``executors``; whether it ``listens`` to
            webhooks, and ``acts`` on runs.

        Raises:
            LandedError: It has ended.
            TimeoutError: It does not serve.
        """
        deadline = time.monotonic() + seconds
        while not self._serves():
            if (code := self._sail.code()) is not None:
                raise LandedError(code)
            if time.monotonic() > deadline:
                message = f"it does not listen on port {self._sail.port}"
                raise TimeoutError(message)
            time.sleep(_LOOK_SECONDS)
        self._told = self._ask({"ask": "listen"}, max(deadline - time.monotonic(), _ASK_SECONDS))
        return self._told

    def deliver(self, order: dict[str, Any]) -> dict[str, Any]:
        """Send one webhook, and wait until it has been processed.

        Args:
            order: ``method``, ``path``, ``headers``, ``body`` (base64), and how many ``seconds`` it may take.
        """
        deadline = time.monotonic() + order["seconds"]
        try:
            status, text, request = self._send(order)
        except TimeoutError:
            return {"event": "late", "stage": "it has not answered the request", "lines": []}
        except (OSError, http.client.HTTPException):
            if not self._wait(lambda: self._has_hung_up, time.monotonic() + _ASK_SECONDS):
                raise
            return {"event": "landed", "code": self._code()}
        if not request:  # something in front of Ocean has answered, of which Ocean notes nothing
            ours = {**_Event().to_json(), "queued": False, "succeeded": status < http.client.BAD_REQUEST}
            return {"event": "delivered", "status": status, "body": text, **ours}
        if text in _NO_ROUTE and not self._knows(order):
            return {"event": "unknown path", "paths": self._told["paths"]}
        return {"event": "delivered", "status": status, "body": text, **self._outcome(request, status, deadline)}

    def _outcome(self, request: str, status: int, deadline: float) -> dict[str, Any]:
        """What became of what a request brought; ``event`` only where nothing did."""
        # Ocean notes the end of a request after all else about it, so that nothing comes later that says it was queued.
        if not self._wait(lambda: request in self._answered, deadline):
            return self._late_or_landed("it has answered, but not finished the request")
        asked = self._of_requests[request].to_json()
        trace = self._traces.get(request)
        if trace is None:
            return {**asked, "queued": False, "succeeded": status < http.client.BAD_REQUEST}
        if not self._wait(lambda: trace in self._of_traces, deadline):
            return self._late_or_landed("it is waiting in the queue of its path behind others", others=True)
        root = self._of_traces[trace]
        if not self._wait(lambda: self._events[root].is_over, deadline):
            return self._late_or_landed("it is being processed", root)
        outcome = self._events[root].to_json()
        for name in ("calls", "lines", "errors"):
            outcome[name] = asked[name] + outcome[name]
        return {**outcome, "queued": True, "succeeded": self._events[root].succeeded}

    def execute(self, order: dict[str, Any]) -> dict[str, Any]:
        """Wait until a run that is in Port was executed.

        Args:
            order: The ``run``, and how many ``seconds`` it may take.
        """
        run, deadline = order["run"], time.monotonic() + order["seconds"]

        def is_known() -> bool:
            return run in self._of_runs or run in self._without_executor

        if not self._wait(is_known, deadline):
            return self._late_or_landed("it has not started to execute it", others=True)
        if run in self._without_executor:
            return {"event": "no executor", "executors": self._told["executors"]}
        root = self._of_runs[run]
        event = self._events[root]
        if not self._wait(lambda: event.is_over, deadline):
            return self._late_or_landed("it is being executed", root)
        return {"event": "executed", **event.to_json()}

    def _knows(self, order: dict[str, Any]) -> bool:
        """Whether there is a route, so that the answer is the route's own, be it in the words of FastAPI."""
        path = unquote(order["path"].partition("?")[0])
        return any(
            order["method"] in methods and path.startswith(prefix) and re.search(pattern, path.removeprefix(prefix))
            for methods, prefix, pattern in self._told["routes"]
        )

    def _send(self, order: dict[str, Any]) -> tuple[int, str, str]:
        """Status and body of the answer, and the number that Ocean gave the request."""
        connection = http.client.HTTPConnection("127.0.0.1", self._sail.port, timeout=order["seconds"])
        try:
            connection.request(order["method"], order["path"], base64.b64decode(order["body"]), order["headers"])
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
            return response.status, text, response.getheader("X-Request-ID") or ""
        finally:
            connection.close()

    def _serves(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._sail.port, timeout=1)
        try:
            connection.request("GET", "/health/ready")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        else:
            return True
        finally:
            connection.close()

    def _late_or_landed(self, stage: str, root: str | None = None, *, others: bool = False) -> dict[str, Any]:
        """Why there is no outcome: it has ended, or it is late, and then where the event stands.

        Args:
            stage: How far it came.
            root: The event; None for one that was not begun.
            others: Whether what it waits for are events that are being processed.
        """
        if self._has_hung_up or self._sail.code() is not None:
            return {"event": "landed", "code": self._code()}
        wanted = [root] if root else []
        if others:
            wanted = [each for each, event in self._events.items() if not event.is_over]
        lines = [line for each in wanted for line in self._where(each)]
        return {"event": "late", "stage": stage, "lines": lines}

    def _code(self) -> int | None:
        """The exit code, which comes a moment after the last note. Where a signal was the end, it is this process's too."""
        deadline = time.monotonic() + _ASK_SECONDS
        while time.monotonic() < deadline and ((code := self._sail.code()) is None or code < 0):
            time.sleep(_LOOK_SECONDS)
        return self._sail.code()

    def _where(self, root: str) -> list[str]:
        try:
            lines: list[str] = self._ask({"ask": "where", "event": root}, _ASK_SECONDS)["lines"]
        except (OSError, TimeoutError, RuntimeError) as error:
            return [f"(it does not say where: {error!r})"]
        return lines

    def _ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any]:
        with self._asking:
            self._answers.clear()
            self._notes.sendall(json.dumps(question).encode() + b"\n")
            if not self._wait(lambda: bool(self._answers), time.monotonic() + seconds):
                message = "no answer"
                raise TimeoutError(message)
            answer = self._answers.pop()
        if "failed" in answer:
            raise RuntimeError(answer["failed"])
        return answer

    def _wait(self, is_so: Callable[[], bool], deadline: float) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: is_so() or self._has_hung_up, timeout=max(deadline - time.monotonic(), 0))
            return is_so()

    def _read(self) -> None:
        try:
            with self._notes.makefile("rb") as lines:
                for line in lines:
                    try:
                        note = json.loads(line)
                    except ValueError:  # half a note: it died in the middle, or another has written in between
                        continue
                    with self._changed:
                        self._take(note)
                        self._changed.notify_all()
        finally:
            # Whatever ended it: who waits would wait for as long as an event may take.
            with self._changed:
                self._has_hung_up = True
                self._changed.notify_all()
            self._on_end()

    def _take(self, note: dict[str, Any]) -> None:
        root = note.get("event")
        event = self._events.setdefault(root, _Event()) if root else None
        if note["note"] == "call" and event is not None:
            event.calls.append(note["call"])
        elif note["note"] == "log":
            self._hear(note, root, event)
        elif note["note"] != "call":
            self._answers.append(note)

    def _hear(self, note: dict[str, Any], root: str | None, event: _Event | None) -> None:
        said, request = note["said"], note["request"]
        if request:
            # What is said about the request belongs to it, be it inside of an event or not.
            before, event = event, self._of_requests.setdefault(request, event or _Event())
            if root and before is not None and before is not event:
                event.calls += before.calls
                self._events[root] = event
            if note["message"].startswith(_QUEUED) and "trace_id" in said:
                self._traces[request] = said["trace_id"]
            if "response_status" in said:
                self._answered.add(request)
        elif root and said.get("event_kind") == "http_request" and "trace_id" in said:
            self._of_traces.setdefault(said["trace_id"], root)
        if note["run"] and root:
            self._of_runs.setdefault(note["run"], root)
        if note["message"].startswith(_NO_EXECUTOR) and note["name"] in _OCEANS_OWN:
            self._without_executor.add(said.get("run_id", ""))
        if event is not None:
            event.hear(note)
