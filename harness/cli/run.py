"""``ocean-sandbox run``: resync once, and show the outcome."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli._common import run
from harness.cli._resync_options import SECTIONS, takes_asked
from sandbox.cli import output
from sandbox.cli.command import Command, json_option
from sandbox.cli.exit_codes import DONE, FOUND
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from harness.running.directory_run import Asked, Run


@click.command(
    cls=Command,
    done="all is well",
    found="there were errors, unmatched requests, refused entities, or kinds without entities",
    examples=["ocean-sandbox run integrations/github", "ocean-sandbox run . --kind repository --junit report.xml"],
    sections=SECTIONS,
)
@takes_asked
@json_option
@click.option(
    "--junit", "report", type=click.Path(dir_okay=False, path_type=Path), help="Also write JUnit XML to this file."
)
def command(asked: "Asked", *, as_json: bool, report: Path | None) -> None:
    """Resync the integration in DIRECTORY once, in a sandbox, and show the outcome.

    Shows the entities by blueprint, the calls to the third party with the stub that answered, each unmatched
    request with a stub to paste, what Port refused, errors with the lines of the integration that they passed
    through, why fetched items became no entity, and warnings. DIRECTORY defaults to the working directory.
    """
    from harness.running import junit, printing, summary  # noqa: PLC0415 # see _work.run

    directory = asked.directory.resolve()
    try:
        with output.busy(f"resyncing {directory.name}"):
            done = run(_resynced(asked))
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


async def _resynced(asked: "Asked") -> "Run":
    from harness.diagnosis.explained_run import explained  # noqa: PLC0415
    from harness.running.directory_run import DirectoryRun  # noqa: PLC0415

    directory = DirectoryRun(asked)
    return await explained(directory, await directory.run())


def _write(report: Path, content: str) -> None:
    from harness.atomic_write import replacing  # noqa: PLC0415

    try:
        with replacing(report, f".{report.name}.") as file:
            file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{report} cannot be written: {error.strerror}", param_hint="--junit") from error
