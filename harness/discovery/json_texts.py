"""Walks over JSON values, to the texts that they are made of."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from typing import Any

Json = Any


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


def decoded(text: str) -> str:
    """The text that base64 of either alphabet is, with or without padding; nothing where it is none."""
    try:
        return base64.urlsafe_b64decode(text.translate(str.maketrans("+/", "-_")) + "=" * (-len(text) % 4)).decode(
            errors="replace"
        )
    except binascii.Error:
        return ""
