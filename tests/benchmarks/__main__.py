"""``python -m tests.benchmarks``: measure, show, and keep the figures. Exit codes: 0 measured (goals may be missed), 1 a row
could not be measured, 2 wrong usage.
"""

import json
import signal
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import click
from rich.console import Console

from sandbox.errors import SandboxError
from sandbox.progress import say

from . import machine, runs, table
from .measure import Result, measure
from .rows import FULL, QUICK, Row, rows

_RESULTS = Path(__file__).resolve().parent.parent.parent / "bench-results"


@click.command()
@click.option(
    "--rounds", default=5, show_default=True, type=click.IntRange(min=1), help="How often each row is measured."
)
@click.option(
    "--rows", "names", default="", help="Names of rows, or what names begin with, with commas; all unless told."
)
@click.option("--quick", is_flag=True, help="One round of little: shows that the rows work; its figures say nothing.")
@click.option("--results", default=_RESULTS, type=click.Path(path_type=Path), help="Where bench.json and bench.svg go.")
def main(*, rounds: int, names: str, quick: bool, results: Path) -> None:
    """Measure the sandbox beside its peers."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what is under way is ended, and removed, with it
    selected = _select(rows(QUICK if quick else FULL), names)
    rounds = 1 if quick else rounds
    try:
        runs.build_images()
        facts = machine.facts()
        if not quick:
            _warm_up()
    except (SandboxError, runs.MeasureError) as error:
        say("bench", f"could not begin: {error}")
        sys.exit(1)
    if why := runs.without_public_suite():
        say("bench", f"public suite left out: {why}")
    measured = [measure(row, rounds) for row in selected]
    heading = _heading(facts, rounds, quick=quick)
    table.show(measured, heading, Console(width=None if sys.stdout.isatty() else 160))
    results.mkdir(parents=True, exist_ok=True)
    _write(measured, facts, rounds, results / "bench.json", quick=quick)
    if find_spec("matplotlib"):
        from .plot import draw  # noqa: PLC0415 # only `make bench` installs it

        draw(measured, heading, results / "bench.svg")
    sys.exit(any(result.failed for result in measured))


def _select(known: list[Row], names: str) -> list[Row]:
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if not any(_is_meant(row, name) for row in known):
            raise click.UsageError(f"There is no row {name!r}; there are {', '.join(row.name for row in known)}.")
    return [row for row in known if not wanted or any(_is_meant(row, name) for name in wanted)]


def _is_meant(row: Row, name: str) -> bool:
    return row.name == name or row.name.startswith(f"{name}-")


def _warm_up() -> None:
    """Run each place once: what is read from disk for the first time today is not what is asked."""
    for isolation in ("container", "fork"):
        runs.in_sandboxes("things", isolation=isolation)
    runs.in_process("things")


def _heading(facts: dict[str, object], rounds: int, *, quick: bool) -> str:
    note = " QUICK: these figures say nothing." if quick else ""
    return (
        f"ocean-sandbox {facts['commit']}: medians of {rounds}, on {facts['cores']} cores and {facts['memory_gib']} GiB, "
        f"Docker {facts['docker']}, Python {facts['python']}.{note}"
    )


def _write(measured: list[Result], facts: dict[str, object], rounds: int, file: Path, *, quick: bool) -> None:
    content = {
        "schema": 1,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "rounds": rounds,
        "machine": facts,
        "rows": [result.as_json() for result in measured],
    }
    file.write_text(json.dumps(content, indent=1) + "\n")
    say("bench", f"wrote {file}")


if __name__ == "__main__":
    main()
