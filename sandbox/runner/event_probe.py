"""Reports from inside ``ocean sail`` what Ocean does with each live event and action run, for the runner to read.

Ocean answers a webhook before it has processed it, and says how that went in its log only. So this listens to what is
there to be listened to, and changes nothing: a sink of loguru, which Ocean calls in the context of the event that it
logs about, and a filter of the logger of httpcore, which says in the same context which answers of Port it got. The Port
mock numbers its answers, so each call to Port is known by the event that it was made for, however many are under way.

Source: port-ocean 0.55, core/handlers/webhook/processor_manager.py, core/handlers/actions/execution_manager.py,
context/event.py and middlewares.py.
"""

import asyncio
import contextlib
import json
import linecache
import logging
import os
import re
import socket
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from . import stacks

# Tells the Python of ``ocean sail`` (see sitecustomize.py) on which descriptor to be asked, and to answer.
VARIABLE = "OCEAN_SANDBOX_NOTES"
# As the Port mock's recording.py calls it.
_CALL = re.compile(r"b'x-ocean-sandbox-call', b'(\d+)'")
_ANSWERED = "receive_response_headers.complete"
_HTTP_LOGGER = "httpcore.http11"
_LONGEST = 20_000
# What Ocean says beside its words, as far as the runner asks for it.
_SAID = (
    "event_kind",
    "event_parent_id",
    "event_trigger_type",
    "processors_available",
    "response_status",
    "run_id",
    "success",
    "trace_id",
)


def tell_as_told() -> None:
    """Wait in a thread to be asked, where the environment says so; of what this process starts, nobody asks."""
    descriptor = int(os.environ.pop(VARIABLE))
    os.set_inheritable(descriptor, False)  # noqa: FBT003 # it has no name there
    notes = Notes(socket.socket(fileno=descriptor))
    threading.Thread(target=notes.serve, name="notes", daemon=True).start()


