"""``ocean-sandbox report``: one resync of a directory, and all of it in an HTML file."""

import sys
from pathlib import Path
from typing import Any

import click

from harness import output
from harness.commands._asked import takes_asked
from harness.commands._work import run
from harness.comparison.outcome import outcome_of
from harness.explanation.explain import raw_items
from harness.options import settings_in_force
from harness.running import summary
from harness.running.directory_run import Asked, DirectoryRun, Run
from harness.watching.accepted import Accepted
from sandbox.errors import SandboxError

FINE, WRONG, NOT_RUN = 0, 1, 3


@click.command()
@takes_asked
@click.option(
    "--output",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; by default, .sandbox-traces/<name of DIRECTORY>.html.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the file's name, and what is wrong, as JSON.")
def command(asked: Asked, *, file: Path | None, as_json: bool) -> None:
    """Resync the integration in DIRECTORY in a sandbox, and write what happened into one HTML file.

    It shows the calls to the third party and to Port and the log on one axis of time, each entity with the answer that it
    is from and the mapping step by step, and what is wrong. It is to be opened in a browser, and needs no network.
    A second resync gets the raw items.

    Exit codes: 0 all is well, 1 there were errors, unanswered or refused things, or entities other than accepted, 2 wrong usage, 3 it could not be run.
    """
    from harness.trace import file as files  # noqa: PLC0415 # they take their time to import
    from harness.trace import of_directory  # noqa: PLC0415

    directory = asked.directory.resolve()
    try:
        with output.busy(f"resyncing {directory.name}"):
            done, items = run(_resynced(DirectoryRun(asked)))
            accepted = Accepted(directory, done.read.folders, asked)
            html = of_directory.page_of(done, items, accepted)
            is_other = bool(accepted.difference(outcome_of("now", done.result)))
        is_ours, file = file is None, file or settings_in_force().trace_folder / f"{directory.name}.html"
        files.keep(html, file, is_ours=is_ours)
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be written: {error.strerror}", param_hint="--output") from error
    except SandboxError as error:
        click.echo(f"ocean-sandbox: {error}", err=True)
        sys.exit(NOT_RUN)
    found = summary.problems(done) + ([f"other than accepted in {accepted.file.name}"] if is_other else [])
    if as_json:
        output.show_json({"ok": not found, "problems": found, "file": str(file.resolve()), "bytes": len(html.encode())})
    else:
        entities = _counted(len(done.result.upserted_entities), "entity", "entities")
        calls = _counted(len(done.calls), "call", "calls")
        click.echo(f"{directory.name}: {', '.join([entities, calls, *(found or ['all is well'])])}")
        click.echo(f"{file} shows all of it in a browser")
    sys.exit(WRONG if found else FINE)


async def _resynced(directory: DirectoryRun) -> tuple[Run, list[list[Any]] | None]:
    """The resync that is shown, and one more for the raw items, which Ocean does not keep."""
    done = await directory.run()
    try:
        return done, await raw_items(directory, done.read)
    except SandboxError:  # what there is to show is there; the items are looked for in the answers then
        return done, None


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
