"""Measures a row in rounds, and sums up what came of it."""

import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.progress import say

from .goals import Goal
from .rows import SANDBOX, Row


@dataclass(frozen=True)
class Result:
    """What came of a row.

    Args:
        row: The row.
        samples: For each contender, its figures in each round.
        failed: What went wrong, if something did.
    """

    row: Row
    samples: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    failed: str = ""

    @property
    def status(self) -> str:
        """``measured`` or ``failed``."""
        return "failed" if self.failed else "measured"

    def medians(self, contender: str) -> dict[str, float]:
        """Each figure's median over the rounds."""
        samples = self.samples[contender]
        return {
            key: statistics.median(_column(samples, key))
            for key in dict.fromkeys(key for one in samples for key in one)
        }

    def spread(self, contender: str) -> tuple[float, float]:
        """The least and the greatest value."""
        values = _column(self.samples[contender], "value")
        return min(values), max(values)

    def times_better(self, peer: str) -> float:
        """How many times better than a peer the sandbox is: the median of the rounds' own ratios."""
        pairs = zip(_column(self.samples[SANDBOX], "value"), _column(self.samples[peer], "value"), strict=True)
        return statistics.median(ours / theirs if self.row.more_is_better else theirs / ours for ours, theirs in pairs)

    def peers(self) -> list[str]:
        """The contenders that are not the sandbox."""
        return [name for name in self.samples if name != SANDBOX]

    def reached(self, goal: Goal) -> float:
        """The figure that a goal is about."""
        if goal.against is None:
            return self.medians(SANDBOX)[goal.key]
        if goal.key == "value":
            return self.times_better(goal.against)
        return self.medians(SANDBOX)[goal.key] / self.medians(goal.against)[goal.key]

    def as_json(self) -> dict[str, Any]:
        """All of it, as ``bench.json`` holds it."""
        row = self.row
        measured = self.status == "measured"
        return {
            "name": row.name,
            "title": row.title,
            "unit": row.unit,
            "more_is_better": row.more_is_better,
            "status": self.status,
            "reason": self.failed,
            "contenders": {
                name: {"median": self.medians(name), "samples": samples} for name, samples in self.samples.items()
            },
            "times_better": {peer: self.times_better(peer) for peer in self.peers()} if measured else {},
            "goals": [
                {
                    **asdict(goal),
                    "text": goal.text,
                    "reached": self.reached(goal) if measured else None,
                    "met": goal.is_met(self.reached(goal)) if measured else None,
                    "status": goal.status(self.reached(goal)) if measured else self.status,
                }
                for goal in row.goals
            ],
        }


def measure(row: Row, rounds: int) -> Result:
    """Measure a row: in each round every contender once, the order reversed from round to round.

    Args:
        row: What to measure.
        rounds: How often.
    """
    samples: dict[str, list[dict[str, float]]] = {name: [] for name in row.contenders}
    try:
        for number in range(rounds):
            contenders = list(row.contenders.items())
            for name, contender in contenders if number % 2 == 0 else reversed(contenders):
                figures = contender()
                samples[name].append(figures)
                say("bench", f"{row.name}: round {number + 1} of {rounds}: {name}: {figures['value']:.3f} {row.unit}")
    except Exception as error:  # noqa: BLE001 # one row's failure, whatever it is, must not cost the others' figures
        failed = f"{type(error).__name__}: {error}"
        say("bench", f"{row.name}: failed: {failed}")
        return Result(row, failed=failed)
    return Result(row, samples)


def _column(samples: Iterable[dict[str, float]], key: str) -> list[float]:
    return [one[key] for one in samples if key in one]
