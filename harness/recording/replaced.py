"""Counts what was replaced in a recording, by kind and place, so that a person can check."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from harness.redaction.documents import parsed
from harness.redaction.pii import People

ELSEWHERE = "elsewhere"
_PLACEHOLDER = re.compile(r"redacted-[0-9]{5,}")
# Where names of fields are data, there is a place for each: so many are told apart.
_MOST_PLACES = 200


class Replaced:
    """What was replaced.

    Args:
        people: Knows of what kind the made-up values are; None where personal data is kept.
    """

    def __init__(self, people: People | None = None) -> None:
        self._people = people
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)

    def count(self, place: str, before: Any, after: Any) -> None:
        """Take note of what is different in a value.

        Args:
            place: Where it is, such as ``third_party_requests[*]``.
            before: As it was.
            after: As it is written: of the same shape.
        """
        for where, one, other in _different(place, before, after):
            for kind in self._kinds(where, one, other):
                counts = self._counts[kind]
                counts[where if where in counts or len(counts) < _MOST_PLACES else ELSEWHERE] += 1

    def _kinds(self, place: str, before: Any, after: Any) -> Iterator[str]:
        text = str(before)
        if set(_PLACEHOLDER.findall(str(after))) - set(_PLACEHOLDER.findall(text)):
            yield "secret"
        if self._people is not None and isinstance(before, str):
            field = place.rpartition(".")[2].replace("[*]", "")
            yield from sorted(self._people.kinds_in(text, field))

    def by_kind(self) -> dict[str, dict[str, int]]:
        """The number of values by place, for each kind; the most frequent places first."""
        return {
            kind: dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
            for kind, counts in sorted(self._counts.items())
        }


def _different(place: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """The texts and numbers that differ, with their places."""
    if isinstance(before, dict) and isinstance(after, dict):
        for (name, one), (written, other) in zip(before.items(), after.items(), strict=False):
            if name != written:
                yield f"{place}.*", name, written
            yield from _different(f"{place}.{written}", one, other)
    elif isinstance(before, list) and isinstance(after, list):
        for one, other in zip(before, after, strict=False):
            yield from _different(f"{place}[*]", one, other)
    elif before != after:
        inner = [parsed(each) if isinstance(each, str) else None for each in (before, after)]
        if all(isinstance(each, dict | list) for each in inner):  # JSON in a text
            yield from _different(place, *inner)
        else:
            yield place, before, after
