"""The trace of one resync of a directory."""

from collections.abc import Sequence
from typing import Any

from harness.diagnosis.accepted import Accepted
from harness.diagnosis.outcome import outcome_of
from harness.running.directory_run import Run
from harness.trace import cleaning, collect, expected, page
from harness.trace.file import made
from harness.trace.model import Trace


def page_of(run: Run, items: Sequence[Sequence[Any]] | None = None, accepted: Accepted | None = None) -> str:
    """The page that shows a resync.

    Args:
        run: The resync.
        items: The raw items of each resource of its mapping; None to look for them in what the third party answered.
        accepted: What somebody has accepted, if anybody has.

    Raises:
        TraceError: A secret would be in it.
        SnapshotError: What was accepted cannot be read.
    """
    given = collect.Given.of_directory(run, items)
    runs = collect.runs_of(given, [run.result])
    trace = Trace(run.directory.name, "finished", run.seconds, runs, made=made())
    if accepted is not None and (found := accepted.difference(outcome_of("now", run.result))):
        title = f"Accepted in {accepted.file.relative_to(run.directory)}"
        trace.differences.append(expected.of_accepted(title, found, runs[0].entities))
    return page.page(trace, cleaning.knowing([(run.directory, given.config)]))
