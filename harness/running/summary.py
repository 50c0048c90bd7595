"""What a run came to: entities counted by blueprint, what went wrong, and all of it as JSON values."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.execution.errors import described, root_of
from harness.integration.resync_warnings import ResyncWarning
from harness.routes.operations import asked
from harness.running.directory_run import Run
from harness.stubs.journal import ThirdPartyCall
from sandbox.resync.sandbox import DIRECTORY
from sandbox.sizes import count

_FRAME = re.compile(r'  File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<name>.+))?')
_MARKERS = re.compile(r"\s*[~^]+\s*")


@dataclass(frozen=True)
class BlueprintCounts:
    """How many entities of a blueprint there were, each counted once.

    Args:
        blueprint: Its identifier.
        upserted: Those that Port took.
        deleted: Those that were deleted.
        refused: Those that Port refused.
    """

    blueprint: str
    upserted: int = 0
    deleted: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Failure:
    """An error of the resync, once for all kinds that had it.

    Args:
        kinds: The kinds in whose resync it was raised; none where it belongs to none.
        type: The name of its class.
        message: Its text.
        lines: Where it went through the integration's own code: ``main.py:33 in on_things: the code``.
        traceback: All of its traceback, with the integration's files by their place on this machine.
    """

    kinds: list[str]
    type: str
    message: str
    lines: list[str]
    traceback: str

    def __str__(self) -> str:
        # Of httpx's errors, the second line is advice about HTTP.
        return f"{self.type}: {self.message.partition(chr(10))[0]}"


@dataclass(frozen=True)
class CallCount:
    """The same third-party call, however often it was made: ``call`` is the first."""

    call: ThirdPartyCall
    times: int


def blueprints(run: Run) -> list[BlueprintCounts]:
    """The counts of each blueprint, in the order in which Port first got one."""
    upserted = _of_blueprints(run.result.upserted_entities)
    deleted = _of_blueprints(run.result.deleted_entities)
    refused = _of_blueprints(each.entity for each in run.result.rejected_entities)
    names = dict.fromkeys([*upserted, *refused, *deleted])
    return [BlueprintCounts(name, upserted[name], deleted[name], refused[name]) for name in names]


def _of_blueprints(entities: Iterable[dict[str, Any]]) -> Counter[str]:
    return Counter(
        blueprint
        for blueprint, _ in dict.fromkeys(
            (str(each.get("blueprint")), repr(each.get("identifier"))) for each in entities
        )
    )


def failures(run: Run) -> list[Failure]:
    """The errors of the resync; of what Ocean wraps, what the integration raised."""
    return failures_of(run.result.errors, run.directory)


def failures_of(errors: Iterable[Exception], directory: Path) -> list[Failure]:
    """Errors, each once; of what Ocean wraps, what the integration raised.

    Args:
        errors: The errors, as a result has them.
        directory: The integration's.
    """
    kinds: dict[tuple[str, str, str], list[str]] = {}
    for error in errors:
        root = root_of(error)
        key = (*described(root), str(getattr(root, "remote_traceback", "")))
        kind = getattr(error, "kind", None)
        kinds.setdefault(key, []).extend([kind] if kind else [])
    same: dict[tuple[str, str], Failure] = {}
    for (name, message, trace), of_kinds in kinds.items():
        seen = same.get((name, message))
        before = seen.kinds if seen else []
        text = trace.replace(f'"{DIRECTORY}/', f'"{directory}/')
        lines = seen.lines if seen else frames(trace)
        same[name, message] = Failure(
            list(dict.fromkeys([*before, *of_kinds])), name, message, lines, seen.traceback if seen else text
        )
    return list(same.values())


def frames(traceback: str) -> list[str]:
    """Where a traceback goes through the integration's own code, one per line: file, line, function, code.

    Args:
        traceback: As Python prints it in the container, where the integration is in ``/app``.
    """
    found, lines = [], traceback.splitlines()
    for number, line in enumerate(lines):
        if (frame := _FRAME.fullmatch(line)) is None or not frame["file"].startswith(f"{DIRECTORY}/"):
            continue
        code = lines[number + 1].strip() if number + 1 < len(lines) and lines[number + 1].startswith("    ") else ""
        where = f"{frame['file'].removeprefix(f'{DIRECTORY}/')}:{frame['line']}"
        name = f" in {frame['name']}" if frame["name"] else ""
        found.append(f"{where}{name}: {code}" if code and not _MARKERS.fullmatch(code) else f"{where}{name}")
    return found


def counted(calls: Iterable[ThirdPartyCall]) -> list[CallCount]:
    """The third-party calls, each once: by method, URL, status and stub."""
    calls = list(calls)
    times = Counter(_same(call) for call in calls)
    first = {_same(call): call for call in reversed(calls)}
    return [CallCount(first[key], count) for key, count in times.items()]


def _same(call: ThirdPartyCall) -> tuple[tuple[str, str, str], int, str | None]:
    return asked(call.request), call.response.status_code, call.stub


def dropped(run: Run) -> list[ResyncWarning]:
    """The resources of which something was fetched and no entity came, although no selector said so."""
    return [warning for warning in run.result.warnings if warning.subject == "items"]


def warnings(run: Run) -> list[ResyncWarning]:
    """Further warnings, which are not problems of the run."""
    return [warning for warning in run.result.warnings if warning.subject != "items"]


def problems(run: Run) -> list[str]:
    """Why the run is not as it should be, a few words each; nothing where all is well."""
    result, errors = run.result, failures(run)
    counts = (
        (len(run.unanswered), "unmatched request", None),
        (len(result.rejected_entities), "refused entity", "refused entities"),
        (len(errors), "error", None),
        (len(dropped(run)), "kind without entities", "kinds without entities"),
        (len(set(result.egress_attempts)), "attempt to reach the outside", "attempts to reach the outside"),
    )
    found = [count(number, one, many) for number, one, many in counts if number]
    if not (result.reconciliation_success or errors):
        found.append("the resync did not complete")
    return found


def short_places(text: str, run: Run) -> str:
    """A text with the places of stubs in short: below the folder of all stub folders, or below the only one there is.

    Args:
        text: The text.
        run: The run whose stubs they are.
    """
    if run.stubs_root is None:
        return text
    if len(run.read.folders) == 1:
        text = text.replace(f"{run.stubs_root / run.read.folders[0]}/", "")
    return text.replace(f"{run.stubs_root}/", "")


def to_dict(run: Run) -> dict[str, Any]:
    """All of a run as JSON values."""
    result = run.result
    return {
        "ok": not problems(run),
        "problems": problems(run),
        "directory": str(run.directory),
        "mapping": str(run.read.file),
        "stubs": run.read.folders,
        "port": run.read.port,
        "entry": run.entry,
        "seconds": round(run.seconds, 3),
        "timings": {name: round(seconds, 3) for name, seconds in result.timings.items()},
        "blueprints": [asdict(each) for each in blueprints(run)],
        "kinds": [asdict(each) for each in result.kinds],
        "upserted": result.upserted_entities,
        "deleted": result.deleted_entities,
        "refused": [asdict(each) for each in result.rejected_entities],
        "calls": [{**call.to_dict(), "stub": call.stub, "at": call.at} for call in run.calls],
        "unanswered": [each.to_dict() for each in run.unanswered],
        "errors": [asdict(each) for each in failures(run)],
        "dropped": [asdict(each) for each in dropped(run)],
        "warnings": [asdict(each) for each in warnings(run)],
        "egress": [str(each) for each in dict.fromkeys(result.egress_attempts)],
        "unused_stubs": [asdict(each) for each in result.unused_stubs],
        "port_calls": [
            {"method": call.request.method, "path": call.request.url.path, "status": call.response.status_code}
            for call in run.port_calls
        ],
        "log": result.logs,
    }
