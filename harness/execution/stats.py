"""Counts what this process did, for the summary at the end of a run."""

from collections import Counter

_counts: Counter[str] = Counter()


def add(**counts: int) -> None:
    """Add to the counts."""
    _counts.update(counts)


def counts() -> dict[str, int]:
    """The counts so far."""
    return dict(_counts)
