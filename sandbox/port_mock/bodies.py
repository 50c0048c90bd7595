"""Request and response bodies, and the single shape of every error.

Port refuses with `{"ok": false, "error": <code>, "message": <text>}`; Ocean reads `ok` and `error` (port-ocean 0.55,
clients/port/mixins/entities.py, `upsert_entity`), so every refusal, on either app, has that shape.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote, unquote_plus

from starlette.responses import Response

from .shapes import WrongShapeError, as_object, render

if TYPE_CHECKING:
    from starlette.requests import Request

    from .shapes import Json


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


async def answer_too_deep(_request: Request, _error: Exception) -> Response:
    """Turn a `RecursionError` into a 422: JSON can be read that is nested too deeply for anything to be done with it.

    Args:
        _request: Unused: starlette's signature.
        _error: Unused: Python's words are about Python.

    Returns:
        The 422, as code `invalid_request`.
    """
    return refuse(422, "invalid_request", "the body is nested too deeply")


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


def _refuse_constant(constant: str) -> NoReturn:
    # Python reads NaN and Infinity, JSON does not know them, and Port's own parser refuses them.
    message = f"{constant} is not JSON"
    raise ValueError(message)
