"""Evaluates search queries: combinators, rules, and the operators that clients send.

What an operator means is Port's documentation's: docs/search-and-query/structure-and-syntax.md and
operators/comparison-operators.md; which of them may stand where is the request schema's of
docs/api-reference/search-entities.api.mdx. Rules on the graph (`relatedTo`), on the user (`context`), on a property's
schema and on relative dates are refused by name: no client of Ocean's sends them.

Could not be found out: what a comparison of two types, or with a property that is not there, comes to. Here only `!=`
and the operators with a "not" in them are true then.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .catalog import written
from .shapes import WrongShapeError, as_list, as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .catalog import Catalog, Stored
    from .shapes import Json

    Test = Callable[[Stored], bool]

_META: dict[str, Callable[[Stored], Any]] = {
    "$identifier": lambda stored: stored.identifier,
    "$blueprint": lambda stored: stored.blueprint,
    "$datasource": lambda stored: stored.datasource,
    "$title": lambda stored: stored.entity.get("title"),
    "$icon": lambda stored: stored.entity.get("icon"),
    "$team": lambda stored: stored.entity.get("team"),
    "$createdAt": lambda stored: written(stored.created),
    "$updatedAt": lambda stored: written(stored.updated),
}
# Deeper than any query of a person's or a client's, and well below what Python can recurse.
_DEEPEST = 50


def search(catalog: Catalog, query: Json, *, strict: bool, blueprint: str | None = None) -> Iterator[Stored]:
    """Find the entities that a query is true of.

    Args:
        catalog: Where to look.
        query: `combinator` and `rules`.
        strict: Whether a query without them is refused, as Port does, or matches all.
        blueprint: The only blueprint to look at, whatever the query.

    Returns:
        The entities, in the order in which they were created.

    Raises:
        WrongShapeError: If the query is wrong; the message names the rule.
    """
    test = _group(query, "", strict=strict)
    blueprints, identifiers = _narrow(query)
    if blueprint is not None:
        blueprints = _both(blueprints, {blueprint: None})
    return (stored for stored in catalog.among(blueprints, identifiers) if test(stored))


def _group(query: Json, where: str, *, strict: bool, depth: int = 0) -> Test:
    if depth > _DEEPEST:
        raise WrongShapeError("the query is nested too deeply")
    combinator = query.get("combinator") if strict or depth else query.get("combinator", "and")
    if combinator not in ("and", "or"):  # no set: it may be a list or an object, which no set takes
        raise WrongShapeError(f"{where}combinator must be 'and' or 'or', not {combinator!r}")
    rules = as_list(query.get("rules") if strict or depth else query.get("rules", []), f"{where}rules")
    tests = [
        _rule(as_object(rule, f"{where}rules[{index}]"), f"{where}rules[{index}].", strict=strict, depth=depth)
        for index, rule in enumerate(rules)
    ]
    if combinator == "or" and tests:
        return lambda stored: any(test(stored) for test in tests)
    return lambda stored: all(test(stored) for test in tests)


def _rule(rule: Json, where: str, *, strict: bool, depth: int) -> Test:
    if "combinator" in rule or "rules" in rule:
        return _group(rule, where, strict=strict, depth=depth + 1)
    if "propertySchema" in rule:
        raise WrongShapeError(f"{where}propertySchema is not evaluated by the Port mock")
    operator = as_text(rule.get("operator"), f"{where}operator")
    if operator in _UNSUPPORTED:
        raise WrongShapeError(f"{where}operator {operator!r} is not evaluated by the Port mock")
    read = _reader(as_text(rule.get("property"), f"{where}property"))
    if operator in _UNARY:
        is_empty = operator == "isEmpty"
        return lambda stored: (read(stored) is None) is is_empty
    if operator not in _OPERATORS:
        raise WrongShapeError(f"{where}operator must be one of {', '.join([*_OPERATORS, *_UNARY])}, not {operator!r}")
    if "value" not in rule:
        raise WrongShapeError(f"{where}value is missing")
    value = _value(rule["value"], operator, f"{where}value")
    compare = _OPERATORS[operator]
    return lambda stored: compare(read(stored), value)


def _reader(name: str) -> Callable[[Stored], Any]:
    if name in _META:
        return _META[name]

    def read(stored: Stored) -> Any:
        properties = stored.entity.get("properties")
        return properties.get(name) if isinstance(properties, dict) else None

    return read


def _value(value: object, operator: str, where: str) -> object:
    if operator in {"in", "notIn", "containsAny"}:
        return as_list(value, where)
    if operator in {"between", "notBetween"}:
        span = as_object(value, where)
        if "preset" in span:
            raise WrongShapeError(f"{where}.preset is not evaluated by the Port mock; give from and to")
        bounds = [_moment(as_text(span.get(end), f"{where}.{end}")) for end in ("from", "to")]
        if None in bounds:
            raise WrongShapeError(f"{where} must have ISO 8601 times as from and to")
        return bounds
    if isinstance(value, dict):
        raise WrongShapeError(f"{where} must be a string, a number, a boolean, an array or null")
    return value


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) is not isinstance(other, bool):
        return False  # Python takes True for 1
    if one == other:
        return True
    first, second = _moment(one), _moment(other)
    return first is not None and first == second


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(one: Any, other: Any) -> bool:
        pair = (_moment(one), _moment(other)) if isinstance(one, str) else (one, other)
        numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in pair)
        times = all(isinstance(each, datetime) for each in pair)
        return (numbers or times) and compare(*pair)

    return test


def _contains(one: Any, other: Any) -> bool:
    if isinstance(one, list):
        return any(_equal(each, other) for each in one)
    return isinstance(one, str) and isinstance(other, str) and other in one


def _between(one: Any, bounds: Any) -> bool:
    moment = _moment(one)
    return moment is not None and bounds[0] <= moment <= bounds[1]


def _negated(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda one, other: not compare(one, other)


def _in(one: Any, values: Any) -> bool:
    return any(_equal(each, value) for each in (one if isinstance(one, list) else [one]) for value in values)


def _contains_any(one: Any, values: Any) -> bool:
    return isinstance(one, list) and _in(one, values)


def _begins(one: Any, other: Any) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.startswith(other)


def _ends(one: Any, other: Any) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.endswith(other)


_UNARY = ("isEmpty", "isNotEmpty")
_UNSUPPORTED = ("relatedTo", "matchAny", "isExpired", "isNotExpired")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": _equal,
    "!=": _negated(_equal),
    ">": _ordered(lambda one, other: one > other),
    ">=": _ordered(lambda one, other: one >= other),
    "<": _ordered(lambda one, other: one < other),
    "<=": _ordered(lambda one, other: one <= other),
    "contains": _contains,
    "doesNotContains": _negated(_contains),
    "containsAny": _contains_any,
    "beginsWith": _begins,
    "doesNotBeginsWith": _negated(_begins),
    "endsWith": _ends,
    "doesNotEndsWith": _negated(_ends),
    "in": _in,
    "notIn": _negated(_in),
    "between": _between,
    "notBetween": _negated(_between),
}

_Narrowed = tuple["dict[str, None] | None", "dict[str, None] | None"]


def _narrow(query: Json) -> _Narrowed:
    """Tell blueprints and identifiers outside of which no entity can match; None where any can.

    Ocean searches for the fifty entities of each batch. Looking at all that are there for each would make a large
    resync quadratic. The query has been seen to be right. Dicts stand for sets that keep their order.
    """
    if query.get("combinator") == "or":
        return _any_of([_narrow_rule(rule) for rule in query["rules"]])
    blueprints: dict[str, None] | None = None
    identifiers: dict[str, None] | None = None
    for rule in query.get("rules", []):
        of_rule = _narrow_rule(rule)
        blueprints = _both(blueprints, of_rule[0])
        identifiers = _both(identifiers, of_rule[1])
    return blueprints, identifiers


def _narrow_rule(rule: Json) -> _Narrowed:
    if "rules" in rule:
        return _narrow(rule)
    name, operator, value = rule.get("property"), rule.get("operator"), rule.get("value")
    values = value if operator == "in" else [value]
    if name not in {"$blueprint", "$identifier"} or operator not in {"=", "in"} or not isinstance(values, list):
        return None, None
    allowed = {each: None for each in values if isinstance(each, str)}
    return (allowed, None) if name == "$blueprint" else (None, allowed)


def _both(one: dict[str, None] | None, other: dict[str, None] | None) -> dict[str, None] | None:
    if one is None or other is None:
        return other if one is None else one
    return {each: None for each in one if each in other}


def _any_of(parts: list[_Narrowed]) -> _Narrowed:
    def joined(found: list[dict[str, None] | None]) -> dict[str, None] | None:
        known = [each for each in found if each is not None]
        return {key: None for each in known for key in each} if len(known) == len(found) and found else None

    return joined([part[0] for part in parts]), joined([part[1] for part in parts])


def shown(stored: Stored, include: list[str], exclude: list[str]) -> Json:
    """Give an entity as a search answers it.

    Args:
        stored: The entity.
        include: Paths such as `identifier` or `properties.url`; only these are returned, unless there are none.
        exclude: Paths that are left out.

    Returns:
        Its JSON. A path that the entity has nothing at is left out.
    """
    whole = stored.to_json()
    if not include and not exclude:
        return whole
    answer: Json = {} if include else {key: dict(v) if isinstance(v, dict) else v for key, v in whole.items()}
    for path in include:
        part, _, name = path.partition(".")
        if not name and part in whole:
            answer[part] = whole[part]
        elif name and isinstance(whole.get(part), dict) and name in whole[part]:
            answer.setdefault(part, {})[name] = whole[part][name]
    for path in exclude:
        part, _, name = path.partition(".")
        if not name:
            answer.pop(part, None)
        elif isinstance(answer.get(part), dict):
            answer[part].pop(name, None)
    return answer