class Notes:
    """Writes notes, one JSON object a line.

    Args:
        connection: To the runner.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0

    def serve(self) -> None:
        """Answer until the runner hangs up: ``listen`` once, when the integration is up, and ``where`` an event stands."""
        with contextlib.suppress(OSError), self._connection.makefile("rb") as asked:
            for line in asked:
                question = json.loads(line)
                try:
                    answer = self._listen() if question["ask"] == "listen" else self._where(question["event"])
                except Exception:  # noqa: BLE001 # an Ocean that is not as we know it: who waits must hear of it
                    answer = {"failed": traceback.format_exc()}
                self._write({"note": question["ask"], **answer})

    def _listen(self) -> dict[str, Any]:
        # It runs, so these are there. Before, they would have cost its start, or have come before its own settings.
        from loguru import logger  # noqa: PLC0415
        from port_ocean.context.event import event  # noqa: PLC0415
        from port_ocean.context.ocean import ocean  # noqa: PLC0415

        self._event: Any = event
        logger.add(self._hear, level=0, format=lambda _: "")
        http = logging.getLogger(_HTTP_LOGGER)
        http.addFilter(_Calls(self, http.getEffectiveLevel()))
        http.setLevel(logging.DEBUG)
        app, config = ocean.app, ocean.config
        prefix = f"{app.route_prefix}/integration"
        routes = [each for each in app.integration_router.routes if getattr(each, "methods", None)]
        processors = getattr(app.webhook_manager, "_processors_classes", {})
        return {
            "prefix": prefix,
            "paths": sorted({f"{method} {prefix}{each.path}" for each in routes for method in each.methods}),
            # A path may be a template, such as `/hooks/{hook}`; its own expression says what that is for.
            "routes": [[sorted(each.methods), prefix, each.path_regex.pattern] for each in routes],
            "processors": {prefix + path: [each.__name__ for each in kinds] for path, kinds in processors.items()},
            "executors": sorted(getattr(getattr(app, "execution_manager", None), "_actions_executors", {})),
            "listens": bool(app.base_url and config.event_listener.should_process_webhooks),
            "acts": bool(config.actions_processor.enabled and config.event_listener.should_run_actions),
        }

    def _hear(self, message: Any) -> None:
        """A record of Ocean's log, or of the integration's; loguru calls it where the record was made."""
        record = message.record
        extra, root = record["extra"], self._root()
        if root is None and not ("request_id" in extra or "run_id" in extra):
            return
        if self._loop is None:
            with contextlib.suppress(RuntimeError):
                self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        level = record["level"]
        self._write(
            {
                "note": "log",
                "event": root and root.id,
                "run": root and root.attributes.get("run_id"),
                "request": extra.get("request_id"),
                "name": record["name"],
                "level": level.no,
                "message": record["message"][:_LONGEST],
                "line": f"{record['time']:HH:mm:ss.SSS} | {level.name: <8} | {record['message'][:_LONGEST]}",
                "said": {name: extra[name] for name in _SAID if name in extra},
                "error": _error(record),
            }
        )

    def call(self, number: int) -> None:
        """Port has answered this call of the event that is being processed here."""
        if (root := self._root()) is not None:
            self._write({"note": "call", "event": root.id, "call": number})

    def _root(self) -> Any:
        """The event that is being processed here, and not one that it has begun itself; None for none."""
        try:
            event = self._event._get_current_object()  # noqa: SLF001 # werkzeug's name for what is behind a proxy
        except Exception:  # noqa: BLE001 # Ocean's own, where there is none
            return None
        while event.parent is not None:
            event = event.parent
        return event

    def _where(self, event: str) -> dict[str, Any]:
        """Where the tasks of an event wait, or where the loop is stuck."""
        lines: list[str] = []
        for task in asyncio.all_tasks(self._loop) if self._loop else ():
            try:
                root = task.get_context().run(self._root)  # type: ignore[attr-defined] # since Python 3.12
            except RuntimeError:  # it is running: nothing else does
                frame = sys._current_frames().get(self._thread)  # noqa: SLF001 # Python's only way to another thread's
                lines += ["The event loop is busy, at:", *_stack(frame)]
                continue
            if root is not None and root.id == event:
                lines += [f"{task.get_name()} waits at:", *_lines(stacks.frames(task.get_coro()))]
        return {"event": event, "lines": lines}

    def _write(self, note: dict[str, Any]) -> None:
        with contextlib.suppress(OSError), self._lock:  # the runner has gone, and so will this process
            self._connection.sendall(json.dumps(note, default=str).encode() + b"\n")


class _Calls(logging.Filter):
    """Sees which answers of Port come; lets through what came through before.

    Args:
        notes: Where to tell.
        level: The level that the logger had.
    """

    def __init__(self, notes: Notes, level: int) -> None:
        super().__init__()
        self._notes = notes
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        message = str(record.msg)
        if message.startswith(_ANSWERED) and (call := _CALL.search(message)):
            self._notes.call(int(call[1]))
        return record.levelno >= self._level


def _error(record: Any) -> dict[str, Any] | None:
    """The exception that a record is about, as :func:`runner.report.describe` says them."""
    exception, trace = record["exception"], record["extra"].get("traceback")
    if exception is not None and exception.type is not None:
        # Ocean's patcher has put another exception in its place by now: the type and the traceback are the old ones.
        module, name, message = exception.type.__module__, exception.type.__qualname__, str(exception.value)
        trace = trace or "".join(traceback.format_exception(exception.type, exception.value, exception.traceback))
    elif isinstance(trace, str):
        module, name, message = parsed(trace)
    else:
        return None
    return {
        "type": name,
        "module": module,
        "message": message[:_LONGEST],
        "arguments": None,
        "traceback": trace[-_LONGEST:],
        "kind": None,
        "exchange": None,
        "cause": None,
    }


def parsed(trace: str) -> tuple[str, str, str]:
    """Module, name and message of the exception that a traceback ends in."""
    lines = trace.rstrip().splitlines()
    first = max(
        (at for at, line in enumerate(lines) if at and line[:1].strip() and lines[at - 1].startswith(" ")), default=0
    )
    name, _, message = "\n".join(lines[first:]).partition(": ")
    module, _, name = name.rpartition(".")
    return module or "builtins", name, message


def _lines(frames: Iterable[FrameType]) -> Iterator[str]:
    for frame in frames:
        file, number = frame.f_code.co_filename, frame.f_lineno
        yield f'  File "{file}", line {number}, in {frame.f_code.co_name}'
        if text := linecache.getline(file, number).strip():
            yield f"    {text}"


def _stack(frame: FrameType | None) -> list[str]:
    return [line for each in traceback.format_stack(frame) for line in each.rstrip().splitlines()] if frame else []
