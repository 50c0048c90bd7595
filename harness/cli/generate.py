"""``ocean-sandbox generate``: generate a test from a recording."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from harness.cli._common import DIRECTORY, complete_stubs, run
from sandbox.cli import output
from sandbox.cli.command import Command, json_option

if TYPE_CHECKING:
    from harness.replay.generate import Generation


@click.command(
    cls=Command,
    examples=["ocean-sandbox generate integrations/github", "ocean-sandbox generate --full --as stubs ."],
)
@click.argument("directory", default=".", type=DIRECTORY)
@click.option(
    "--from",
    "archive",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A HAR file to replay in place of the recording; it is redacted before anything is written.",
)
@click.option(
    "--allow",
    "allowed",
    metavar="PATH",
    multiple=True,
    help="With --from, as of `ocean-sandbox discover`.",
)
@click.option("--full", is_flag=True, help="Keep everything: cut nothing, and replay every entity.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["python", "stubs", "auto"]),
    default="auto",
    help="Write routes into the test, or stub files into a stub folder; default: stub files for more than 1,000 answers.",
)
@click.option(
    "--folder",
    metavar="NAME",
    shell_complete=complete_stubs,
    help="The stub folder; default: named after the integration.",
)
@click.option("--force", is_flag=True, help="Overwrite files even if they were edited.")
@click.option(
    "--no-replay",
    is_flag=True,
    help="Do not try the test in a sandbox; needs --full, and asserts the recorded entities.",
)
@json_option
def command(
    directory: Path,
    *,
    full: bool,
    form: Literal["python", "stubs", "auto"],
    folder: str | None,
    force: bool,
    no_replay: bool,
    archive: Path | None,
    allowed: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write DIRECTORY/tests/test_integration_resync.py from what `ocean-sandbox discover` recorded.

    Lists are cut to two items, unless you pass --full. The test is tried in a sandbox before it is written: it asserts
    the entities that the replay produces, which are all or some of those in the recording. DIRECTORY defaults to the working
    directory.
    """
    from harness.replay.generate import Wanted, generate  # noqa: PLC0415 # see _work.run
    from sandbox import settings  # noqa: PLC0415

    wanted = Wanted(form, full, force, not no_replay, folder, archive, allowed)
    done = run(generate(directory.resolve(), wanted, settings.load()))
    if as_json:
        files = {"written": done.files.written, "edited": done.files.edited}
        told = {"requests": done.requests, "routes": done.routes, "entities": done.counts, "warnings": done.warnings}
        taken = {"left_out": done.taken.left_out, "notes": done.taken.notes} if done.taken else {}
        output.show_json({**files, **told, **taken})
    else:
        _show(done)


def _show(done: "Generation") -> None:
    for warning in done.warnings:
        click.echo(f"note: {warning}", err=True)
    for path in done.files.edited:
        click.echo(f"{path}: edited by you, and already up to date")
    for path in done.files.written:
        click.echo(f"{path}: written")
    if not done.files.written:
        click.echo("nothing has changed")
    counts = ", ".join(f"{count} {blueprint}" for blueprint, count in done.counts.items())
    click.echo(f"{done.requests} recorded requests, {done.routes} routes; {counts or 'no entities'}")
