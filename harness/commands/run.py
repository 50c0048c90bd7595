"""``ocean-sandbox run``: one resync of a directory, and what came of it."""

import sys
from pathlib import Path

import click

from harness import output
from harness.commands._asked import takes_asked
from harness.commands._work import run
from harness.running import junit, printing, summary
from harness.running.directory_run import Asked, DirectoryRun
from harness.whole_file import replacing
from sandbox.errors import SandboxError

FINE, WRONG, NOT_RUN = 0, 1, 3


@click.command()
@takes_asked
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@click.option("--junit", "report", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML there, too.")
def command(asked: Asked, *, as_json: bool, report: Path | None) -> None:
    """Resync the integration in DIRECTORY once, in a sandbox, and say what came of it.

    Shown are the entities by blueprint, the calls to the third party with the stub that answered, each request that no
    stub answered with the stub to paste, what Port refused, and errors with the lines of the integration that they went
    through.

    Exit codes: 0 all is well, 1 there were errors, unanswered or refused things, 2 wrong usage, 3 it could not be run.
    """
    directory = asked.directory.resolve()
    try:
        with output.busy(f"resyncing {directory.name}"):
            done = run(DirectoryRun(asked).run())
        if report is not None:
            _write(report, junit.of_run(done))
    except SandboxError as error:
        if report is not None:
            _write(report, junit.of_error(directory, error))
        if as_json:
            said = {"kind": type(error).__name__, "what": error.what, "remedy": error.remedy, "detail": error.detail}
            output.show_json({"ok": False, "directory": str(directory), "error": said})
        click.echo(f"ocean-sandbox: {error}", err=True)
        sys.exit(NOT_RUN)
    if as_json:
        output.show_json(summary.to_dict(done))
    else:
        printing.show(done, output.console())
    sys.exit(WRONG if summary.problems(done) else FINE)


def _write(report: Path, content: str) -> None:
    try:
        with replacing(report, f".{report.name}.") as file:
            file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{report} cannot be written: {error.strerror}", param_hint="--junit") from error
