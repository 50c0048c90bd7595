"""The trace of one resync of a directory."""

from harness.running.directory_run import Run
from harness.trace import cleaning, collect, page
from harness.trace.file import made
from harness.trace.model import Trace


def page_of(run: Run) -> str:
    """The page that shows a resync.

    Args:
        run: The resync.

    Raises:
        TraceError: A secret would be in it.
    """
    given = collect.Given.of_directory(run)
    runs = collect.runs_of(given, [run.result])
    trace = Trace(run.directory.name, "finished", run.seconds, runs, made=made())
    return page.page(trace, cleaning.knowing([(run.directory, given.config)]))
