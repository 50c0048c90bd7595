"""Learns from a replay's unmatched requests what must not tell requests apart."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from urllib.parse import unquote

from harness.redaction.chance import looks_secret
from harness.replay import origins, request_features
from harness.replay.patterns import Pattern
from harness.replay.recording import Recorded
from harness.replay.replay_plan import Plan, PlannedRoute
from harness.replay.request_features import Key
from harness.replay.volatile import SEGMENT, Without

_SHOWN = 60
_NUMBER = re.compile(r"[0-9]+")


def to_leave_out(plan: Plan, unmatched: Sequence[Recorded], recorded: Sequence[Recorded]) -> Without:
    """What kept requests of a replay from being answered, though the integration made it up.

    Args:
        plan: What was replayed.
        unmatched: The requests that no route was for.
        recorded: The recorded requests: a value that one of them has is not made up.
    """
    if not unmatched:
        return frozenset()
    known = {value for route in plan.routes for turn in route.turns for value in origins.values_of(turn.answer)}
    return frozenset(each for request in unmatched for each in _of_one(plan, request, recorded, known))


def _of_one(
    plan: Plan, request: Recorded, recorded: Sequence[Recorded], known: Collection[str]
) -> Iterator[tuple[Pattern, Key]]:
    asked = request_features.features_of(request)
    if differing := _nearest(plan, request):
        route, keys = differing
        alike = [request_features.features_of(each) for each in recorded if route.pattern.matches(each)]
        for key in keys:
            value = asked.get(key)
            is_recorded = any(each.get(key) == value for each in alike)
            if route.group is not None and not is_recorded and origins.plain(key, value) not in known:
                yield route.group, key
        return
    for pattern, position in _other_paths(plan, request):
        if unquote(request.segments[position]) not in known:
            yield pattern, (SEGMENT, str(position))


def _nearest(plan: Plan, request: Recorded) -> tuple[PlannedRoute, list[Key]] | None:
    """The route that is the most like a request of its path, with the features in which they differ."""
    asked = request_features.features_of(request)
    found = [
        (
            [key for key, value in route.telling if not request_features.fits(value, asked.get(key))],
            number,
            route,
        )
        for number, route in enumerate(plan.routes)
        if route.pattern.matches(request)
    ]
    if not found:
        return None
    keys, _, route = min(found, key=lambda each: (len(each[0]), each[1]))
    return route, keys


def _other_paths(plan: Plan, request: Recorded) -> Iterator[tuple[Pattern, int]]:
    """The paths that differ from that of a request in one segment."""
    for route in plan.routes:
        pattern = route.pattern
        if (pattern.method, pattern.origin, len(pattern.segments)) != (
            request.method,
            request.origin,
            len(request.segments),
        ):
            continue
        different = [
            position
            for position, (wanted, given) in enumerate(zip(pattern.segments, request.segments, strict=True))
            if wanted is not None and wanted != given
        ]
        if len(different) != 1:
            continue
        position = different[0]
        if _are_alike(str(pattern.segments[position]), request.segments[position]):
            segments = (*pattern.segments[:position], None, *pattern.segments[position + 1 :])
            yield replace(pattern, segments=segments), position


def _are_alike(one: str, other: str) -> bool:
    """Whether two segments differ in a number only, or are both made up by chance: other words are another path."""
    if _NUMBER.search(one) and _NUMBER.sub("0", one) == _NUMBER.sub("0", other):
        return True
    return all(looks_secret(each) and _NUMBER.search(each) for each in (one, other))


def describe(plan: Plan, request: Recorded) -> str:
    """An unmatched request, and in what it differs from what was recorded."""
    said = f"{request.method} {request.url}"
    if (nearest := _nearest(plan, request)) is None:
        return f"{said}: no request to this path was recorded"
    asked = request_features.features_of(request)
    wanted = dict(nearest[0].telling)
    differences = [
        f"{' '.join(key)} is {_shown(asked.get(key))}, recorded: {_shown(wanted[key])}" for key in nearest[1]
    ]
    return f"{said}: {'; '.join(differences)}"


def _shown(value: object) -> str:
    texts = value if isinstance(value, tuple) else (value,)
    text = "nothing" if value is None else " ".join(map(str, texts))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
