"""``ocean-sandbox run``: resync once, and say what came of it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.commands._asked import SECTIONS, takes_asked
from harness.commands._work import run
from sandbox import output
from sandbox.command import Command, json_option
from sandbox.endings import DONE, FOUND
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from harness.running.directory_run import Asked


@click.command(
    cls=Command,
    done="all is well",
    found="there were errors, unanswered requests, or refused entities",
    examples=["ocean-sandbox run integrations/github", "ocean-sandbox run . --kind repository --junit report.xml"],
    sections=SECTIONS,
)
@takes_asked
@json_option
@click.option("--junit", "report", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML there, too.")
def command(asked: "Asked", *, as_json: bool, report: Path | None) -> None:
    """Resync the integration in DIRECTORY once, in a sandbox, and say what came of it.

    Shown are the entities by blueprint, the calls to the third party with the stub that answered, each request that no
    stub answered with the stub to paste, what Port refused, and errors with the lines of the integration that they went
    through. DIRECTORY is the working directory by default.
    """
    from harness.running import junit, printing, summary  # noqa: PLC0415 # see _work.run
    from harness.running.directory_run import DirectoryRun  # noqa: PLC0415

    directory = asked.directory.resolve()
    try:
        with output.busy(f"resyncing {directory.name}"):
            done = run(DirectoryRun(asked).run())
        if report is not None:
            _write(report, junit.of_run(done))
    except SandboxError as error:
        if report is not None:
            _write(report, junit.of_error(directory, error))
        raise
    if as_json:
        output.show_json(summary.to_dict(done))
    else:
        printing.show(done, output.console())
    sys.exit(FOUND if summary.problems(done) else DONE)


def _write(report: Path, content: str) -> None:
    from harness.whole_file import replacing  # noqa: PLC0415

    try:
        with replacing(report, f".{report.name}.") as file:
            file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{report} cannot be written: {error.strerror}", param_hint="--junit") from error
