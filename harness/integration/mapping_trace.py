"""Takes raw items through a resource of the mapping, and keeps every step, by Ocean's own rules.

The rules are those of port-ocean 0.48 to 0.55, ``core/handlers/entity_processor/jq_entity_processor.py`` and its
``_sync``: single quotes around a text count as double ones; of several results the first counts; an expression that
fails gives null; the selector must be true or false; without an identifier or a blueprint there is no
entity; every text in a search object (for an identifier, a team, a relation) is an expression, too.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import jq

Outcome = Literal["mapped", "filtered", "failed", "incomplete"]
PARTS = ("identifier", "title", "icon", "blueprint", "team", "properties", "relations")
_OPENING_QUOTE, _CLOSING_QUOTE = re.compile(r"(^|\s)'(?!\s|\")"), re.compile(r"(?<!\s|\")'(?=\s|$)")
_ENVIRONMENT = re.compile(r"\$ENV\b|(?<![.\w])env\b")
_NO_ENVIRONMENT = "def env: {}; {} as $ENV | "


@dataclass(frozen=True)
class Step:
    """One expression and what it came to.

    Args:
        path: Where it stands in the mapping, such as ``properties.url``.
        expression: The expression.
        value: Its first result; None where it failed or gave none.
        error: jq's own words, where it failed.
    """

    path: str
    expression: str
    value: Any = None
    error: str = ""

    @property
    def reads_environment(self) -> bool:
        """Whether it asks for environment variables, which are not known here."""
        return _ENVIRONMENT.search(self.expression) is not None


@dataclass(frozen=True)
class ItemTrace:
    """What became of one raw item.

    Args:
        kind: The resource's kind.
        index: The resource's place in the mapping, from 0.
        number: The item's place among those of the resource, from 0.
        item: The item, as the handler gave it; where ``itemsToParse`` took it apart, one part.
        selector: The selector's query.
        steps: The expressions of the entity, in the mapping's order; none where the selector said no.
        entity: What they came to.
        outcome: ``mapped``; ``filtered``: the selector said no; ``failed``: it said neither yes nor no; ``incomplete``:
            there is no identifier or no blueprint.
    """

    kind: str
    index: int
    number: int
    item: Any
    selector: Step
    outcome: Outcome
    steps: list[Step] = field(default_factory=list)
    entity: dict[str, Any] | None = None

    @property
    def empty(self) -> list[Step]:
        """The expressions that gave null: Ocean says of them "null, missing, or misconfigured"."""
        return [step for step in self.steps if step.value is None]

    def to_dict(self) -> dict[str, Any]:
        """The trace as JSON values."""
        return asdict(self)


def follow(resource: dict[str, Any], index: int, items: Sequence[Any]) -> list[ItemTrace]:
    """Take items through a resource of the mapping.

    Args:
        resource: The resource.
        index: Its place in the mapping.
        items: The raw items, after ``itemsToParse``.
    """
    return [_follow(resource, index, number, item) for number, item in enumerate(items)]


def evaluate(path: str, expression: Any, item: Any) -> Step:
    """What an expression of the mapping comes to for an item.

    Args:
        path: Where it stands.
        expression: The expression; a number or a truth value is read as Ocean reads it (``true`` is ``True`` there).
        item: The item.
    """
    text = expression if isinstance(expression, str) else str(expression)
    try:
        return Step(path, text, next(iter(_compile(text).input_value(item)), None))
    except (ValueError, TypeError) as error:
        return Step(path, text, error=readable(error))


def differing(mapped: dict[str, Any], upserted: dict[str, Any]) -> dict[str, Any]:
    """The properties and relations of an upserted entity that are not as the mapping made them, by their path.

    Args:
        mapped: What the mapping made.
        upserted: What Port got.
    """
    return {
        f"{part}.{name}": theirs
        for part in ("properties", "relations")
        for name, value in (mapped.get(part) or {}).items()
        if (theirs := (upserted.get(part) or {}).get(name)) != value
    }


def as_jq(expression: str) -> str:
    """The expression as jq takes it here: with Ocean's quotes, and without the environment of this process."""
    return _NO_ENVIRONMENT + with_double_quotes(expression)


def with_double_quotes(expression: str) -> str:
    """The expression as Ocean gives it to jq: single quotes at the ends of a text become double ones."""
    return _CLOSING_QUOTE.sub('"', _OPENING_QUOTE.sub(r'\1"', expression))


def ignored_parts(resource: dict[str, Any]) -> list[str]:
    """The keys of an entity's mapping that Ocean does not know and drops."""
    return [key for key in mappings_of(resource) if key not in PARTS]


def mappings_of(resource: dict[str, Any]) -> dict[str, Any]:
    """The entity's part of a resource; empty if there is none."""
    found: Any = resource
    for key in ("port", "entity", "mappings"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def readable(error: Exception) -> str:
    """What is wrong in jq's words: without the place, which counts what stands before every expression."""
    first = next((line for line in str(error).splitlines() if not re.match(r"jq: \d+ compile error", line)), "")
    first = re.sub(r" at <top-level>.*| \(Unix shell quoting issues\?\).*", "", first.removeprefix("jq: error: "))
    return first.strip() or type(error).__name__


@functools.lru_cache(maxsize=1024)
def _compile(expression: str) -> Any:
    return jq.compile(as_jq(expression))


def _follow(resource: dict[str, Any], index: int, number: int, item: Any) -> ItemTrace:
    kind = str(resource.get("kind"))
    query = (resource.get("selector") or {}).get("query")
    selector = evaluate("selector.query", query, item)
    if not isinstance(selector.value, bool):
        return ItemTrace(kind, index, number, item, selector, "failed")
    if not selector.value:
        return ItemTrace(kind, index, number, item, selector, "filtered")
    mappings = {key: value for key, value in mappings_of(resource).items() if key in PARTS}
    steps: list[Step] = []
    entity = _object(mappings, "", item, steps)
    is_whole = bool(entity.get("identifier")) and bool(entity.get("blueprint"))
    return ItemTrace(kind, index, number, item, selector, "mapped" if is_whole else "incomplete", steps, entity)


def _object(expressions: dict[str, Any], path: str, item: Any, steps: list[Step]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, expression in expressions.items():
        below = f"{path}.{key}" if path else key
        if isinstance(expression, dict):
            made[key] = _object(expression, below, item, steps)
        elif isinstance(expression, list):
            made[key] = [
                _object(each, f"{below}[{number}]", item, steps) if isinstance(each, dict) else None
                for number, each in enumerate(expression)
            ]
        else:
            steps.append(step := evaluate(below, expression, item))
            made[key] = step.value
    return made


def values_in(item: Any) -> Iterator[Any]:
    """Every text, number and truth value in an item."""
    if isinstance(item, dict | list):
        for value in item.values() if isinstance(item, dict) else item:
            yield from values_in(value)
    else:
        yield item
