"""Prints differences for people, one per line."""

import json
from typing import Any

from rich.console import Console
from rich.markup import escape

from harness.diagnosis.difference import Difference

_SHOWN = 20
_WIDTH = 100


def show_difference(
    difference: Difference, console: Console, more: str = ": --json or --output FILE has everything"
) -> None:
    """Print a difference; of a long one, the beginning.

    Args:
        difference: What to print.
        console: Where to; colours are its to leave out.
        more: What to say after the number of lines that are left out.
    """
    lines = [f"[red]- {escape(line)}[/]" for line in difference.removed]
    lines += [f"[green]+ {escape(line)}[/]" for line in difference.added]
    for name, changes in difference.changed.items():
        lines.append(f"[yellow]~ {escape(name)}[/]")
        lines += [f"    {escape(each.path)}: {_short(each.before)} → {_short(each.after)}" for each in changes]
    for line in lines[:_SHOWN]:
        console.print(line, soft_wrap=True)
    if len(lines) > _SHOWN:
        console.print(f"… and {len(lines) - _SHOWN} more lines{more}")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return escape(text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…")
