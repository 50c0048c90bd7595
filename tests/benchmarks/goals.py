"""What a row is to reach, and in which words the table says whether it does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A limit on one figure of a row.

    Args:
        limit: The figure that is just good enough.
        unit: What it counts; ``x`` for times.
        at_least: Whether more is better.
        key: Which of the figures that the sandbox's measurement returns.
        against: The peer, where the figure is how many times better than this peer the sandbox is; of another figure than
            the row's own, how many times the peer's it is.
    """

    limit: float
    unit: str = ""
    at_least: bool = False
    key: str = "value"
    against: str | None = None

    @property
    def text(self) -> str:
        """The goal in words."""
        what = "" if self.key == "value" else f"{self.key} "
        beside = f" the {self.against} peer" if self.against else ""
        return f"{what}{'≥' if self.at_least else '≤'} {figure(self.limit, self.unit)}{beside}"

    def is_met(self, value: float) -> bool:
        """Whether ``value`` is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit

    def status(self, value: float) -> str:
        """``met``, or by how much it is missed, in the goal's unit."""
        if self.is_met(value):
            return "met"
        return f"MISSED by {figure(abs(value - self.limit), self.unit)}"


def figure(value: float, unit: str) -> str:
    """A figure as the table shows it: three digits that matter, and its unit."""
    digits = max(0, 2 - len(str(int(abs(value)))) + 1) if value else 0
    shown = f"{value:,.{digits}f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return f"{shown}{'' if unit == 'x' else ' '}{unit}".strip()
