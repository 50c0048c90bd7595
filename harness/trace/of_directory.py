"""The trace of one resync of a directory."""

from collections.abc import Sequence
from typing import Any

from harness.running.directory_run import Run
from harness.trace import cleaning, collect, page
from harness.trace.file import made
from harness.trace.model import Trace


def page_of(run: Run, items: Sequence[Sequence[Any]] | None = None) -> str:
    """The page that shows a resync.

    Args:
        run: The resync.
        items: The raw items of each resource of its mapping; None to look for them in what the third party answered.

    Raises:
        TraceError: A secret would be in it.
    """
    given = collect.Given.of_directory(run, items)
    runs = collect.runs_of(given, [run.result])
    trace = Trace(run.directory.name, "finished", run.seconds, runs, made=made())
    return page.page(trace, cleaning.knowing([(run.directory, given.config)]))
