"""Finds the answers behind an item or entity: by the whole object, or by its values."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from harness.integration.candidates import Candidate, on_top, within
from harness.integration.mapping_trace import values_in
from harness.trace.model import Entity

_HOLDING = 3
# A shorter text, or a smaller number, is in every answer by chance.
_SHORTEST_TEXT, _SMALLEST_NUMBER = 3, 1000


def say_who_answered(entities: Sequence[Entity], answers: Sequence[tuple[int, Any]]) -> None:
    """Say of known items which answer has just this object, or that the integration made it.

    Args:
        entities: The entities, of which the ``origin`` has the item.
        answers: What the third party answered with, each with the number of its call.
    """
    places: dict[str, Candidate] = {}
    for call, body in answers:
        for top in on_top(call, body):
            for each in (top, *(within(top) if top.siblings else ())):
                places.setdefault(_text(each.item), each)
    for entity in entities:
        if (trace := entity.origin.trace) is None:
            continue
        if (place := places.get(_text(trace.item))) is not None:
            entity.origin.call, entity.origin.path = place.call, place.path
        elif entity.origin.found == "item":
            entity.origin.found = "made"


def _text(item: Any) -> str:
    return json.dumps(item, sort_keys=True)


def say_who_holds(entities: Sequence[Entity], answers: Sequence[tuple[int, Any]]) -> None:
    """Say of items that no answer has, and of entities of which no item is known, which answers hold their values.

    Args:
        entities: The entities.
        answers: What the third party answered with, each with the number of its call.
    """
    lost = [entity for entity in entities if entity.origin.call is None and entity.state != "deleted"]
    if not lost:
        return
    calls: dict[Any, set[int]] = defaultdict(set)
    for call, body in answers:
        for value in values_in(body):
            if _is_telling(value):
                calls[value].add(call)
    for entity in lost:
        origin, of = (
            entity.origin,
            {key: entity.entity[key] for key in entity.entity if key not in ("blueprint", "icon")},
        )
        values = {value for value in values_in(origin.trace.item if origin.trace else of) if _is_telling(value)}
        counted = Counter(call for value in values for call in calls.get(value, ()))
        origin.values = len(values)
        origin.holding = sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:_HOLDING]
        if counted and origin.found == "nothing":
            origin.found = "values"


def _is_telling(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) >= _SHORTEST_TEXT
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _SMALLEST_NUMBER
