"""Makes a value of a JSON Schema, as OpenAPI documents have them: always the same one, with what the schema itself gives.

No library does: those that make values of schemas make random ones, for tests that look for what breaks, and none follows
the references of a document into others.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from harness.imports.pattern_text import text_for
from harness.imports.references import BrokenReferenceError, Part

# So many values are made for one answer; then only what is required. A schema can stand for millions.
_MOST = 2_000
_MOST_AT_ALL = 50_000
_DEEPEST = 12
_MOST_ITEMS = 20
_LONGEST = 1_000
_FORMATS = {
    "date-time": "2024-01-01T00:00:00Z",
    "date": "2024-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "idn-email": "user@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com",
    "url": "https://example.com",
    "uri-reference": "/example",
    "iri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "byte": "ZXhhbXBsZQ==",
    "json-pointer": "/example",
    "regex": ".*",
}
# Texts that can be read, for patterns that take them.
_TRIED = ("example", "EXAMPLE", "1", "example-1", "1.0", "1.0.0", "+12025550123")
_BY_KEYWORD = {
    "object": ("properties", "additionalProperties", "patternProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems"),
    "string": ("pattern", "format", "minLength", "maxLength"),
    "number": ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"),
}
_NOTHING = object()


class _CircularError(Exception):
    """A value would contain itself without end."""


def sample(schema: Part, note: Callable[[str, str], None]) -> Any:
    """A value that fits a schema.

    Args:
        schema: The schema.
        note: Is told what does not fit it, or is not complete, and of what.
    """
    sampler = _Sampler(note)
    try:
        found = sampler.value(schema, frozenset(), 0)
    except _CircularError:
        note("the schema contains itself without end, so the answer is empty", "")
        return {}
    if sampler.made > _MOST:
        note(f"the schema stands for more than {_MOST:,} values, so fields that are not required are left out", "")
    return {} if found is _NOTHING else found


class _Sampler:
    def __init__(self, note: Callable[[str, str], None]) -> None:
        self._note = note
        self.made = 0

    def value(self, schema: Part, within: frozenset[str], depth: int) -> Any:
        """The value; ``_NOTHING`` where the schema does not say anything of it."""
        self.made += 1
        if self.made > _MOST_AT_ALL:
            raise _CircularError
        said = schema.value
        if not isinstance(said, dict):
            return _NOTHING
        if (given := _given(said)) is not _NOTHING:
            return given
        if isinstance(reference := said.get("$ref"), str):
            try:
                address = schema.address(reference)
                found = schema.follow(reference)
            except BrokenReferenceError as error:
                self._note("a reference of the schema leads nowhere", str(error))
                return _NOTHING
            if address in within:
                raise _CircularError
            return self.value(found, within | {address}, depth)
        made = self._all_of(schema, within, depth)
        if (chosen := self._one_of(schema, within, depth)) is not _NOTHING:
            made = _merged(made, chosen)
        own = self._own(schema, within, depth)
        return made if own is _NOTHING else _merged(made, own)

    def _all_of(self, schema: Part, within: frozenset[str], depth: int) -> Any:
        made: Any = _NOTHING
        for each in _list(schema.value.get("allOf")):
            made = _merged(made, self.value(schema.part(each), within, depth))
        return made

    def _one_of(self, schema: Part, within: frozenset[str], depth: int) -> Any:
        """The value of the first alternative that is one, and does not lead back here."""
        alternatives = _list(schema.value.get("oneOf")) + _list(schema.value.get("anyOf"))
        circular = False
        for each in [*alternatives]:
            if isinstance(each, dict) and each.get("type") == "null":
                continue
            try:
                made = self.value(schema.part(each), within, depth)
            except _CircularError:
                circular = True
                continue
            if made is not _NOTHING:
                return _discriminated(schema.value, each, made)
        if circular:
            if any(isinstance(each, dict) and each.get("type") == "null" for each in alternatives):
                return None
            raise _CircularError
        return _NOTHING

    def _own(self, schema: Part, within: frozenset[str], depth: int) -> Any:
        said = schema.value
        kind = _kind(said)
        if kind == "object":
            return dict(self._object(schema, within, depth))
        if kind == "array":
            return self._array(schema, within, depth)
        if kind == "string":
            return self._string(said)
        if kind in ("integer", "number"):
            return _number(said, is_whole=kind == "integer")
        return {"boolean": True, "null": None}.get(str(kind), _NOTHING)

    def _object(self, schema: Part, within: frozenset[str], depth: int) -> Iterator[tuple[str, Any]]:
        said = schema.value
        required = _list(said.get("required"))
        properties = said.get("properties") if isinstance(said.get("properties"), dict) else {}
        for name, each in properties.items():
            is_required = name in required
            if isinstance(each, dict) and each.get("writeOnly") is True:
                continue
            if not is_required and (self.made > _MOST or depth > _DEEPEST):
                continue
            try:
                made = self.value(schema.part(each), within, depth + 1)
            except _CircularError:
                if is_required:
                    raise
                continue
            yield name, "string" if made is _NOTHING else made
        others = said.get("additionalProperties")
        if not properties and isinstance(others, dict) and others and depth <= _DEEPEST:
            try:
                made = self.value(schema.part(others), within, depth + 1)
            except _CircularError:
                return
            yield "key", "string" if made is _NOTHING else made

    def _array(self, schema: Part, within: frozenset[str], depth: int) -> list[Any]:
        said = schema.value
        least, most = _count(said.get("minItems"), 0), _count(said.get("maxItems"), 1)
        first = _list(said.get("prefixItems"))
        items = said.get("items")
        try:
            made = [self.value(schema.part(each), within, depth + 1) for each in first]
            if isinstance(items, dict) and len(made) < max(least, min(1, most)):
                one = self.value(schema.part(items), within, depth + 1)
                wanted = min(max(least, min(1, most)), _MOST_ITEMS)
                choices = _list(items.get("enum")) if said.get("uniqueItems") else []
                made += [choices[number] if number < len(choices) else one for number in range(len(made), wanted)]
        except _CircularError:
            if least:
                raise
            return []
        return ["string" if each is _NOTHING else each for each in made]

    def _string(self, said: dict[str, Any]) -> str:
        text = _FORMATS.get(str(said.get("format")), "string")
        least, most = _count(said.get("minLength"), 0), _count(said.get("maxLength"), 1_000_000)
        pattern = said.get("pattern")
        if not isinstance(pattern, str):
            return _fitted(text, least, most)
        try:
            expression = re.compile(pattern)
        except (re.error, OverflowError, RecursionError):  # JavaScript's, which Python does not read
            expression = None
        tried = (text, *_TRIED, *_FORMATS.values(), *_written_for(pattern, least, most))
        for each in itertools.chain(tried, (_fitted(each, least, most) for each in tried)):
            if expression is not None and least <= len(each) <= most and expression.search(each):
                return each
        self._note("a text that should match a pattern does not: write one", pattern[:60])
        return _fitted(text, least, most)


def _written_for(pattern: str, least: int, most: int) -> tuple[str, ...]:
    """Texts made for a pattern, some of the length that is asked for."""
    made = text_for(pattern)
    longer = tuple(
        made + made[-1] * (length - len(made)) for length in (least, most) if made and len(made) < length <= _LONGEST
    )
    return made, *longer


def _given(said: dict[str, Any]) -> Any:
    """The value that a schema itself gives."""
    wanted = _kind(said)
    examples = said.get("examples")
    listed = _list(examples) or (list(examples.values()) if isinstance(examples, dict) else [])
    for given in (*([said["example"]] if "example" in said else []), *listed):
        if isinstance(given, str) and wanted in ("object", "array", "integer", "number", "boolean"):
            try:
                read = json.loads(given)
            except ValueError:
                continue
            if fits_kind(read, wanted):
                return read
        elif given is not None and fits_kind(given, wanted):
            return given
    if "const" in said:
        return said["const"]
    choices = [each for each in _list(said.get("enum")) if each is not None]
    default = said.get("default")
    if default is not None and fits_kind(default, wanted) and (not choices or default in choices):
        return default
    return choices[0] if choices else _NOTHING


def fits_kind(value: Any, kind: str | None) -> bool:
    """Whether a value is of a type of JSON Schema; anything is of none.

    Args:
        value: The value.
        kind: The type's name.
    """
    if kind in ("integer", "number"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    types: dict[str | None, type] = {"object": dict, "array": list, "string": str, "boolean": bool}
    return isinstance(value, types.get(kind, object))


def _kind(said: dict[str, Any]) -> str | None:
    kind = said.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if isinstance(each, str) and each != "null"), "null")
    if isinstance(kind, str):
        return kind
    return next((name for name, words in _BY_KEYWORD.items() if any(word in said for word in words)), None)


def _merged(one: Any, other: Any) -> Any:
    if one is _NOTHING or other is _NOTHING:
        return other if one is _NOTHING else one
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **other}
    return one


def _discriminated(said: dict[str, Any], chosen: Any, made: Any) -> Any:
    """The value with the name of its alternative, where that has to be in it."""
    given = said.get("discriminator")
    discriminator = given if isinstance(given, dict) else {}
    name = discriminator.get("propertyName")
    reference = chosen.get("$ref") if isinstance(chosen, dict) else None
    if not (isinstance(name, str) and isinstance(reference, str) and isinstance(made, dict)):
        return made
    listed = discriminator.get("mapping")
    mapping = listed if isinstance(listed, dict) else {}
    short = reference.rpartition("/")[2]
    called = next((key for key, value in mapping.items() if value in (reference, short)), short)
    return {**made, name: called} if made.get(name, "string") == "string" else made


def _number(said: dict[str, Any], *, is_whole: bool) -> int | float:
    least, most = _bound(said, "minimum", "exclusiveMinimum"), _bound(said, "maximum", "exclusiveMaximum")
    step = said.get("multipleOf")
    unit = step if isinstance(step, int | float) and not isinstance(step, bool) and step > 0 else 1
    for number in (
        1,
        unit,
        0,
        *((least[0], least[0] + unit) if least else ()),
        *((most[0], most[0] - unit) if most else ()),
    ):
        rounded = int(number) if is_whole or float(number).is_integer() else number
        if least and (rounded < least[0] or (least[1] and rounded == least[0])):
            continue
        if most and (rounded > most[0] or (most[1] and rounded == most[0])):
            continue
        if step and rounded % unit:
            continue
        return rounded
    if least and most:
        middle = (least[0] + most[0]) / 2
        return int(middle) if is_whole else middle
    return 1


def _bound(said: dict[str, Any], inclusive: str, exclusive: str) -> tuple[float, bool] | None:
    """A bound, and whether it itself is out of bounds: in OpenAPI 3.0 a flag says so, in 3.1 it is a number of its own."""
    plain, other = said.get(inclusive), said.get(exclusive)
    if isinstance(other, int | float) and not isinstance(other, bool):
        return other, True
    if isinstance(plain, int | float) and not isinstance(plain, bool):
        return plain, other is True
    return None


def _fitted(text: str, least: int, most: int) -> str:
    if len(text) < least:
        text = (text * (min(least, 10_000) // len(text) + 1))[:least]
    return text[:most]


def _count(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
