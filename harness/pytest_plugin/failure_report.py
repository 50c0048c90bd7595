"""What the report of a failing test says about its resync, so that it need not be run again to find out."""

from collections.abc import Callable, Iterable, Iterator

from harness.execution.result import RejectedEntity, ResyncResult
from harness.pytest_plugin.printable import printable
from harness.routes.transport import UnmatchedRequestError
from harness.testing import session
from harness.testing.harness import IntegrationTestHarness

_CALLS = 40
_LOG_LINES = 15
_TRACEBACK_LINES = 12
_EXPLAINED = 5
_REFUSED = 20
_WIDTH = 240

Section = tuple[str, str]


def sections(harness: IntegrationTestHarness) -> Iterator[Section]:
    """Titles and texts for pytest's report; none before the first resync.

    Args:
        harness: The harness of the test that failed.
    """
    result = harness.results[-1] if harness.results else ResyncResult()
    if not (harness.results or harness.has_sandbox):
        return
    parts: dict[str, Callable[[], Iterable[str]]] = {
        "errors of the resync": lambda: _errors(result),
        "unmatched requests": lambda: harness.explain_unmatched(_EXPLAINED),
        "what it tried to reach outside": lambda: map(str, result.egress_attempts),
        "entities refused by Port": lambda: _first(result.rejected_entities),
        "warnings": lambda: map(str, result.warnings),
        "faults of Port that matched no call": lambda: map(str, result.unused_faults),
        "kinds": lambda: map(str, result.kinds),
        "calls": lambda: _last(_calls(harness), _CALLS, "calls"),
        "end of the integration's log": lambda: _last(result.logs, _LOG_LINES, "lines"),
        "a closer look": lambda: _look(harness),
    }
    for title, lines in parts.items():
        if text := "\n".join(_made(lines)):
            yield title, printable(text)


def _made(lines: Callable[[], Iterable[str]]) -> Iterator[str]:
    """The lines; a report must not fail, least of all on what made the test fail."""
    try:
        yield from lines()
    except Exception as error:  # noqa: BLE001 # whatever it is, the other sections are worth having
        yield f"(no more of it: {error!r})"


def _errors(result: ResyncResult) -> Iterator[str]:
    for error in result.errors:
        if isinstance(error, UnmatchedRequestError):  # which the next section explains
            continue
        yield f"{type(error).__name__}: {error}"
        # Ocean wraps what a handler raises; where it was raised is what somebody wants to see.
        root: BaseException = error
        while root.__cause__ is not None:
            root = root.__cause__
        trace = str(getattr(root, "remote_traceback", "")).splitlines()
        yield from (f"    {line}" for line in trace[-_TRACEBACK_LINES:])


def _calls(harness: IntegrationTestHarness) -> list[str]:
    """Third-party calls, and of those to Port the ones about entities and the ones that failed."""
    third_party, to_port = harness.third_party_transport, harness.port_mock.transport
    calls = [(call.at, line) for call, line in zip(third_party.calls, third_party.call_lines(), strict=True)]
    calls += [
        (call.at, f"Port: {call.request.method} {path} → {call.response.status_code}")
        for call in to_port.calls
        if "/entities" in (path := call.request.url.path) or call.response.is_error
    ]
    return [line for _, line in sorted(calls)]


def _first(refused: list[RejectedEntity]) -> list[str]:
    more = [f"… and {len(refused) - _REFUSED} more"] if len(refused) > _REFUSED else []
    return [str(entity) for entity in refused[:_REFUSED]] + more


def _last(lines: list[str], count: int, what: str) -> Iterable[str]:
    shown = [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…" for line in lines[-count:]]
    return [f"… {len(lines) - count} {what} before", *shown] if len(lines) > count else shown


def _look(harness: IntegrationTestHarness) -> Iterable[str]:
    if not session.keeps():
        return [
            "`--sandbox-keep` keeps the sandboxes of the first failing tests running, and shows here how to inspect them."
        ]
    if not session.is_to_be_kept(harness):
        return [f"not kept: {session.MOST_KEPT} are kept already, or there was none"]
    commands = harness.look()
    return [
        *(f"{what + ':':<10} {command}" for what, command in commands.items()),
        "kept for an hour, or until `ocean-sandbox reap --kept`",
    ]
