"""Writes the trace of a test to a file named after the test."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.testing.current import harnesses
from harness.testing.harness import IntegrationTestHarness
from harness.testing.session import results
from harness.trace import cleaning, collect, expected, page
from harness.trace.file import file_of, keep, made
from harness.trace.model import Outcome, Problem, Trace


def write(item: pytest.Item, reports: Sequence[pytest.TestReport], folder: Path) -> Path | None:
    """Write what the harnesses of a test did.

    Args:
        item: The test.
        reports: What pytest said of it so far: of its setup, its call, its teardown.
        folder: Where to.

    Returns:
        The file; None where nothing was run.

    Raises:
        TraceError: A secret would be in it.
        OSError: It cannot be written.
    """
    ran = [(harness, found) for harness in harnesses() if (found := results(harness))]
    if not ran:
        return None
    failed = [report for report in reports if report.failed]
    outcome: Outcome = "failed" if failed else "passed"
    given = [(collect.Given.of_harness(harness), results) for harness, results in ran]
    trace = Trace(
        item.nodeid,
        outcome,
        sum(report.duration for report in reports),
        [run for each, results in given for run in collect.runs_of(each, results)],
        [_failure(report) for report in failed],
        expected.of_fixtures(getattr(item, "funcargs", {})),
        made(),
    )
    return keep(
        page.page(trace, cleaning.knowing([_configured(harness) for harness, _ in ran])), file_of(item.nodeid, folder)
    )


def _configured(harness: IntegrationTestHarness) -> tuple[Path, dict[str, Any]]:
    return Path(harness.integration_path), harness.config()


def _failure(report: pytest.TestReport) -> Problem:
    crash = getattr(getattr(report.longrepr, "reprcrash", None), "message", "")
    text = report.longreprtext
    first = next((line for line in (crash or text).splitlines() if line.strip()), "it failed")
    title = first if report.when == "call" else f"in its {report.when}: {first}"
    return Problem("failure", title, trace=text)
