"""``ocean-sandbox init``: write into an integration what its tests need."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.commands._work import DIRECTORY
from sandbox import output
from sandbox.command import Command, json_option

if TYPE_CHECKING:
    from harness.scaffold.scaffold import Scaffold


@click.command(
    cls=Command,
    done="it has what it needs, or the output says what is left to do",
    examples=["ocean-sandbox init integrations/github"],
)
@click.argument("directory", default=".", type=DIRECTORY)
@json_option
def command(directory: Path, *, as_json: bool) -> None:
    """Write into the integration in DIRECTORY what its tests in sandboxes need.

    These are targets for make (sandbox.mk, and a Makefile or GNUmakefile that finds them), a stub folder, and a first
    test: `make test/integration` works there afterwards. DIRECTORY is the working directory by default.

    What is there is never changed, nothing is written through a symbolic link, and a second time changes nothing.
    """
    from harness.scaffold.scaffold import scaffold  # noqa: PLC0415 # see _work.run
    from sandbox import settings  # noqa: PLC0415

    done = scaffold(directory.resolve(), settings.load())
    if as_json:
        output.show_json(asdict(done))
    else:
        _show(done, directory)


def _show(done: "Scaffold", directory: Path) -> None:
    for file in done.written:
        click.echo(f"{_seen(file)}: written")
    for file in done.there:
        click.echo(f"{_seen(file)}: is there, left as it is")
    for note in done.notes:
        click.echo(f"mind: {note}")
    for task in done.to_do:
        click.echo(f"to do: {task}")
    if not done.written:
        click.echo("nothing has changed")
    if not done.to_do:
        where = "" if directory.resolve() == Path.cwd() else f" -C {directory}"
        click.echo(f"next: make{where} test/integration")


def _seen(file: Path) -> Path:
    """A file, as seen from the working directory where it is below."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
