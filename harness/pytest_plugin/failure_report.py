"""What the report of a failing test says about its resync, so that it need not be run again to find out."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from harness.diagnosis import causes as diagnosis
from harness.diagnosis.causes import folded
from harness.execution.result import ResyncResult
from harness.pytest_plugin.printable import printable
from harness.routes.transport import UnmatchedRequestError
from harness.running.summary import failures_of
from harness.testing import session
from harness.testing.harness import IntegrationTestHarness

_CALLS = 40
_LOG_LINES = 15
_TRACEBACKS = 3
_EXPLAINED = 5
_WIDTH = 240

Section = tuple[str, str]


def causes(harness: IntegrationTestHarness) -> list[str]:
    """What was wrong with the resyncs of a test, in lines, the likeliest cause first; nothing where all was well.

    Args:
        harness: The harness of the test that failed.
    """
    return [printable(line) for line in _made(lambda: _causes(harness))]


def sections(harness: IntegrationTestHarness) -> Iterator[Section]:
    """Titles and texts for pytest's report; none before the first resync.

    Args:
        harness: The harness of the test that failed.
    """
    result = harness.results[-1] if harness.results else ResyncResult()
    if not (harness.results or harness.has_sandbox):
        return
    parts: dict[str, Callable[[], Iterable[str]]] = {
        "faults of Port that matched no call": lambda: map(str, result.unused_faults),
        "kinds": lambda: map(str, result.kinds),
        "calls": lambda: _last(_calls(harness), _CALLS, "calls"),
        "end of the integration's log": lambda: _last(folded("\n".join(result.logs)), _LOG_LINES, "lines"),
        "tracebacks": lambda: _tracebacks(result, Path(harness.integration_path)),
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


def _causes(harness: IntegrationTestHarness) -> Iterator[str]:
    result = harness.results[-1] if harness.results else ResyncResult()
    mapping = harness.port_mapping_config or result.default_resources.mapping
    resources, directory = mapping.get("resources") or [], Path(harness.integration_path)
    yield from diagnosis.causes(result, resources, directory, harness.explain_unmatched(_EXPLAINED))


def _tracebacks(result: ResyncResult, directory: Path) -> Iterator[str]:
    errors = [error for error in result.errors if not isinstance(error, UnmatchedRequestError)]
    for failure in failures_of(errors, directory)[:_TRACEBACKS]:
        yield from folded(failure.traceback)


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
