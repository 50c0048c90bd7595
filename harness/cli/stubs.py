"""``ocean-sandbox stubs``: import, convert and check stub files, and copy recipes."""

import contextlib
import difflib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import _stubs_findings
from harness.cli._common import write
from harness.cli._stubs_import import command as import_stubs
from harness.cli._stubs_try import command as try_request
from sandbox.cli import output
from sandbox.cli.command import Command, Group, json_option
from sandbox.cli.exit_codes import DONE, FOUND

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sandbox.services.wiremock import WireMock

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Group)
def command() -> None:
    """Import, convert and check stub files, and copy recipes."""


command.add_command(import_stubs)
command.add_command(try_request)


@command.command(
    cls=Command,
    short_help="Convert a stub file, to the short form or back.",
    examples=["ocean-sandbox stubs convert wiremock-mappings/github/repos.json -o wiremock-mappings/github/repos.yaml"],
)
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", "-o", "target", type=_FILE, help="Write to this file instead of stdout.")
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@json_option
def convert(source: Path, target: Path | None, *, force: bool, as_json: bool) -> None:
    """Convert a stub file: WireMock's JSON to the short form (YAML), or the short form to WireMock's JSON.

    Nothing is lost either way: what the short form cannot express, it keeps unchanged under `wiremock`.
    """
    from harness.stubs.errors import StubFileError  # noqa: PLC0415 # see _work.run
    from harness.stubs.folder import SHORT, read  # noqa: PLC0415

    stubs = [placed.stub for placed in read(source.resolve(), source.resolve().parent)]
    if source.suffix in SHORT:
        text = json.dumps({"mappings": stubs}, indent=2, ensure_ascii=False) + "\n"
    else:
        from harness.stubs import short_back, short_file  # noqa: PLC0415 # only this takes a YAML writer

        text = short_file.write(short_back.from_stubs(stubs), _schema_seen_from(target or source))
    if target is not None:
        if target.exists() and not force:
            raise StubFileError(f"{target} already exists.", remedy="choose another, or pass --force.")
        write(target, text)
    if as_json:
        output.show_json({"source": source, "target": target, "stubs": len(stubs), "text": text})
    elif target is None:
        click.echo(text, nl=False)


@command.command(
    "check",
    cls=Command,
    short_help="Check stub folders for problems.",
    done="nothing found",
    found="there are problems to fix",
    examples=["ocean-sandbox stubs check", "ocean-sandbox stubs check wiremock-mappings/github --json"],
)
@click.argument("given", metavar="[FOLDER]...", nargs=-1, type=_FOLDER)
@click.option(
    "--over", multiple=True, type=_FOLDER, help="A folder that FOLDER is layered over, whose body files it may use."
)
@click.option("--each", is_flag=True, help="Show each finding, also many of one sort.")
@click.option("--ask", is_flag=True, help="Also have WireMock itself read each stub, in a container; takes a second.")
@json_option
def check_folders(given: tuple[Path, ...], over: tuple[Path, ...], *, each: bool, ask: bool, as_json: bool) -> None:
    """Check stub folders (by default, ./wiremock-mappings and the folders in it) for problems.

    It finds invalid files, stubs that never answer because an earlier one always does, body files that are unused
    or missing, and what looks like a secret or personal data.

    What is merely suspicious is a warning, which does not affect the exit code: templates that are not rendered, helpers
    and matchers that do not exist, URLs that no request can have, scenario states that no stub sets.

    What is meant to be as it is goes into .stubs-ignore.yaml in the folder, a list of entries such as
    {kind: secret, file: users.json, contains: ghp_, reason: the key of a test account that was revoked}. kind and reason are
    required.
    """
    from harness.options import settings_in_force  # noqa: PLC0415
    from harness.stubs.check import checked, folders  # noqa: PLC0415
    from harness.stubs.folder import FOLDER  # noqa: PLC0415

    named = [folder for one in given or [Path(FOLDER)] for folder in folders(one)]
    with _asked() if ask else contextlib.nullcontext() as wiremock:
        is_global = settings_in_force().global_templating
        several = [checked(folder, over, wiremock, are_templated=is_global) for folder in named]
    found = [finding for one in several for finding in one.found]
    if as_json:
        output.show_json([finding.to_dict() for finding in found])
    else:
        _stubs_findings.show(found, sum(len(one.ignored) for one in several), each=each)
    sys.exit(FOUND if any(not finding.is_warning for finding in found) else DONE)


@command.command(
    cls=Command,
    short_help="Print the JSON Schema of the short form, for editors.",
    examples=["ocean-sandbox stubs schema -o wiremock-mappings/short_form.schema.json"],
)
@click.option("--output", "-o", "target", type=_FILE, help="Write to this file instead of stdout.")
def schema(target: Path | None) -> None:
    """Print the JSON Schema of the short form, for completion and checks in an editor.

    Put it beside the stub folders, and start each file with: `# yaml-language-server: $schema=../short_form.schema.json`.
    """
    from harness.stubs.short_schema import FILE  # noqa: PLC0415 # jsonschema takes its time to import

    text = FILE.read_text(encoding="utf-8")
    if target is None:
        click.echo(text, nl=False)
    else:
        write(target, text)


@command.command(
    cls=Command,
    short_help="List the recipes, or copy one.",
    examples=["ocean-sandbox stubs recipes", "ocean-sandbox stubs recipes rate-limit -o wiremock-mappings/github"],
)
@click.argument("name", required=False)
@click.option("--output", "-o", "target", type=_FOLDER, help="The folder to copy it to.")
@json_option
def recipes(name: str | None, target: Path | None, *, as_json: bool) -> None:
    """List the recipes (stub files to start from), or copy the one called NAME to a folder.

    A test can also use one directly: `stubs = ["github", "recipes/rate-limit"]`.
    """
    from harness import bundled  # noqa: PLC0415 # as above

    known = bundled.recipes()
    if (name is None) != (target is None):
        raise click.UsageError("To copy a recipe, give both NAME and --output.")
    if name is not None and name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else f"recipes: {', '.join(known)}."
        raise click.UsageError(f"There is no recipe {name!r}: {remedy}")
    if name is None or target is None:
        if as_json:
            output.show_json(known)
        for each, what in {} if as_json else known.items():
            click.echo(f"{each:<{max(map(len, known))}}  {what}")
        return
    files = bundled.copy_recipe(name, target)
    if as_json:
        output.show_json({"written": files})
    for file in [] if as_json else files:
        click.echo(f"{file}: written")


def _asked() -> "AbstractContextManager[WireMock]":
    from harness.options import settings_in_force  # noqa: PLC0415 # as above
    from sandbox.services.lone_wiremock import lone_wiremock  # noqa: PLC0415

    return lone_wiremock(settings_in_force())


def _schema_seen_from(file: Path) -> str | None:
    """Where the schema is, as an editor asks from a file: where somebody has put it, beside the file or above."""
    for folder in (file.resolve().parent, *file.resolve().parents[1:4]):
        if (found := folder / "short_form.schema.json").is_file():
            return Path(os.path.relpath(found, file.resolve().parent)).as_posix()
    return None
