"""Prints what ``stubs check`` finds: many findings of one sort are one line with a count."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sandbox.cli import output
from sandbox.sizes import count

if TYPE_CHECKING:
    from harness.stubs.finding import Finding

# So many of one sort are shown one by one.
_SHOWN = 3
_PLACES = 8


def show(found: "Sequence[Finding]", ignored: int, *, each: bool) -> None:
    """Print findings, and how many there are.

    Args:
        found: The findings.
        ignored: How many more the ignore list excuses.
        each: Whether each has a line of its own.
    """
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.kind, finding.remedy), []).append(finding)
    split = [[finding] for finding in found] if each else list(_split(groups.values()))
    if output.is_terminal() and split:
        output.show_table(["Where", "What", "Why, and what to do"], [_row(group) for group in split])
    else:
        for group in split:
            click.echo(f"{group[0]}{_others(group)}")
    warnings = sum(finding.is_warning for finding in found)
    of_them = f" ({count(warnings, 'warning')})" if warnings else ""
    excused = f", {ignored} ignored" if ignored else ""
    click.echo(f"{count(len(found), 'finding')}{of_them}{excused}", err=True)


def _split(groups: "Iterable[list[Finding]]") -> "Iterator[list[Finding]]":
    for group in groups:
        if len(group) <= _SHOWN:
            yield from ([finding] for finding in group)
        else:
            yield group


def _row(group: "list[Finding]") -> list[str]:
    first = group[0]
    where = f"{first.file}:{first.line}" if first.line else first.file
    message = f"{first.message}{f' ({first.pointer})' if first.pointer else ''}: {first.remedy}"
    return [where, first.kind, f"{message}{_others(group)}"]


def _others(group: "list[Finding]") -> str:
    """How many more there are, and where the first of them are."""
    if len(group) == 1:
        return ""
    others = group[1:]
    places, file = [], group[0].file
    for finding in others[:_PLACES]:
        name = "" if finding.file == file else Path(finding.file).name
        places.append(f"{name}:{finding.line}" if finding.line else name or Path(finding.file).name)
        file = finding.file
    more = ", …" if len(others) > _PLACES else ""
    return f" [and {len(others)} more like it: {', '.join(places)}{more}; --each lists them]"
