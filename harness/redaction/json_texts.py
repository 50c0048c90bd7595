"""Walks JSON values down to their texts."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Json = Any
# Of JSON that is known to be valid: its texts, names of fields too, numbers and words.
_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|-?(?:Infinity|NaN)|[-0-9.eE+]+|true|false|null', re.DOTALL)


def named_texts(content: Json, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a JSON value, with the name of the field that it is in."""
    if isinstance(content, str):
        yield name, content
    elif isinstance(content, list):
        for each in content:
            yield from named_texts(each, name)
    elif isinstance(content, dict):
        for field, each in content.items():
            yield from named_texts(each, field)


def all_texts(content: Json) -> Iterator[str]:
    """Each text of a JSON value, names of fields too."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        yield from content
        for each in content.values():
            yield from all_texts(each)
    elif isinstance(content, list):
        for each in content:
            yield from all_texts(each)


def texts(content: Json) -> Iterator[str]:
    """Each text of a JSON value."""
    return (text for _, text in named_texts(content))


def mapped(content: Json, change: Callable[[str], str]) -> Json:
    """A JSON value with each of its texts changed; an empty one stays."""
    if isinstance(content, str):
        return change(content) if content else content
    if isinstance(content, list):
        return [mapped(each, change) for each in content]
    if isinstance(content, dict):
        return {name: mapped(each, change) for name, each in content.items()}
    return content


def parsed(text: str) -> Json:
    """The object or array that a text is, else None."""
    try:
        return json.loads(text) if text.lstrip()[:1] in ("{", "[") else None
    except ValueError:
        return None


def rewritten(text: str, content: Json) -> str:
    """JSON with other values, written as it was: what is the same stays to the letter.

    Args:
        text: Valid JSON.
        content: What it is to say: the same but for some of its texts, numbers and names of fields.
    """
    scalars = list(_scalars(content))
    if len(scalars) != len(_SCALAR.findall(text)):  # two fields of one name, of which one is left
        return json.dumps(content, ensure_ascii=False)
    following = iter(scalars)

    def written(found: re.Match[str]) -> str:
        value = next(following)
        return found[0] if json.loads(found[0]) == value else json.dumps(value, ensure_ascii=found[0].isascii())

    return _SCALAR.sub(written, text)


def _scalars(content: Json) -> Iterator[Json]:
    """In the order in which JSON has them."""
    if isinstance(content, dict):
        for name, each in content.items():
            yield name
            yield from _scalars(each)
    elif isinstance(content, list):
        for each in content:
            yield from _scalars(each)
    else:
        yield content


def decoded(text: str) -> str:
    """The text that base64 of either alphabet encodes, with or without padding; nothing if it is not base64."""
    try:
        return base64.urlsafe_b64decode(text.translate(str.maketrans("+/", "-_")) + "=" * (-len(text) % 4)).decode(
            errors="replace"
        )
    except binascii.Error:
        return ""
