"""``ocean-sandbox stubs``: converts and checks stub files."""

import itertools
import json
import os
import sys
from pathlib import Path

import click

from harness import output
from harness.stub_files.check import Finding, check, folders
from harness.stub_files.errors import StubFileError
from harness.stub_files.folder import FOLDER, SHORT, read

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Convert and check stub files."""


@command.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--output", "-o", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write there, not here."
)
@click.option("--force", is_flag=True, help="Write over what is there.")
def convert(source: Path, target: Path | None, *, force: bool) -> None:
    """Convert a stub file: WireMock's JSON to the short form (YAML), or the short form to WireMock's JSON.

    Nothing is lost either way: what the short form cannot say, it holds as it is, under `wiremock`. Exit codes: 0 done,
    1 the file is wrong, 2 wrong usage.
    """
    stubs = [placed.stub for placed in read(source, source.resolve().parent)]
    if source.suffix in SHORT:
        text = json.dumps({"mappings": stubs}, indent=2, ensure_ascii=False) + "\n"
    else:
        from harness.stub_files import short_back, short_file  # noqa: PLC0415 # only this takes a YAML writer

        text = short_file.write(short_back.from_stubs(stubs), _schema_seen_from(target or source))
    if target is None:
        click.echo(text, nl=False)
    elif target.exists() and not force:
        raise StubFileError(f"{target} is there already.", remedy="name another, or say --force.")
    else:
        target.write_text(text, encoding="utf-8")


@command.command("check")
@click.argument("given", metavar="[FOLDER]...", nargs=-1, type=_FOLDER)
@click.option(
    "--over", multiple=True, type=_FOLDER, help="A folder that FOLDER is laid over, whose body files it may name."
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check_folders(given: tuple[Path, ...], over: tuple[Path, ...], *, as_json: bool) -> None:
    """Look through stub folders (by default, ./wiremock-mappings and those below) for what is to be mended.

    It finds files that are wrong, stubs that an earlier one always answers before, body files that nobody names or that
    are missing, and what looks like a secret or like a person's data. Exit codes: 0 nothing found, 1 something found, or
    there is no such folder, 2 wrong usage.
    """
    found = list(itertools.chain(*(check(each, over) for one in given or [Path(FOLDER)] for each in folders(one))))
    if as_json:
        output.show_json([finding.to_dict() for finding in found])
    else:
        _show(found)
    sys.exit(1 if found else 0)


@command.command()
@click.option("--output", "-o", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write it there.")
def schema(target: Path | None) -> None:
    """Print the JSON Schema of the short form, which an editor completes and checks by.

    Put it beside the stub folders, and at the top of a file: `# yaml-language-server: $schema=../short_form.schema.json`.
    """
    from harness.stub_files.short_schema import FILE  # noqa: PLC0415 # jsonschema takes its time to import

    text = FILE.read_text(encoding="utf-8")
    if target is None:
        click.echo(text, nl=False)
    else:
        target.write_text(text, encoding="utf-8")


def _show(found: list[Finding]) -> None:
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
