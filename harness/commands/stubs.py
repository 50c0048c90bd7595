"""``ocean-sandbox stubs``: convert and check stub files."""

import itertools
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.commands._work import write
from sandbox import output
from sandbox.command import Command, Group, json_option
from sandbox.endings import DONE, FOUND

if TYPE_CHECKING:
    from harness.stub_files.check import Finding

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Group)
def command() -> None:
    """Convert and check stub files."""


@command.command(
    cls=Command,
    short_help="Convert a stub file, to the short form or back.",
    examples=["ocean-sandbox stubs convert wiremock-mappings/github/repos.json -o wiremock-mappings/github/repos.yaml"],
)
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", "-o", "target", type=_FILE, help="Write there, not to stdout.")
@click.option("--force", is_flag=True, help="Write over what is there.")
@json_option
def convert(source: Path, target: Path | None, *, force: bool, as_json: bool) -> None:
    """Convert a stub file: WireMock's JSON to the short form (YAML), or the short form to WireMock's JSON.

    Nothing is lost either way: what the short form cannot say, it holds as it is, under `wiremock`.
    """
    from harness.stub_files.errors import StubFileError  # noqa: PLC0415 # see _work.run
    from harness.stub_files.folder import SHORT, read  # noqa: PLC0415

    stubs = [placed.stub for placed in read(source, source.resolve().parent)]
    if source.suffix in SHORT:
        text = json.dumps({"mappings": stubs}, indent=2, ensure_ascii=False) + "\n"
    else:
        from harness.stub_files import short_back, short_file  # noqa: PLC0415 # only this takes a YAML writer

        text = short_file.write(short_back.from_stubs(stubs), _schema_seen_from(target or source))
    if target is not None:
        if target.exists() and not force:
            raise StubFileError(f"{target} is there already.", remedy="name another, or say --force.")
        write(target, text)
    if as_json:
        output.show_json({"source": source, "target": target, "stubs": len(stubs), "text": text})
    elif target is None:
        click.echo(text, nl=False)


@command.command(
    "check",
    cls=Command,
    short_help="Look through stub folders for what is to be mended.",
    done="nothing found",
    found="something is to be mended",
    examples=["ocean-sandbox stubs check", "ocean-sandbox stubs check wiremock-mappings/github --json"],
)
@click.argument("given", metavar="[FOLDER]...", nargs=-1, type=_FOLDER)
@click.option(
    "--over", multiple=True, type=_FOLDER, help="A folder that FOLDER is laid over, whose body files it may name."
)
@json_option
def check_folders(given: tuple[Path, ...], over: tuple[Path, ...], *, as_json: bool) -> None:
    """Look through stub folders (by default, ./wiremock-mappings and those below) for what is to be mended.

    It finds files that are wrong, stubs that an earlier one always answers before, body files that nobody names or that
    are missing, and what looks like a secret or like a person's data.
    """
    from harness.stub_files.check import check, folders  # noqa: PLC0415
    from harness.stub_files.folder import FOLDER  # noqa: PLC0415

    found = list(itertools.chain(*(check(each, over) for one in given or [Path(FOLDER)] for each in folders(one))))
    if as_json:
        output.show_json([finding.to_dict() for finding in found])
    else:
        _show(found)
    sys.exit(FOUND if found else DONE)


@command.command(
    cls=Command,
    short_help="Print the JSON Schema of the short form, for editors.",
    examples=["ocean-sandbox stubs schema -o wiremock-mappings/short_form.schema.json"],
)
@click.option("--output", "-o", "target", type=_FILE, help="Write it there, not to stdout.")
def schema(target: Path | None) -> None:
    """Print the JSON Schema of the short form, which an editor completes and checks by.

    Put it beside the stub folders, and at the top of a file: `# yaml-language-server: $schema=../short_form.schema.json`.
    """
    from harness.stub_files.short_schema import FILE  # noqa: PLC0415 # jsonschema takes its time to import

    text = FILE.read_text(encoding="utf-8")
    if target is None:
        click.echo(text, nl=False)
    else:
        write(target, text)


def _show(found: "list[Finding]") -> None:
    if output.is_terminal() and found:
        rows = [
            [f"{each.file}:{each.line}" if each.line else each.file, each.kind, f"{each.message}: {each.remedy}"]
            for each in found
        ]
        output.show_table(["Where", "What", "Why, and what to do"], rows)
    else:
        for finding in found:
            click.echo(str(finding))
    click.echo(f"{len(found)} finding{'' if len(found) == 1 else 's'}", err=True)


def _schema_seen_from(file: Path) -> str | None:
    """Where the schema is, as an editor asks from a file: where somebody has put it, beside the file or above."""
    for folder in (file.resolve().parent, *file.resolve().parents[1:4]):
        if (found := folder / "short_form.schema.json").is_file():
            return Path(os.path.relpath(found, file.resolve().parent)).as_posix()
    return None
