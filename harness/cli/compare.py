"""``ocean-sandbox compare``: show what a change to an integration changes in Port."""

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli._common import DIRECTORY, complete_stubs, run, write
from sandbox.cli.command import Command, json_option
from sandbox.cli.exit_codes import DONE, FOUND
from sandbox.sizes import count

if TYPE_CHECKING:
    from rich.console import Console

    from harness.diagnosis.difference import Comparison

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
    sections={"What both versions get": ("stubs", "pairs", "config", "mapping")},
)
@click.argument("directory", type=DIRECTORY)
@click.option(
    "--against",
    required=True,
    metavar="IMAGE_OR_GIT_REF",
    help="The version to compare with: an image that the engine has, or a commit, branch or tag. "
    "Prefix it with image: or git: if it could be both.",
)
@click.option(
    "--stubs",
    multiple=True,
    metavar="FOLDER",
    shell_complete=complete_stubs,
    help="A stub folder; repeatable. Default: the one named after DIRECTORY.",
)
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="A setting of the integration; repeatable.")
@click.option("--config", type=_FILE, help="A JSON or YAML file with its configuration; --set takes precedence.")
@click.option(
    "--mapping", type=_FILE, help="A JSON or YAML file with a mapping for both. By default, each version uses its own."
)
@json_option
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Also write the result to this file, as JSON."
)
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
    """Run the same stubs through DIRECTORY and another version of it, and show what differs.

    Both run as they ship, with `ocean sail`, in sandboxes of their own. Compares the entities, the calls to the third
    party, the errors, and what else was created in Port. If DIRECTORY no longer produces some entities, it resyncs again in
    a Port that has those of the other version, and what it deletes there is shown too.
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

    from harness.diagnosis.printing import show_difference  # noqa: PLC0415

    before, after = comparison.before, comparison.after
    for sign, outcome in (("-", before), ("+", after)):
        counts = [count(len(outcome.entities), "entity", "entities")]
        counts += [f"{len(outcome.deleted)} deleted"] if outcome.deleted else []
        counts += [count(len(outcome.calls), "call"), count(len(outcome.errors), "error")]
        console.print(f"{sign} {escape(outcome.version)}: {', '.join(counts)}")
        for warning in outcome.warnings:
            console.print(f"  [yellow]warning: {escape(warning)}[/]")
    if comparison.is_same:
        console.print("[green]No difference.[/]")
    for subject, difference in comparison.differences.items():
        different = len(difference.added) + len(difference.removed) + len(difference.changed)
        console.print(f"\n[bold]{_TITLES[subject]}: {different} different[/]")
        show_difference(difference, console)


def _compare(
    directory: Path, against: str, stubs: tuple[str, ...], own: dict[str, Any], mapping: dict[str, Any] | None
) -> "Comparison":
    from harness.diagnosis import compare as comparing  # noqa: PLC0415
    from harness.diagnosis import versions  # noqa: PLC0415
    from harness.running import defaults  # noqa: PLC0415
    from harness.stubs import folder as stub_files  # noqa: PLC0415
    from sandbox import settings  # noqa: PLC0415

    in_force = settings.load()
    name = comparing.default_name(directory)
    folders = list(stubs or (directory.name,))
    # Both have the stubs of the working tree, wherever their code is.
    in_force = in_force.model_copy(update={"mappings": stub_files.find_root(directory, in_force.mappings)})
    loaded = stub_files.load(
        folders, directory, in_force.mappings, are_templated=in_force.global_templating
    )  # before anything costs time
    with tempfile.TemporaryDirectory(prefix="ocean-sandbox-compare-") as folder:
        before = versions.find(against, directory, Path(folder), in_force)
        same = comparing.Same(name, folders, own, mapping, in_force, defaults.address_of(loaded))
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
        raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE.", param_hint="--set")
    return name, value  # as the text that it is: Ocean parses it, as it does the variable that it becomes
