"""``ocean-sandbox compare``: say what a change to an integration changes in Port."""

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.commands._work import DIRECTORY, complete_stubs, run, write
from sandbox.command import Command, json_option
from sandbox.endings import DONE, FOUND

if TYPE_CHECKING:
    from rich.console import Console

    from harness.comparison.difference import Comparison

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TITLES = {
    "entities": "Entities",
    "deleted": "Deleted entities",
    "calls": "Calls to the third party",
    "errors": "Errors",
    "resources": "Resources and mapping",
}


@click.command(
    cls=Command,
    done="the same",
    found="different",
    examples=[
        "ocean-sandbox compare integrations/github --against main",
        "ocean-sandbox compare . --against image:github:1.2 --set token=x",
    ],
    sections={"What both are given": ("stubs", "pairs", "config", "mapping")},
)
@click.argument("directory", type=DIRECTORY)
@click.option(
    "--against",
    required=True,
    metavar="IMAGE_OR_GIT_REF",
    help="The version to compare with: an image that the engine has, or a commit, branch or tag. "
    "image:… or git:… where it could be both.",
)
@click.option(
    "--stubs",
    multiple=True,
    metavar="FOLDER",
    shell_complete=complete_stubs,
    help="A stub folder; can be repeated. By default, the one named as DIRECTORY.",
)
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="A part of the integration's configuration.")
@click.option("--config", type=_FILE, help="A JSON or YAML file with its configuration, under what --set says.")
@click.option(
    "--mapping", type=_FILE, help="A JSON or YAML file with a mapping for both. By default, each has its own."
)
@json_option
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

    Both run as they ship, with `ocean sail`, in sandboxes of their own. Compared are the entities, the calls to the third
    party, the errors, and what was made in Port besides. Where DIRECTORY makes some entities no more, it resyncs again in
    a Port that has those of the other version, and what it deletes there is told, too.
    """
    own = {**_mapping_of(config), **dict(map(_pair, pairs))}
    shared = _mapping_of(mapping) if mapping else None
    comparison = _compare(directory.resolve(), against, stubs, own, shared)
    content = json.dumps(comparison.to_json(), indent=2, ensure_ascii=False, default=str)
    if output is not None:
        write(output, f"{content}\n")
    if as_json:
        click.echo(content)
    else:
        from rich.console import Console  # noqa: PLC0415 # it takes its time to import

        show(comparison, Console(soft_wrap=True, highlight=False))
    sys.exit(DONE if comparison.is_same else FOUND)


def show(comparison: "Comparison", console: "Console") -> None:
    """Print a comparison for a person.

    Args:
        comparison: What to print.
        console: Where to; colours are its to leave out.
    """
    from rich.markup import escape  # noqa: PLC0415

    from harness.comparison.printing import show_difference  # noqa: PLC0415

    before, after = comparison.before, comparison.after
    for sign, outcome in (("-", before), ("+", after)):
        names = ("entities", "deleted", "calls", "errors") if outcome.deleted else ("entities", "calls", "errors")
        counts = ", ".join(f"{len(getattr(outcome, name))} {name}" for name in names)
        console.print(f"{sign} {escape(outcome.version)}: {counts}")
    if comparison.is_same:
        console.print("[green]No difference.[/]")
    for subject, difference in comparison.differences.items():
        count = len(difference.added) + len(difference.removed) + len(difference.changed)
        console.print(f"\n[bold]{_TITLES[subject]}: {count} different[/]")
        show_difference(difference, console)


def _compare(
    directory: Path, against: str, stubs: tuple[str, ...], own: dict[str, Any], mapping: dict[str, Any] | None
) -> "Comparison":
    from harness.comparison import compare as comparing  # noqa: PLC0415
    from harness.comparison import versions  # noqa: PLC0415
    from harness.stub_files import folder as stub_files  # noqa: PLC0415
    from sandbox import settings  # noqa: PLC0415

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
    import yaml  # noqa: PLC0415

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
