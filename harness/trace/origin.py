"""Finds the raw item behind an entity in the third party's answers.

Ocean keeps no raw items, and a test that failed cannot wait for another resync (as ``ocean-sandbox explain`` runs one). So
the objects of the recorded answers go through the mapping, and the one that becomes exactly the entity is its item. Many
integrations add to what they get, or make items of their own: then an object may become an entity of the same identifier
that differs in parts, or there is none, and all that can be said is which answers contain values of the entity. Each
is told from the other, see :class:`harness.trace.model.Origin`.

Where there is time, as there is for a directory, the items themselves come from another resync (:func:`of_items`). Then only
the answers are looked for.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.integration.candidates import Candidate, first_results, on_top, parts, within
from harness.integration.mapping_trace import ItemTrace, Step, differing, evaluate, follow, mappings_of
from harness.integration.reason import why_empty, why_no_entity
from harness.trace.model import Entity, Origin
from harness.trace.provenance import say_who_answered, say_who_holds

_MOST_OTHERS = 1000
_Key = tuple[str, str]


@dataclass
class _Search:
    resources: Sequence[dict[str, Any]]
    wanted: dict[_Key, list[int]]
    entities: Sequence[Entity]
    origins: list[Origin]
    # Which list an item of which resource stood in, and which objects became an entity.
    lists: dict[tuple[int, int | None, str], None] = field(default_factory=dict)
    used: set[tuple[int | None, str]] = field(default_factory=set)


def find(
    resources: Sequence[dict[str, Any]], entities: list[Entity], answers: Sequence[tuple[int, Any]]
) -> list[Entity]:
    """Say of each entity where it is from, in its ``origin``.

    Args:
        resources: The mapping's.
        entities: The entities.
        answers: The JSON values that the third party answered with, each with the number of its call. Headers' values may
            be among them, as a list: what an entity holds of them is found, too.

    Returns:
        The items that became no entity although others of the same list did: they have the state ``no entity``.
    """
    search = _search(resources, entities)
    top = [candidate for call, body in answers for candidate in on_top(call, body)]
    _look(search, top)
    if any(entity.origin.found != "item" for entity in entities):
        _look(search, [inner for candidate in top if candidate.siblings for inner in within(candidate)])
    say_who_holds(entities, answers)
    for entity in entities:
        if entity.origin.trace is None:
            entity.origin.steps = _steps_by_name(resources, entity.entity)
    return list(_others(search, top))


def of_items(
    resources: Sequence[dict[str, Any]],
    entities: list[Entity],
    answers: Sequence[tuple[int, Any]],
    items: Sequence[Sequence[Any]],
) -> list[Entity]:
    """The same as :func:`find`, where the raw items are known.

    Args:
        resources: The mapping's.
        entities: The entities.
        answers: What the third party answered with.
        items: The items of each resource, after ``itemsToParse``.
    """
    search = _search(resources, entities)
    others: list[Entity] = []
    for index, of_resource in enumerate(items):
        taken = [Candidate(None, "", item) for item in of_resource if isinstance(item, dict)]
        matched = _match(search, index, taken)
        for number, candidate in enumerate(taken):
            if number not in matched and len(others) < _MOST_OTHERS:
                (trace,) = follow(resources[index], index, [candidate.item])
                others.append(no_entity(trace, candidate))
    say_who_answered([*entities, *others], answers)
    say_who_holds([*entities, *others], answers)
    return others


def _search(resources: Sequence[dict[str, Any]], entities: list[Entity]) -> _Search:
    wanted: dict[_Key, list[int]] = defaultdict(list)
    for number, entity in enumerate(entities):
        if entity.state != "deleted":  # of which Port is told no more than the identifier
            wanted[_key(entity.entity)].append(number)
    return _Search(resources, wanted, entities, [entity.origin for entity in entities])


def _look(search: _Search, candidates: list[Candidate]) -> None:
    """Take candidates through all resources."""
    for index, resource in enumerate(search.resources):
        taken = parts(resource, candidates)
        for number in _match(search, index, taken):
            search.used.add((taken[number].call, taken[number].path))
            if taken[number].siblings:
                search.lists[index, taken[number].call, taken[number].siblings] = None


def _match(search: _Search, index: int, taken: list[Candidate]) -> set[int]:
    """Try those that have the identifier of an entity; gives their numbers."""
    mapped = mappings_of(search.resources[index])
    asked = [mapped.get("blueprint"), mapped.get("identifier")]
    if not all(isinstance(each, str) for each in asked):  # a search object: who it finds is for Port to say
        return set()
    matched = set()
    for number, (blueprint, identifier) in enumerate(first_results(list(map(str, asked)), taken)):
        if blueprint is None or identifier is None:
            continue
        for entity in search.wanted.get((str(blueprint), str(identifier)), ()):
            matched.add(number)
            _try(search, index, taken[number], entity)
    return matched


def _try(search: _Search, index: int, candidate: Candidate, number: int) -> None:
    """See whether a candidate of the right identifier becomes the entity of this number."""
    origin = search.origins[number]
    if origin.found == "item":
        return
    (trace,) = follow(search.resources[index], index, [candidate.item])
    if trace.outcome != "mapped" or trace.entity is None:
        return
    differs = list(differing(trace.entity, search.entities[number].entity))
    if origin.found == "part" and len(differs) >= len(origin.differs):
        return
    origin.found, origin.trace, origin.differs = ("part" if differs else "item"), trace, differs
    origin.call, origin.path = candidate.call, candidate.path
    origin.why = {step.path: why_empty(step, trace.item) for step in trace.empty}


def _others(search: _Search, candidates: list[Candidate]) -> Iterator[Entity]:
    """The items that stand in a list with others that became entities, and became none."""
    by_list: dict[tuple[int | None, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.siblings and (candidate.call, candidate.path) not in search.used:
            by_list[candidate.call, candidate.siblings].append(candidate)
    count = 0
    for index, call, siblings in search.lists:
        for candidate in by_list.pop((call, siblings), []):
            (trace,) = follow(search.resources[index], index, [candidate.item])
            if count < _MOST_OTHERS:
                count += 1
                yield no_entity(trace, candidate)


def no_entity(trace: ItemTrace, candidate: Candidate) -> Entity:
    """An item that became no entity, with its way through the mapping.

    Args:
        trace: Its way.
        candidate: The item, and where it was found.
    """
    reason = why_no_entity(trace) or "the mapping gives an entity, but the integration upserted none"
    why = {step.path: why_empty(step, trace.item) for step in trace.empty}
    origin = Origin("item", trace, call=candidate.call, path=candidate.path, why=why)
    entity = trace.entity or {}
    if not entity:  # the selector said no, and yet it has a name
        entity = {"identifier": _usual_name(trace), "blueprint": None, "title": None}
    return Entity("no entity", entity, reason, origin)


def _usual_name(trace: ItemTrace) -> Any:
    """What an item is usually known by."""
    item = trace.item if isinstance(trace.item, dict) else {}
    return next((item[key] for key in ("id", "key", "uuid", "name") if item.get(key)), None)


def _steps_by_name(resources: Sequence[dict[str, Any]], entity: dict[str, Any]) -> list[Step]:
    """The expressions of the only resource that makes entities of this blueprint, with the values that the entity has."""
    fitting = [
        mapped
        for resource in resources
        if isinstance(blueprint := (mapped := mappings_of(resource)).get("blueprint"), str)
        and evaluate("blueprint", blueprint, {}).value == entity.get("blueprint")
    ]
    return list(_steps(fitting[0], entity, "")) if len(fitting) == 1 else []


def _steps(expressions: dict[str, Any], made: Any, path: str) -> Iterator[Step]:
    for key, expression in expressions.items():
        below = f"{path}.{key}" if path else key
        value = made.get(key) if isinstance(made, dict) else None
        if isinstance(expression, dict):
            yield from _steps(expression, value, below)
        elif isinstance(expression, str):
            yield Step(below, expression, value)


def _key(entity: dict[str, Any]) -> _Key:
    return str(entity.get("blueprint")), str(entity.get("identifier"))
