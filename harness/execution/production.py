"""Runs an integration as it ships: its input, and how its end is interpreted.

It gets its configuration as variables, and nothing else from us: ``ocean sail`` with the listener ONCE starts, makes its
default resources, runs its ``on_start`` handlers beside the resync, and ends. Start and resync are one program here, and
share the time that ``resync_timeout`` gives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.execution import shipped, tracebacks
from sandbox.errors import IntegrationError, ResyncCrashedError
from sandbox.resync.egress import merge, with_attempts
from sandbox.resync.report import Report
from sandbox.resync.sandbox import DIRECTORY

_LOG_LINES = 60
_TRACE = "Traceback (most recent call last):"
_SAILS = "Setting sail"  # what is printed before is a logo
# port_ocean 0.55: the command ends with 1 where the configuration, main.py or the creation of default resources raises,
# and uvicorn with 3 where the start-up does.
_NO_START = {
    0: "nothing failed, and nothing was resynced",
    1: "its configuration, its main.py or the creation of its resources",
    3: "its start-up",
}


def config(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration for ``ocean sail``: the test's, with the listener that resyncs once and ends.

    Args:
        base: What a sandbox needs. Of it, production gets Port's credentials and the integration's name only.
        overrides: What the test says.
    """
    needed = {name: base[name] for name in ("port", "integration")}
    return {**needed, **overrides, "event_listener": {"type": "ONCE"}}


def read(report: Report, state: dict[str, Any], logs: Sequence[str], source: Path) -> Report:
    """What a resync came to, from what Port was told of it.

    Args:
        report: What the runner knows: the exit code.
        state: What the Port mock keeps, since the resync began.
        logs: What the integration printed.
        source: Where it came from, for messages.

    Raises:
        IntegrationError: It ended before it began to resync.
        ResyncCrashedError: It ended in the middle.
    """
    success = shipped.succeeded(state)
    is_over = bool(state["resync_states"]) and state["resync_states"][-1].get("status") != "running"
    if success is None or (report.exit_code and not is_over):
        raise _ended_early(report, state, logs, source, has_begun=success is not None)
    return replace(report, success=bool(success), failures=shipped.failures(state))


def since(state: dict[str, Any], before: Mapping[str, int]) -> dict[str, Any]:
    """``state`` without what a resync before this one reported.

    Args:
        state: What the Port mock keeps.
        before: How much of each list there was.
    """
    return {name: value[before.get(name, 0) :] if name in before else value for name, value in state.items()}


def sizes(state: dict[str, Any]) -> dict[str, int]:
    """How much Port was told so far, for :func:`since`."""
    return {name: len(state[name]) for name in ("resync_states", "logs", "metrics")}


def _ended_early(
    report: Report, state: dict[str, Any], logs: Sequence[str], source: Path, *, has_begun: bool
) -> Exception:
    lines = [line.replace(f"{DIRECTORY}/", f"{source}/") for line in logs]
    start = next((number for number, line in enumerate(lines) if line.startswith(_SAILS)), 0)
    detail = with_attempts("\n".join(lines[start:][-_LOG_LINES:]), merge(report.egress, state["refusals"]))
    ended = f"`ocean sail` ended with exit code {report.exit_code}"
    if has_begun:
        return ResyncCrashedError(
            f"The integration at {source} died while resyncing: {ended}.",
            remedy="see the end of its log below.",
            detail=detail,
        )
    why = [_NO_START.get(report.exit_code or 0), _last_error(lines)]
    return IntegrationError(
        f"The integration at {source} does not start: {': '.join([ended, *filter(None, why)])}",
        remedy="the end of its log is below; fix create_integration_config() in the test (for a command: --config "
        f"NAME=VALUE) to match {source}/.port/spec.yaml, or whatever ends it in {source}/main.py.",
        detail=detail,
    )


def _last_error(lines: Sequence[str]) -> str | None:
    """The exception that the last traceback of a log tells of; log records come with one, too, and are cut off."""
    starts = [number for number, line in enumerate(lines) if line == _TRACE]
    found = tracebacks.read("\n".join(lines[starts[-1] :])) if starts else []
    return f"{found[-1].type}: {found[-1].message.partition(chr(10))[0]}" if found else None
