"""Draws the results: a panel for each row, a bar for each contender, a dot for each round, a line for the goal."""

import math
from pathlib import Path

import matplotlib as mpl

from .goals import figure
from .measure import Result
from .rows import SANDBOX

mpl.use("svg")
from matplotlib import pyplot as plt  # it reads what to draw with when it is imported

_COLOURS = {SANDBOX: "#2563eb"}
_PEERS_COLOUR = "#9ca3af"
_COLUMNS = 2


def draw(results: list[Result], heading: str, file: Path) -> None:
    """Write the plot, as SVG.

    Args:
        results: Of the rows; those without figures are left out.
        heading: What the figures hold for.
        file: Where to.
    """
    measured = [result for result in results if result.status == "measured"]
    if not measured:
        return
    lines = math.ceil(len(measured) / _COLUMNS)
    picture, axes = plt.subplots(lines, _COLUMNS, figsize=(12, 1.9 * lines + 0.8), squeeze=False, layout="constrained")
    picture.suptitle(heading, fontsize=10)
    for panel, result in zip(axes.flat, measured, strict=False):
        _panel(panel, result)
    for panel in list(axes.flat)[len(measured) :]:
        panel.set_axis_off()
    picture.savefig(file, metadata={"Date": None})
    plt.close(picture)


def _panel(panel: plt.Axes, result: Result) -> None:
    contenders = [*reversed(result.peers()), SANDBOX]
    for place, name in enumerate(contenders):
        median = result.medians(name)["value"]
        panel.barh(place, median, color=_COLOURS.get(name, _PEERS_COLOUR), height=0.6)
        panel.text(median, place, f" {figure(median, result.row.unit)}", va="center", fontsize=8)
        values = [sample["value"] for sample in result.samples[name]]
        panel.plot(values, [place] * len(values), ".", color="black", markersize=3, alpha=0.6)
    panel.set_yticks(range(len(contenders)), contenders, fontsize=8)
    panel.margins(x=0.25)
    panel.set_xlim(left=0)
    panel.tick_params(axis="x", labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)
    for goal in result.row.goals:
        if goal.key == "value":
            # What is to be so many times better than a peer has a goal that moves with the peer.
            peer = result.medians(goal.against)["value"] if goal.against else 0
            against = peer * goal.limit if result.row.more_is_better else peer / goal.limit
            panel.axvline(against if goal.against else goal.limit, color="#16a34a", linestyle="--", linewidth=1)
    verdicts = ", ".join(f"{goal.text}: {goal.status(result.reached(goal))}" for goal in result.row.goals)
    panel.set_title(f"{result.row.title}\n{verdicts}", fontsize=8, loc="left")
