"""Compares a fresh recording with an old one: what changed in the API since the tests were generated.

Data may differ: other items, more pages, another order. What must not is what an integration relies on: fields and their
types, statuses, how pages are asked for and lead on, and which endpoints there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from harness.replay import request_features
from harness.replay.patterns import Pattern, group, look_alike, order
from harness.replay.recording import Recorded
from harness.replay.shapes import NULL, Shape

Kind = Literal[
    "missing field", "new field", "changed type", "changed status", "changed pagination", "no stub", "unused stub"
]
KINDS: tuple[Kind, ...] = (
    "missing field",
    "new field",
    "changed type",
    "changed status",
    "changed pagination",
    "no stub",
    "unused stub",
)
_OK, _REDIRECT = 200, 300
# They say that the API was busy, which is of the moment.
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_NEXT = ("next", "cursor", "hasmore", "hasnext", "nextpage", "islast", "continuation", "totalpages", "lastpage")


@dataclass(frozen=True)
class Drift:
    """One change in the API.

    Args:
        kind: What sort of thing.
        endpoint: Where, such as ``GET api.example.com/things/*``.
        place: Where in it: a path in the body, a status; empty for the endpoint itself.
        before: What the old recording has.
        after: What the fresh one has.
    """

    kind: Kind
    endpoint: str
    place: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.place or 'the endpoint'}: {self.before or 'nothing'} → {self.after or 'nothing'}"

    def to_json(self) -> dict[str, str]:
        """For machines."""
        return {
            "kind": self.kind,
            "endpoint": self.endpoint,
            "place": self.place,
            "before": self.before,
            "after": self.after,
        }


def compare(old: Sequence[Recorded], fresh: Sequence[Recorded]) -> list[Drift]:
    """What changed in the fresh recording, by endpoint.

    Args:
        old: The requests that the stubs were made of.
        fresh: Those of today.
    """
    found: list[Drift] = []
    for pattern, before, after in _endpoints(old, fresh):
        name = str(pattern)
        if not after:
            found.append(Drift("unused stub", name, before=f"{len(before)} requests", after="nothing calls it"))
        elif not before:
            statuses = ", ".join(map(str, sorted({each.status for each in after})))
            found.append(Drift("no stub", name, after=f"{len(after)} requests, answered with {statuses}"))
        else:
            found += _statuses(name, before, after)
            found += _bodies(name, before, after)
            found += _pagination(name, before, after)
    return found


def _endpoints(
    old: Sequence[Recorded], fresh: Sequence[Recorded]
) -> list[tuple[Pattern, list[Recorded], list[Recorded]]]:
    """The endpoints of both together, each with its requests of either.

    What a wildcard holds together is taken apart again where it was different things. An operation of GraphQL is an
    endpoint of its own.
    """
    both = [*old, *fresh]
    found: dict[Pattern, tuple[list[Recorded], list[Recorded]]] = {}
    for each in group(both):
        is_one = look_alike([both[number] for number in each.members if number < len(old)])
        for number in each.members:
            request = both[number]
            segments = list(each.pattern.segments if is_one else request.segments)
            if operation := _operation(request):
                segments[-1] = f"{segments[-1]} {operation}"
            pattern = replace(each.pattern, segments=tuple(segments))
            found.setdefault(pattern, ([], []))[number >= len(old)].append(request)
    return sorted(((pattern, *some) for pattern, some in found.items()), key=lambda some: order(some[0]))


def _operation(request: Recorded) -> str:
    body = request.request_body
    return str(body.get("operationName") or "") if isinstance(body, dict) and "query" in body else ""


def _statuses(endpoint: str, before: list[Recorded], after: list[Recorded]) -> Iterable[Drift]:
    had, has = ({each.status for each in some} - _BUSY for some in (before, after))
    # The same question tells more than the endpoint: of many things, one may well be missing today.
    asked = {(each.url, repr(each.request_body)): each.status for each in before}
    changed = {
        (asked[key], each.status)
        for each in after
        if (key := (each.url, repr(each.request_body))) in asked
        and asked[key] != each.status
        and not {asked[key], each.status} & _BUSY
    }
    for one, other in sorted(changed):
        if other not in had or one not in has:
            yield Drift("changed status", endpoint, "status", str(one), str(other))
    if not changed and has - had:
        yield Drift("changed status", endpoint, "status", _listed(had), _listed(has))


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(map(str, sorted(values)))


def _bodies(endpoint: str, before: list[Recorded], after: list[Recorded]) -> Iterable[Drift]:
    for is_fine in (True, False):
        one, other = (_shape(some, is_fine=is_fine) for some in (before, after))
        if not (one.seen and other.seen):
            continue
        place = "" if is_fine else "error "
        had, has = one.places(), other.places()
        for path in sorted(had.keys() | has.keys()):
            if path in had and path in has:
                yield from _types(endpoint, f"{place}{path}", had[path].types, has[path].types)
            elif _is_known(path, has) and path in had and _is_everywhere(path, had):
                yield Drift("missing field", endpoint, f"{place}{path}", _listed(had[path].types), "")
            elif _is_known(path, had) and path in has and not path.endswith(("[]", ".*")):
                yield Drift("new field", endpoint, f"{place}{path}", "", _listed(has[path].types))


def _types(endpoint: str, place: str, had: set[str], has: set[str]) -> Iterable[Drift]:
    # If it was only ever null, or is now, there is no telling what it would be.
    if (has - had - {NULL} and had != {NULL}) or NULL in has - had:
        yield Drift("changed type", endpoint, place, _listed(had), _listed(has))


def _is_known(path: str, places: dict[str, Shape]) -> bool:
    """Whether something was seen where the field would be: an empty list tells nothing of its items."""
    parent = _parent(path)
    return parent in places and ("object" in places[parent].types if not path.endswith("[]") else False)


def _is_everywhere(path: str, places: dict[str, Shape]) -> bool:
    """Whether it was there each time, or often enough to be missed."""
    parent = places.get(_parent(path))
    return parent is not None and not path.endswith(".*") and places[path].seen >= parent.seen


def _parent(path: str) -> str:
    cut = path[:-2] if path.endswith("[]") else path.rpartition(".")[0]
    return cut or "."


def _shape(requests: Iterable[Recorded], *, is_fine: bool) -> Shape:
    return Shape.of(
        each.body
        for each in requests
        if each.is_fine == is_fine
        and each.status not in _BUSY
        and isinstance(each.body, list | dict)
        and not (isinstance(each.body, dict) and "$base64" in each.body)
    )


def _pagination(endpoint: str, before: list[Recorded], after: list[Recorded]) -> Iterable[Drift]:
    had, has = (_paging(some) for some in (before, after))
    # Of one page there is little to see: only where both have several can they be told apart.
    if had and has and had != has:
        yield Drift("changed pagination", endpoint, "pages", _listed(had), _listed(has))
    elif bool(had) != bool(has) and had | has and _has_as_much(before, after):
        yield Drift("changed pagination", endpoint, "pages", _listed(had) or "one page", _listed(has) or "one page")


def _has_as_much(before: list[Recorded], after: list[Recorded]) -> bool:
    """Whether there are pages to be expected in both: as many items, and yet no pages in one."""
    one, other = (sum(_items(each.body) for each in some) for some in (before, after))
    return min(one, other) * 2 > max(one, other) > 0


def _items(body: Any, depth: int = 0) -> int:
    if isinstance(body, list):
        return len(body)
    if isinstance(body, dict) and depth < 3:  # noqa: PLR2004 # envelopes are no deeper
        return sum(_items(each, depth + 1) for each in body.values())
    return 0


def _paging(requests: list[Recorded]) -> set[str]:
    """By what pages are asked for, and lead on; nothing where there is but one page of each thing."""
    found: set[str] = set()
    by_path: dict[tuple[str, ...], list[Recorded]] = defaultdict(list)
    for request in requests:
        by_path[request.segments].append(request)
    for several in by_path.values():
        values: dict[request_features.Key, set[Any]] = defaultdict(set)
        for request in several:
            asked = request_features.features_of(request)
            for key in asked:
                if request_features.is_paging(key):
                    values[key].add(asked[key])
        # The first page may do without: then one value and its absence are two pages.
        found |= {f"{key[0]} {'.'.join(key[1:])}" for key, seen in values.items() if len(seen) > 1 or len(several) > 1}
        if any('rel="next"' in str(request.headers.get("link", "")) for request in several):
            found.add("header link")
        found |= {
            f"header {name}"
            for request in several
            for name, value in request.headers.items()
            if "next" in name and value
        }
        found |= {f"body {path}" for request in several for path in _leads(request.body)}
    return found


def _leads(body: Any, path: str = "", depth: int = 0) -> Iterable[str]:
    """The fields of an envelope that lead to a next page."""
    if not isinstance(body, dict) or depth > 3:  # noqa: PLR2004 # envelopes are no deeper
        return
    for name, value in body.items():
        plain = name.lower().replace("_", "").replace("-", "")
        if isinstance(value, dict):
            yield from _leads(value, f"{path}.{name}", depth + 1)
        elif value and not isinstance(value, list) and any(word in plain for word in _NEXT):
            yield f"{path}.{name}"
