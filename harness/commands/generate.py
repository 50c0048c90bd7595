"""``ocean-sandbox generate``: makes of a recording a test that replays it."""

from pathlib import Path
from typing import get_args

import click

from harness.commands._work import run
from harness.generation.generate import Form, Generation, Wanted, generate
from sandbox import settings


@click.command()
@click.argument("directory", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--full", is_flag=True, help="Keep everything: nothing is cut, and every entity is replayed.")
@click.option(
    "--as",
    "form",
    type=click.Choice(get_args(Form)),
    default="python",
    show_default=True,
    help="Routes in the test, or stub files in wiremock-mappings/<integration>/.",
)
@click.option("--folder", help="The stub folder; by default, named as the integration.")
@click.option("--force", is_flag=True, help="Overwrite files that a person edited.")
@click.option(
    "--no-replay", is_flag=True, help="Do not try the test in a sandbox; needs --full, and asserts what was recorded."
)
def command(directory: Path, *, full: bool, form: Form, folder: str | None, force: bool, no_replay: bool) -> None:
    """Write DIRECTORY/tests/test_integration_resync.py from what `ocean-sandbox discover` recorded.

    Lists are cut to two items, unless --full. The test is tried in a sandbox before it is written: it asserts the
    entities that the replay gives, which are those of the recording, or a part of them.
    """
    wanted = Wanted(form, full, force, not no_replay, folder)
    _show(run(generate(directory.resolve(), wanted, settings.load())))


def _show(done: Generation) -> None:
    for warning in done.warnings:
        click.echo(f"mind: {warning}", err=True)
    for path in done.files.edited:
        click.echo(f"{path}: edited by you, nothing new for it")
    for path in done.files.written:
        click.echo(f"{path}: written")
    if not done.files.written:
        click.echo("nothing has changed")
    counts = ", ".join(f"{count} {blueprint}" for blueprint, count in done.counts.items())
    click.echo(f"{done.requests} recorded requests, {done.routes} routes; {counts or 'no entities'}")
