"""JSON in and out: what a body must look like, and the one shape in which anything is refused.

Port refuses with `{"ok": false, "error": <code>, "message": <text>}`; Ocean reads `ok` and `error` (port-ocean 0.55,
clients/port/mixins/entities.py, `upsert_entity`), so every refusal of ours, on either app, has that shape.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, cast
from urllib.parse import unquote, unquote_plus

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

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


def answer(value: object, status: int = 200) -> Response:
    """Answer with a value as JSON.

    Args:
        value: The answer's body.
        status: The HTTP status.

    Returns:
        The response.
    """
    return Response(render(value), status, media_type="application/json")


def refuse(status: int, error: str, message: str) -> Response:
    """Answer a refusal in Port's error shape.

    Args:
        status: The HTTP status.
        error: A short code, such as `not_found`.
        message: What is wrong and, where there is something to do about it, what to do.

    Returns:
        The response.
    """
    return answer({"ok": False, "error": error, "message": message}, status)


async def answer_wrong_shape(_request: Request, error: Exception) -> Response:
    """Turn a `WrongShapeError` into a 422; the exception handler of both apps.

    Args:
        _request: Unused: starlette's signature.
        error: What was wrong.

    Returns:
        The 422, as code `invalid_request`.
    """
    return refuse(422, "invalid_request", str(error))


async def answer_nobody(_request: Request, _error: Exception) -> Response:
    """Answer a client that left before its body was complete; it keeps a traceback out of the log.

    Args:
        _request: Unused: starlette's signature.
        _error: Unused: starlette's `ClientDisconnect` says nothing more.

    Returns:
        A response that only the record of calls sees.
    """
    return refuse(400, "client_disconnected", "The client went away in the middle of its request.")


async def read_object(request: Request) -> Json:
    """Read a request's body as a JSON object.

    Args:
        request: The request, its body not yet read.

    Returns:
        The object.

    Raises:
        WrongShapeError: If the body is no JSON, or no object.
    """
    raw = await request.body()
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        message = f"the body is not valid JSON: {error}"
        raise WrongShapeError(message) from None
    return as_object(value, "the body")


def as_object(value: object, name: str) -> Json:
    """Take a value as an object.

    Args:
        value: The value.
        name: What to call it in the message.

    Returns:
        The value itself.

    Raises:
        WrongShapeError: If it is no object.
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


def segment(request: Request, name: str) -> str:
    """Give a path parameter that the client put into the path as it is.

    Routes match the path as sent (see `recording.py`), so parameters arrive still encoded.

    Args:
        request: The request.
        name: The parameter's name in the route.

    Returns:
        The decoded parameter.
    """
    return unquote(request.path_params[name])


def plus_segment(request: Request, name: str) -> str:
    """Give a path parameter that the client encoded with `quote_plus`, where `+` means a space; see `segment`."""
    return unquote_plus(request.path_params[name])


def _wrong(value: object, name: str, wanted: str) -> NoReturn:
    message = f"{name} must be {wanted}, not {_NAMES.get(type(value), 'a number')}"
    raise WrongShapeError(message)


def _refuse_constant(constant: str) -> NoReturn:
    # Python reads NaN and Infinity, JSON does not know them, and Port's own parser refuses them.
    message = f"{constant} is not JSON"
    raise ValueError(message)
