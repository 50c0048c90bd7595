"""Prints a run for a person: tables on a terminal, a line for each thing anywhere else."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from harness.integration.resync_warnings import ResyncWarning
from harness.routes.operations import label_of
from harness.running import summary
from harness.running.directory_run import Run
from harness.running.summary import CallCount
from harness.stubs.unmatched_requests import Unanswered
from sandbox.sizes import count

_T = TypeVar("_T")
_CALLS = 30
_UNANSWERED = 5
_REFUSED = 20
_ERRORS = 10
_WARNINGS = 10
_UNUSED = 10
_FRAMES = 4
# Method, times, status, and what is between all columns.
_OTHER_COLUMNS = 27
_BAD = 400  # the first status that is not a success


def show(run: Run, console: Console) -> None:
    """Print all that a person wants to know of a run; the last line sums it up.

    Args:
        run: The run.
        console: Where to.
    """
    show_entities(run, console)
    _show_calls(run, console)
    _show_unused(run, console)
    show_problems(run, console)
    show_sum(run, console)


def show_entities(run: Run, console: Console) -> None:
    """Print how many entities there were, by blueprint, and which items became none."""
    counts = summary.blueprints(run)
    if not console.is_terminal:
        for each in counts:
            show_line(
                console, f"{each.blueprint}: {each.upserted} upserted, {each.deleted} deleted, {each.refused} refused"
            )
    elif counts:
        table = _table("Blueprint")
        for column in ("Upserted", "Deleted", "Refused"):
            table.add_column(column, justify="right")
        for each in counts:
            refused = Text(str(each.refused), "red" if each.refused else "")
            table.add_row(Text(each.blueprint), str(each.upserted), str(each.deleted), refused)
        console.print(table)
    if not counts:
        show_line(console, "no entities")
    for kind in run.result.kinds:
        if kind.filtered:
            why = f"`ocean-sandbox explain {_shown(run.directory)} --kind {kind.kind}` says why"
            show_line(console, f"{kind.kind}: {kind.filtered} of {kind.raw} items became no entity: {why}", "yellow")


def show_problems(run: Run, console: Console) -> None:
    """Print what is not as it should be: unmatched requests, refused entities, errors, items dropped, egress; and warnings."""
    for each in _first(run.unanswered, _UNANSWERED, "unmatched requests", console):
        _show_unanswered(each, run, console)
    if run.result.rejected_entities:
        _title(console, "Refused by Port")
    for refused in _first(run.result.rejected_entities, _REFUSED, "refused entities", console):
        show_line(console, f"  {refused}")
    errors = summary.failures(run)
    if errors:
        _title(console, "Errors")
    for error in _first(errors, _ERRORS, "errors", console):
        kinds = f"{', '.join(error.kinds)}: " if error.kinds else ""
        show_line(console, f"  {kinds}{error}", "red")
        for line in error.lines[-_FRAMES:]:
            show_line(console, f"      {line}")
    if run.result.egress_attempts:
        _title(console, "It tried to reach what the sandbox does not answer")
    for attempt in dict.fromkeys(run.result.egress_attempts):
        show_line(console, f"  {attempt}")
    _show_warnings("Items that became no entity", summary.dropped(run), "red", console)
    _show_warnings("Warnings", summary.warnings(run), "yellow", console)


def show_sum(run: Run, console: Console) -> None:
    """Print one line: whether all is well, how much there was, how long it took."""
    problems = summary.problems(run)
    upserted = sum(each.upserted for each in summary.blueprints(run))
    done = f"{count(upserted, 'entity', 'entities')}, {count(len(run.calls), 'call', 'calls')}, {run.seconds:.1f} s"
    if console.is_terminal:
        console.print()
    if warnings := summary.warnings(run):
        done += f", {count(len(warnings), 'warning', 'warnings')}"
    if problems:
        show_line(console, f"{', '.join(problems)} ({done})", "bold red")
    else:
        show_line(console, f"ok: {done}", "bold green")


def _show_warnings(title: str, warnings: Sequence[ResyncWarning], style: str, console: Console) -> None:
    if warnings:
        _title(console, title)
    for warning in _first(warnings, _WARNINGS, "of them", console):
        show_line(console, f"  {warning}", style)


def _show_calls(run: Run, console: Console) -> None:
    calls = summary.counted(run.calls)
    shown = calls[:_CALLS]
    if not console.is_terminal:
        for each in shown:
            stub = summary.short_places(each.call.stub or "", run) or "no stub"
            times = f" ({each.times} times)" if each.times > 1 else ""
            show_line(console, f"{label_of(each.call.request)} {each.call.response.status_code} {stub}{times}")
    else:
        for origin, group in itertools.groupby(sorted(shown, key=_origin), key=_origin):
            _show_table_of_calls(origin, list(group), run, console)
    if len(calls) > _CALLS:
        show_line(console, f"… and {len(calls) - _CALLS} more calls: --json has all")


def _show_table_of_calls(origin: str, calls: Sequence[CallCount], run: Run, console: Console) -> None:
    _title(console, f"Calls to {origin}")
    stubs = [summary.short_places(each.call.stub or "", run) for each in calls]
    width = max(console.width - _OTHER_COLUMNS - max(map(len, stubs)), console.width // 3)
    table = _table("Method")
    table.add_column("Path")
    for column in ("Times", "Status"):
        table.add_column(column, justify="right")
    table.add_column("Stub", overflow="fold")
    for each, stub in zip(calls, stubs, strict=True):
        call, status = each.call, each.call.response.status_code
        table.add_row(
            call.request.method,
            Text(_with_both_ends(label_of(call.request).partition(" ")[2].removeprefix(origin), width)),
            str(each.times),
            Text(str(status), "red" if status >= _BAD else ""),
            Text(stub) if stub else Text("no stub", "red"),
        )
    console.print(table)


def _with_both_ends(text: str, width: int) -> str:
    """A text that fits, without its middle if need be: of paths that differ in the end only, the end says which."""
    if len(text) <= width:
        return text
    return f"{text[: (width - 1) // 2]}…{text[-(width // 2) :]}"


def _show_unused(run: Run, console: Console) -> None:
    if run.result.unused_stubs:
        _title(console, "Stubs that answered nothing")
    for unused in _first(run.result.unused_stubs, _UNUSED, "unused stubs", console):
        show_line(console, f"  {summary.short_places(str(unused), run)}")


def _origin(each: CallCount) -> str:
    parts = urlsplit(str(each.call.request.url))
    return f"{parts.scheme}://{parts.netloc}"


def _show_unanswered(each: Unanswered, run: Run, console: Console) -> None:
    times = f" ({each.times} times)" if each.times > 1 else ""
    _title(console, f"No stub matched {each.label}{times}")
    for line in each.nearest:
        show_line(console, f"  {summary.short_places(line, run)}")
    show_line(console, "  A stub that would answer it, to paste into a *.yaml of the stub folder:")
    if console.is_terminal:
        stub = Syntax(each.stub().rstrip(), "yaml", background_color="default", word_wrap=True)
        console.print(Padding(stub, (0, 0, 0, 4)))
    else:
        for line in each.stub().splitlines():
            show_line(console, f"    {line}")


def _first(things: Sequence[_T], most: int, what: str, console: Console) -> Iterable[_T]:
    yield from things[:most]
    if len(things) > most:
        show_line(console, f"  … and {len(things) - most} more {what}: --json has all")


def _table(first: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    return table


def _title(console: Console, text: str) -> None:
    if console.is_terminal:
        console.print()
    show_line(console, text, "bold")


def show_line(console: Console, text: str, style: str = "") -> None:
    """One line; on a terminal, what does not fit goes on below it, and elsewhere it is not broken."""
    if console.is_terminal:
        begin = len(text) - len(text.lstrip())
        console.print(Padding(Text(text.lstrip(), style), (0, 0, 0, begin)))
    else:
        console.print(text, soft_wrap=True, markup=False)


def _shown(directory: Path) -> str:
    here = Path.cwd()
    return str(directory.relative_to(here)) if directory.is_relative_to(here) else str(directory)
