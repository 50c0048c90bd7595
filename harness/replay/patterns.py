r"""Finds the endpoints in recorded requests: groups them, and gives each group a URL pattern.

The algorithm is the documented one (reference, "URL pattern detection algorithm"). Requests are grouped by method, host
and number of path segments. A group is split where a segment has at most three distinct values that lead to different
things, so that ``/repos/x`` and ``/orgs/x``, or ``…/README.md`` that is there and ``…/CODEOWNERS`` that is not, stay
apart. What still varies within a group becomes a wildcard.

"Different things" is what the answers look like: status class and fields. The document's rule alone, by numbers, would
not give the document's own example, where two repositories share a wildcard and two files do not.

Patterns of one method, host and length exclude each other: two groups were split at a segment that is literal in both.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.replay.recording import Recorded

FEW = 3
_ALIKE = 0.5


@dataclass(frozen=True)
class Pattern:
    """Which requests an endpoint is for.

    Args:
        method: The HTTP method.
        origin: Scheme, host and port.
        segments: The path's segments; None stands for any.
    """

    method: str
    origin: str
    segments: tuple[str | None, ...]

    def matches(self, request: Recorded) -> bool:
        """Whether it is for ``request``."""
        return (
            request.method == self.method
            and request.origin == self.origin
            and len(request.segments) == len(self.segments)
            and all(
                bool(given) if wanted is None else given == wanted
                for wanted, given in zip(self.segments, request.segments, strict=True)
            )
        )

    @property
    def wildcards(self) -> int:
        """How many segments may be anything."""
        return self.segments.count(None)

    @property
    def path(self) -> str:
        """The path as one writes it, with ``*`` for any segment."""
        return "/" + "/".join("*" if each is None else each for each in self.segments)

    def __str__(self) -> str:
        return f"{self.method} {self.origin.partition('://')[2]}{self.path}"


@dataclass(frozen=True)
class Group:
    """An endpoint.

    Args:
        pattern: Matches all of its requests, and none of another group.
        members: The numbers of its requests, in order.
        is_uniform: Whether all 2xx answers look alike.
    """

    pattern: Pattern
    members: list[int] = field(default_factory=list)
    is_uniform: bool = True


def group(requests: Sequence[Recorded]) -> list[Group]:
    """The endpoints of ``requests``, the specific before those with wildcards."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for number, request in enumerate(requests):
        # An empty segment cannot be a wildcard's.
        empty = tuple(index for index, segment in enumerate(request.segments) if not segment)
        alike[request.method, request.origin, len(request.segments), empty].append(number)
    groups = [each for members in alike.values() for each in _split(requests, members)]
    return sorted(groups, key=lambda each: order(each.pattern))


def order(pattern: Pattern) -> tuple[Any, ...]:
    """Sorts the specific before the catch-all, then by name."""
    return pattern.wildcards, pattern.origin, tuple(each or "" for each in pattern.segments), pattern.method


def look_alike(requests: Sequence[Recorded]) -> bool:
    """Whether all 2xx answers look alike, as those of one endpoint do."""
    fine = [number for number, request in enumerate(requests) if request.is_fine]
    return len(set(_looks(requests, fine).values())) <= 1


def _split(requests: Sequence[Recorded], members: list[int]) -> list[Group]:
    looks = _looks(requests, members)
    done, open_ = [], [members]
    while open_:
        some = open_.pop()
        parts = _parts(requests, some, looks)
        if parts:
            open_ += parts
        else:
            done.append(_group(requests, some, looks))
    return done


def _parts(requests: Sequence[Recorded], members: list[int], looks: dict[int, int]) -> list[list[int]]:
    """The members split at the best position; none if there is no such position."""
    best: tuple[tuple[int, int], list[list[int]]] | None = None
    for position in range(len(requests[members[0]].segments)):
        by_value: dict[str, list[int]] = defaultdict(list)
        for number in members:
            by_value[requests[number].segments[position]].append(number)
            if len(by_value) > FEW:
                break
        if 1 < len(by_value) <= FEW and _differ(by_value.values(), looks):
            rank = len(by_value), -position
            if best is None or rank < best[0]:
                best = rank, list(by_value.values())
    return best[1] if best else []


def _differ(parts: Iterable[list[int]], looks: dict[int, int]) -> bool:
    """Whether some two values lead to answers of which none of one looks like one of the other."""
    seen = [{looks[number] for number in part} for part in parts]
    return any(one.isdisjoint(other) for index, one in enumerate(seen) for other in seen[:index])


def _group(requests: Sequence[Recorded], members: list[int], looks: dict[int, int]) -> Group:
    first = requests[members[0]]
    columns = zip(*(requests[number].segments for number in members), strict=True)
    segments = tuple(column[0] if len(set(column)) == 1 else None for column in columns)
    fine = {looks[number] for number in members if requests[number].is_fine}
    return Group(Pattern(first.method, first.origin, segments), sorted(members), len(fine) <= 1)


def _looks(requests: Sequence[Recorded], members: list[int]) -> dict[int, int]:
    """For each answer a number, the same for those that look alike."""
    kinds: list[tuple[Any, frozenset[str]]] = []
    looks: dict[int, int] = {}
    exact: dict[tuple[Any, frozenset[str] | None], int] = {}
    described = {number: _look(requests[number]) for number in members}
    # Those without fields last: an empty list looks like any other list.
    for number in sorted(members, key=lambda each: (not described[each][1], each)):
        look = described[number]
        if look not in exact:
            exact[look] = _like(*look, kinds)
        looks[number] = exact[look]
    return looks


def _like(kind: Any, fields: frozenset[str] | None, kinds: list[tuple[Any, frozenset[str]]]) -> int:
    for index, (other, known) in enumerate(kinds):
        if kind == other and (fields is None or len(fields & known) >= _ALIKE * len(fields | known)):
            return index
    kinds.append((kind, fields or frozenset()))
    return len(kinds) - 1


def _look(request: Recorded) -> tuple[Any, frozenset[str] | None]:
    body, status = request.body, request.status // 100
    if isinstance(body, list):
        items = [each for each in body if isinstance(each, dict)]
        fields = frozenset(items[0]) if items else None if not body else frozenset()
        return (status, "list"), fields
    if isinstance(body, dict) and "$base64" not in body:
        return (status, "object"), frozenset(body)
    return (status, "nothing" if body is None else "text"), frozenset()
