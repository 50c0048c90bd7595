"""Tells which stubs' paths may be the same, without comparing each with each."""

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

# Characters that stand for themselves in a path, in a pattern, and on the wire.
_PLAIN = re.compile(r"(?:[A-Za-z0-9/_~-]|\\[./_~-])*")
# What stands for one segment, or for a part of one.
_IN_A_SEGMENT = re.compile(r"\[\^/\??\]\+|\\d\+|\[0-9\]\+|\\w\+|\[\w[\w-]*\]\+")
_ANY_SEGMENT = "{}"
# None for each that may be any.
Segments = tuple[str | None, ...]


def prefix(request: dict[str, Any]) -> str:
    """What every path that a stub takes begins with.

    Args:
        request: What the stub asks for.
    """
    if exact := request.get("url") or request.get("urlPath"):
        return _plain(str(exact).replace(".", r"\."), whole=True)
    if template := request.get("urlPathTemplate"):
        return _plain(str(template).replace(".", r"\."), whole=True)
    return _plain(str(request.get("urlPathPattern") or request.get("urlPattern") or ""), whole=False)


@cache
def _plain(text: str, *, whole: bool) -> str:
    """The beginning of a text that is no pattern.

    Args:
        text: With each dot that stands for itself escaped.
        whole: Whether there are no quantifiers in it.
    """
    if not whole and "|" in text:
        return ""
    text = text.removeprefix("^")
    found = _PLAIN.match(text)
    end = found.end() if found else 0
    if not whole and text[end : end + 1] in ("*", "?", "+", "{"):  # which says how often the last one is there
        end -= 2 if text[: end - 1].endswith("\\") else 1
    return text[: max(end, 0)].replace("\\", "")


def overlap(one: tuple[str, Segments | None], other: tuple[str, Segments | None]) -> bool:
    """Whether two stubs may take the same path, by what is literal in their patterns.

    Args:
        one: The :func:`prefix` and the :func:`segments` of a stub.
        other: Those of another.
    """
    (first, parts), (second, others) = one, other
    if not (first.startswith(second) or second.startswith(first)):
        return False
    return parts is None or others is None or are_alike(parts, others)


def segments(request: dict[str, Any]) -> Segments | None:
    """The segments of the paths that a stub takes; None where it is not known how many there are.

    Args:
        request: What the stub asks for.
    """
    if template := request.get("urlPathTemplate"):
        return _segments(re.sub(r"\{[^{}]*\}", _ANY_SEGMENT, str(template)).replace(".", r"\."))
    pattern = request.get("urlPathPattern")
    return _segments(_IN_A_SEGMENT.sub(lambda _: _ANY_SEGMENT, str(pattern).removeprefix("^"))) if pattern else None


@cache
def _segments(text: str) -> Segments | None:
    if not _PLAIN.fullmatch(text.replace(_ANY_SEGMENT, "")):
        return None
    parts = (None if _ANY_SEGMENT in each else each.replace("\\", "") for each in text.split("/"))
    return tuple(parts)


def are_alike(parts: Segments, others: Segments) -> bool:
    """Whether two paths may be the same, by their segments.

    Args:
        parts: The segments of one.
        others: The segments of another.
    """
    if len(parts) != len(others):
        return False
    for each, beside in zip(parts, others, strict=True):  # a loop, since it is run for each pair of many
        if each is not None and beside is not None and each != beside:
            return False
    return True


class ByPrefix:
    """Finds numbers by what a path begins with."""

    def __init__(self) -> None:
        self._numbers: dict[str, list[int]] = defaultdict(list)
        self._sorted: list[str] = []

    def add(self, begins: str, number: int) -> None:
        """Keep a number.

        Args:
            begins: What its paths begin with.
            number: It.
        """
        if begins not in self._numbers:
            insort(self._sorted, begins)
        self._numbers[begins].append(number)

    def near(self, begins: str) -> Iterator[int]:
        """The numbers whose paths may be the same as those that begin like this."""
        for end in range(len(begins)):
            yield from self._numbers.get(begins[:end], ())
        for each in self._sorted[bisect_left(self._sorted, begins) :]:
            if not each.startswith(begins):
                break
            yield from self._numbers[each]
