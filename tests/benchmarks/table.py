"""Shows the results as a table."""

from rich.console import Console
from rich.table import Table

from .goals import figure
from .measure import Result
from .rows import SANDBOX


def show(results: list[Result], heading: str, console: Console) -> None:
    """Print one line for each goal of each row, then what else was measured.

    Args:
        results: Of the rows, in order.
        heading: What the figures hold for.
        console: Where to.
    """
    table = Table(title=heading, title_justify="left")
    for column in ("what", "sandbox (least … most)", "peer", "times better", "goal", "status"):
        table.add_column(column, overflow="fold")
    for result in results:
        table.add_row(f"{result.row.title} [dim]({result.row.name})[/]", *_cells(result), end_section=True)
    console.print(table)
    for result in results:
        if result.failed:
            console.print(f"{result.row.name}: {result.failed}", style="red", markup=False)
        elif others := _others(result):
            console.print(f"{result.row.name}: {others}", style="dim", markup=False)


def _cells(result: Result) -> tuple[str, str, str, str, str]:
    goals = "\n".join(goal.text for goal in result.row.goals)
    if result.status != "measured":
        return "", "", "", goals, "[red]FAILED, see below[/]"
    unit = result.row.unit
    least, most = result.spread(SANDBOX)
    shown = [(goal, result.reached(goal)) for goal in result.row.goals]
    statuses = (f"[{'green' if goal.is_met(value) else 'red'}]{goal.status(value)}[/]" for goal, value in shown)
    return (
        f"{figure(result.medians(SANDBOX)['value'], unit)} ({figure(least, '')} … {figure(most, '')})",
        "\n".join(f"{peer} {figure(result.medians(peer)['value'], unit)}" for peer in result.peers()),
        "\n".join(figure(result.times_better(peer), "x") for peer in result.peers()),
        goals,
        "\n".join(statuses),
    )


def _others(result: Result) -> str:
    """The sandbox's other figures."""
    if result.status != "measured":
        return ""
    return ", ".join(f"{key} {figure(value, '')}" for key, value in result.medians(SANDBOX).items() if key != "value")
