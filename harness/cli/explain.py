"""``ocean-sandbox explain``: explain why an entity is missing or empty."""

import difflib
from typing import TYPE_CHECKING

import click

from harness.cli._common import run
from harness.cli._resync_options import SECTIONS, takes_asked
from sandbox.cli import output
from sandbox.cli.command import Command, json_option
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from harness.diagnosis.explain import Explained, Explanation
    from harness.running.directory_run import Asked

_SHOWN = 20
_WORDS = {
    "upserted": "upserted",
    "mapped": "mapped",
    "filtered": "filtered out by the selector",
    "failed": "whose selector failed",
    "incomplete": "without identifier or blueprint",
    "refused": "refused by Port",
    "overwritten": "overwritten by a later item",
    "lost": "that Ocean did not upsert",
}


@click.command(
    cls=Command,
    done="explained",
    examples=["ocean-sandbox explain integrations/github", "ocean-sandbox explain . --kind repository --id shop/api"],
    sections=SECTIONS,
)
@takes_asked
@click.option(
    "--id",
    "identifier",
    metavar="IDENTIFIER",
    help="Show only the items of this entity, with every expression and its value.",
)
@json_option
def command(asked: "Asked", *, identifier: str | None, as_json: bool) -> None:
    """Explain why entities of the integration in DIRECTORY are missing or empty.

    Resyncs it in a sandbox with its stubs, and takes every raw item through its mapping: the selector, each expression
    and its value, each error.
    """
    from harness.diagnosis.explain import about, explain  # noqa: PLC0415 # see _work.run

    explanation = run(explain(asked))
    if identifier is not None:
        found = about(explanation, identifier)
        if not found:
            raise _unknown(explanation, identifier)
        if as_json:
            output.show_json({**explanation.to_dict(), "resources": [item.to_dict() for item in found]})
            return
        for item in found[:_SHOWN]:
            _show_item(item)
    elif as_json:
        output.show_json(explanation.to_dict())
        return
    else:
        _show_all(explanation)
    _show_rest(explanation)


def _unknown(explanation: "Explanation", identifier: str) -> SandboxError:
    there = [
        str(item.trace.entity["identifier"])
        for resource in explanation.resources
        for item in resource.items
        if item.trace.entity
    ]
    close = difflib.get_close_matches(identifier, there, n=1)
    notes = [
        f"{resource.kind}: {note}" for resource in explanation.resources for note in resource.notes
    ] + explanation.errors + explanation.unmatched  # fmt: skip
    return SandboxError(
        f"No raw item matches {identifier!r}: the third party did not return it, or the handlers left it out.",
        remedy=f"did you mean {close[0]!r}?"
        if close
        else f"available identifiers: {', '.join(there[:_SHOWN]) or 'none'}.",
        detail="\n".join(notes),
    )


def _show_all(explanation: "Explanation") -> None:
    for resource in explanation.resources:
        counts = ", ".join(f"{count} {_WORDS[fate]}" for fate, count in resource.counts().items())
        click.secho(f"{resource.kind} (resources[{resource.index}]): {counts or 'no items'}", bold=True)
        for note in resource.notes:
            click.echo(f"  {note}")
        said = [line for item in resource.items for line in _lines(item)]
        output.show_table(["Item", "Part", "Why"], said[:_SHOWN])
        if len(said) > _SHOWN:
            click.echo(f"  … and {len(said) - _SHOWN} more: --json has all of them, --id those of one entity")


def _lines(item: "Explained") -> list[list[str]]:
    """A line for why it is not there, and one for each part that is empty."""
    from harness.integration.reason import shown  # noqa: PLC0415

    trace = item.trace
    name = f"  item {trace.number + 1} {shown((trace.entity or {}).get('identifier') or trace.item)}"
    missing = [[name, item.fate, item.reason]] if item.reason else []
    expressions = {step.path: step.expression for step in trace.steps}
    return missing + [[name, path, f"empty: `{expressions[path]}`: {why}"] for path, why in item.empty.items()]


def _show_item(item: "Explained") -> None:
    from harness.integration.reason import shown  # noqa: PLC0415

    trace = item.trace
    click.secho(f"{trace.kind} (resources[{trace.index}]), item {trace.number + 1}: {_WORDS[item.fate]}", bold=True)
    if item.reason:
        click.echo(f"  {item.reason}")
    click.echo(f"  the item: {shown(trace.item)}")
    rows = [
        [f"  {step.path}", f"`{step.expression}`", shown(step.value), step.error or item.empty.get(step.path, "")]
        for step in (trace.selector, *trace.steps)
    ]
    output.show_table(["Part", "Expression", "Value", "Why"], rows)


def _show_rest(explanation: "Explanation") -> None:
    for title, lines in (
        ("Errors of the resync", explanation.errors),
        ("Unmatched requests", explanation.unmatched),
        ("Warnings", explanation.warnings),
        ("Notes", explanation.notes),
    ):
        if lines:
            click.secho(f"{title}:", bold=True)
        for line in lines:
            click.echo("\n".join(f"  {part}" for part in line.splitlines()))
