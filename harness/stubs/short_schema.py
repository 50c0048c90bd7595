"""The schema of the short form, which editors read too, with its errors in plain words."""

import difflib
import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from harness.stubs.json_places import Steps

FILE = Path(__file__).with_name("short_form.schema.json")

# What somebody means who knows add_route, WireMock or other tools.
_MEANT = {
    "status_code": "status",
    "statusCode": "status",
    "url_pattern": "url",
    "path": "url",
    "urlPath": "url",
    "urlPattern": "url: {matches: …}",
    "urlPathPattern": "url: {matches: …}",
    "params": "query",
    "queryParameters": "query",
    "bodyPatterns": "body",
    "jsonBody": "json",
    "bodyFileName": "file",
    "fixedDelayMilliseconds": "delay, in seconds",
    "equalTo": "equals",
    "request": "wiremock: {request: …, response: …}",
}
_ONLY_ONE = ("json", "body", "file")
_TYPES = {
    "string": "text",
    "object": "an object",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


@dataclass(frozen=True)
class Complaint:
    """One thing that does not fit.

    Args:
        steps: Where.
        what: What is wrong.
        remedy: What to write instead.
    """

    steps: Steps
    what: str
    remedy: str


@functools.lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The schema."""
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


@functools.lru_cache(maxsize=1)
def _validator() -> Draft7Validator:
    return Draft7Validator(schema())


def fits(entries: list[Any]) -> bool:
    """Whether the entries fit the schema."""
    return bool(_validator().is_valid(entries))


def complaints(entries: Any) -> list[Complaint]:
    """What does not fit; where a key is unknown, not also what is missing because of it."""
    errors = list(_validator().iter_errors(entries))
    unknown = {tuple(error.absolute_path) for error in errors if error.validator == "additionalProperties"}
    found: list[Complaint] = []
    for error in errors:
        steps = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            found += _unknown(error, steps)
        elif error.validator not in ("required", "minProperties", "maxProperties") or steps not in unknown:
            name = f"`{steps[-1]}`" if steps and isinstance(steps[-1], str) else "an entry" if steps else "the file"
            words = _WORDS.get(str(error.validator), _as_it_is)
            what, remedy = _beside(entries, steps) if error.validator is None else words(error, name, steps)
            found.append(Complaint(steps, what, remedy))
    return list(dict.fromkeys(found))


def _unknown(error: Any, steps: Steps) -> Iterator[Complaint]:
    known = list(error.schema["properties"])
    for key in error.instance:
        if key not in known:
            yield Complaint((*steps, key), f"unknown key `{key}`", _what_was_meant(key, known, steps))


def _what_was_meant(key: str, known: list[str], steps: Steps) -> str:
    meant = _MEANT.get(key, key)
    word = re.split(r"[:,]", meant)[0]
    if word in known:
        return f"did you mean `{meant}`?"
    if close := difflib.get_close_matches(key, known, n=1):
        return f"did you mean `{close[0]}`?"
    if len(steps) == 1 and word in schema()["definitions"]["response"]["properties"]:
        return f"it belongs below `response`, as `{meant}`"
    if steps[-1:] == ("response",) and word in schema()["definitions"]["entry"]["properties"]:
        return "it belongs beside `response`, not below it"
    return f"available keys: {', '.join(known)}"


def _beside(entries: Any, steps: Steps) -> tuple[str, str]:
    """The schema says of something in the part that it must not be beside something else in it."""
    around = functools.reduce(lambda part, step: part[step], steps, entries)
    rivals = [key for key in around if key in (_ONLY_ONE if "fault" not in around else around) and key != "delay"]
    return f"{' and '.join(f'`{key}`' for key in rivals)} exclude each other", "leave one of them out"


def _wrong_type(error: Any, name: str, steps: Steps) -> tuple[str, str]:
    wanted = error.validator_value
    types = [_TYPES[each] for each in ([wanted] if isinstance(wanted, str) else wanted)]
    said = " or ".join(filter(None, [", ".join(types[:-1]), types[-1]]))
    remedy = "for an object write json" if steps[-2:] == ("response", "body") else "fix it"
    return f"{name} must be {said}, not {_shown(error)}", remedy


def _wrong_value(error: Any, name: str, _: Steps) -> tuple[str, str]:
    values = error.validator_value if error.validator == "enum" else [error.validator_value]
    texts = {str(each).upper(): json.dumps(each) if each is True else str(each) for each in values}
    close = difflib.get_close_matches(str(error.instance).upper(), texts, n=1)
    remedy = f"did you mean {texts[close[0]]}?" if close else f"it can be: {', '.join(texts.values())}"
    return f"{name} cannot be {_shown(error)}", remedy


def _missing(error: Any, name: str, _: Steps) -> tuple[str, str]:
    missing = next(key for key in error.validator_value if key not in error.instance)
    return f"there is no `{missing}` in {name}", f"add {missing}: …"


def _too_many(error: Any, name: str, _: Steps) -> tuple[str, str]:
    if "wiremock" in error.instance:
        return "nothing else is allowed beside `wiremock`", "put it inside `wiremock`"
    return f"{name} says several things: {', '.join(error.instance)}", "say one"


def _as_it_is(error: Any, name: str, _: Steps) -> tuple[str, str]:
    return f"{name}: {error.message}", "fix it"


def _empty(_: Any, name: str, __: Steps) -> tuple[str, str]:
    return f"{name} is empty", "fill it, or leave it out"


def _out_of_bounds(error: Any, name: str, _: Steps) -> tuple[str, str]:
    bound = "at least" if error.validator == "minimum" else "at most"
    return f"{name} must be {bound} {error.validator_value}, not {_shown(error)}", "fix it"


_WORDS: dict[str, Callable[[Any, str, Steps], tuple[str, str]]] = {
    "type": _wrong_type,
    "enum": _wrong_value,
    "const": _wrong_value,
    "required": _missing,
    "maxProperties": _too_many,
    "minProperties": _empty,
    "minItems": _empty,
    "minLength": _empty,
    "minimum": _out_of_bounds,
    "maximum": _out_of_bounds,
}


def _shown(error: Any) -> str:
    return json.dumps(error.instance, ensure_ascii=False)[:60]
