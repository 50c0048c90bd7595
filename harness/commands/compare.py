"""``ocean-sandbox compare``: what a change to an integration changes in Port, before it is released."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import yaml
from rich.console import Console
from rich.markup import escape

from harness.commands._work import run
from harness.comparison import compare as comparing
from harness.comparison import versions
from harness.comparison.difference import Comparison
from harness.comparison.printing import show_difference
from harness.stub_files import folder as stub_files
from sandbox import settings
from sandbox.errors import SandboxError

SAME, DIFFERENT, USAGE, NOT_COMPARED = 0, 1, 2, 3
_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TITLES = {
    "entities": "Entities",
    "deleted": "Deleted entities",
    "calls": "Calls to the third party",
    "errors": "Errors",
    "resources": "Resources and mapping",
}


@click.command("compare")
@click.argument("directory", type=_DIRECTORY)
@click.option(
    "--against",
    required=True,
    metavar="IMAGE_OR_GIT_REF",
    help="The version to compare with: an image that the engine has, or a commit, branch or tag. "
    "image:… or git:… where it could be both.",
)
@click.option("--stubs", multiple=True, help="A stub folder; can be repeated. By default, the one named as DIRECTORY.")
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="A part of the integration's configuration.")
@click.option("--config", type=_FILE, help="A JSON or YAML file with its configuration, under what --set says.")
@click.option(
    "--mapping", type=_FILE, help="A JSON or YAML file with a mapping for both. By default, each has its own."
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it there as JSON, too.")
def command(  # click says what they are
    directory: Path,
    against: str,
    stubs: tuple[str, ...],
    pairs: tuple[str, ...],
    config: Path | None,
    mapping: Path | None,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run the same stubs through DIRECTORY and another version of it, and say what is different.

    Both run as they ship, with `ocean sail`, in sandboxes of their own. Compared are the entities and what was deleted,
    the calls to the third party, the errors, and what was made in Port besides.

    Exit codes: 0 the same, 1 different, 2 wrong usage, 3 could not be compared.
    """
    own = {**_mapping_of(config), **dict(map(_pair, pairs))}
    shared = _mapping_of(mapping) if mapping else None
    try:
        comparison = _compare(directory.resolve(), against, stubs, own, shared)
        content = json.dumps(comparison.to_json(), indent=2, ensure_ascii=False, default=str)
        if output is not None:
            _write(output, content)
    except SandboxError as error:
        click.echo(f"ocean-sandbox: {error}", err=True)
        sys.exit(NOT_COMPARED)
    except click.ClickException:
        raise
    except Exception as error:  # noqa: BLE001 # whatever it is, Python's own exit code for it would say "different"
        what = f"{type(error).__module__}.{type(error).__qualname__}: {error}"
        click.echo(f"ocean-sandbox: The versions could not be compared: {what}", err=True)
        sys.exit(NOT_COMPARED)
    if as_json:
        click.echo(content)
    else:
        show(comparison, Console(soft_wrap=True, highlight=False))
    sys.exit(SAME if comparison.is_same else DIFFERENT)


def show(comparison: Comparison, console: Console) -> None:
    """Print a comparison for a person.

    Args:
        comparison: What to print.
        console: Where to; colours are its to leave out.
    """
    before, after = comparison.before, comparison.after
    for sign, outcome in (("-", before), ("+", after)):
        counts = ", ".join(f"{len(getattr(outcome, name))} {name}" for name in ("entities", "calls", "errors"))
        console.print(f"{sign} {escape(outcome.version)}: {counts}")
    if comparison.is_same:
        console.print("[green]No difference.[/]")
    for subject, difference in comparison.differences.items():
        count = len(difference.added) + len(difference.removed) + len(difference.changed)
        console.print(f"\n[bold]{_TITLES[subject]}: {count} different[/]")
        show_difference(difference, console)


def _compare(
    directory: Path, against: str, stubs: tuple[str, ...], own: dict[str, Any], mapping: dict[str, Any] | None
) -> Comparison:
    in_force = settings.load()
    name = comparing.default_name(directory)
    folders = list(stubs or (directory.name,))
    # Both have the stubs of the working tree, wherever their code is.
    in_force = in_force.model_copy(update={"mappings": stub_files.find_root(directory, in_force.mappings)})
    stub_files.load(folders, directory, in_force.mappings)  # before anything costs time
    with tempfile.TemporaryDirectory(prefix="ocean-sandbox-compare-") as folder:
        before = versions.find(against, directory, Path(folder), in_force)
        same = comparing.Same(name, folders, own, mapping, in_force)
        return run(comparing.run(before, versions.working_tree(directory), same))


def _mapping_of(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))  # JSON is YAML
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise click.BadParameter(f"{file} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise click.BadParameter(f"{file} must hold an object, not {type(content).__name__}.")
    return content


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} is no NAME=VALUE.", param_hint="--set")
    return name, value  # as the text that it is: Ocean parses it, as it does the variable that it becomes


def _write(output: Path, content: str) -> None:
    try:
        output.write_text(f"{content}\n", encoding="utf-8")
    except OSError as error:
        raise SandboxError(f"{output} cannot be written: {error.strerror}.", remedy="mend --output.") from error
