"""What commands print: tables on a terminal, plain lines anywhere else, JSON on request."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console


def is_terminal() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout.isatty()


def show_json(value: Any) -> None:
    """Print a value for machines."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def show(value: Any, text: str, *, as_json: bool) -> None:
    """Print what came of a command: a value for machines, or a text for people."""
    if as_json:
        show_json(value)
    elif text:
        click.echo(text)


def console() -> "Console":
    """Where commands print what is more than lines."""
    from rich.console import Console  # noqa: PLC0415 # it takes its time to import

    return Console(highlight=False)


@contextlib.contextmanager
def busy(doing: str) -> Iterator[None]:
    """Show on stderr that something goes on, where a person looks at it; what is said meanwhile goes above it.

    Args:
        doing: What goes on.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 # it takes its time to import
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(doing, total=None)
        yield


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows: as a table on a terminal, elsewhere one per line with two spaces between columns.

    Args:
        columns: Their headings, which only the table has.
        rows: Their texts.
    """
    if not is_terminal():
        for row in rows:
            click.echo("  ".join(row).rstrip())
        return
    from rich.table import Table  # noqa: PLC0415 # it takes its time to import
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)
