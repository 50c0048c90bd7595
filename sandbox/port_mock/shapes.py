"""JSON values: their required shapes, and how they are written. Needs only the standard library."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeAlias, cast

Json: TypeAlias = dict[str, Any]
"""A JSON object: its values are whatever the client sent."""

_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


class WrongShapeError(Exception):
    """A body is no JSON, or not of the shape that the call needs; the message names what is wrong."""


def render(value: object) -> bytes:
    """Render a value as compact JSON.

    Starlette's own JSON answers fail on lone surrogates and infinities, both of which `json.loads` accepts from a
    client (half of an escaped emoji, `1e999`): what was read must be possible to write back.

    Args:
        value: What to render; anything that `json.loads` can give.

    Returns:
        ASCII-only JSON.
    """
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def as_object(value: object, name: str) -> Json:
    """Take a value as an object.

    Args:
        value: The value.
        name: What to call it in the message.

    Returns:
        The value itself.

    Raises:
        WrongShapeError: If it is not an object.
    """
    if not isinstance(value, dict):
        _wrong(value, name, "an object")
    return cast("Json", value)


def as_list(value: object, name: str) -> list[Any]:
    """Take a value as an array; see `as_object`."""
    if not isinstance(value, list):
        _wrong(value, name, "an array")
    return value


def as_objects(value: object, name: str) -> list[Json]:
    """Take a value as an array of objects; see `as_object`."""
    return [as_object(item, f"{name}[{index}]") for index, item in enumerate(as_list(value, name))]


def as_text(value: object, name: str) -> str:
    """Take a value as a string that is not empty; see `as_object`."""
    if not isinstance(value, str):
        _wrong(value, name, "a string")
    if not value:
        message = f"{name} must not be empty"
        raise WrongShapeError(message)
    return value


def as_flag(value: object, name: str) -> bool:
    """Take a value as a boolean; see `as_object`."""
    if not isinstance(value, bool):
        _wrong(value, name, "a boolean")
    return value


def _wrong(value: object, name: str, wanted: str) -> NoReturn:
    message = f"{name} must be {wanted}, not {_NAMES.get(type(value), 'a number')}"
    raise WrongShapeError(message)
