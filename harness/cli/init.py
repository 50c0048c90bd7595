"""``ocean-sandbox init``: add what sandbox tests need to an integration."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sandbox.cli import output
from sandbox.cli.command import Command, json_option

if TYPE_CHECKING:
    from harness.cli.scaffold.scaffold import Scaffold


@click.command(
    cls=Command,
    done="done; the output says what is left to do, if anything",
    examples=["ocean-sandbox init integrations/github", "ocean-sandbox init --example my-registry"],
)
@click.argument("directory", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--example", is_flag=True, help="Create DIRECTORY with the example integration, its stub files and tests."
)
@json_option
def command(directory: Path, *, example: bool, as_json: bool) -> None:
    """Add what sandbox tests need to the integration in DIRECTORY.

    Writes make targets (sandbox.mk, and a Makefile or GNUmakefile that includes it), a stub folder, and a first
    test: `make test/integration` works there afterwards. DIRECTORY defaults to the working directory.

    Existing files are never changed, nothing is written through a symbolic link, and running it again changes nothing.
    """
    from harness.cli.scaffold.scaffold import scaffold  # noqa: PLC0415 # see _work.run
    from sandbox import settings  # noqa: PLC0415

    if example:
        from harness.bundled import copy_example  # noqa: PLC0415

        copy_example(directory)
    elif not directory.is_dir():
        raise click.BadParameter(f"Directory '{directory}' does not exist.", param_hint="'[DIRECTORY]'")
    # The example has its tests and stub files already.
    done = scaffold(directory.resolve(), settings.load(), with_tests=not example)
    if as_json:
        output.show_json(asdict(done))
    else:
        _show(done, directory)


def _show(done: "Scaffold", directory: Path) -> None:
    for file in done.written:
        click.echo(f"{_seen(file)}: written")
    for file in done.there:
        click.echo(f"{_seen(file)}: already exists, left unchanged")
    for note in done.notes:
        click.echo(f"note: {note}")
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
