"""Describes exceptions so that the host can show them, and raise some of them again."""

import base64
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

MESSAGE_LIMIT = 20_000
CAUSES_LIMIT = 10


def describe(error: BaseException) -> list[dict[str, Any]]:
    """Every error that ``error`` stands for, groups taken apart.

    Returns:
        For each: ``type`` (qualified name), ``module``, ``message``, ``traceback``, ``kind`` (of the resource that was
        being resynced, or null), ``arguments`` where all of them are plain JSON values, for httpx's errors the
        ``exchange`` that failed, and the ``cause`` (another of these) where it was raised from one.
    """
    return [_one(leaf, groups) for leaf, groups in _leaves(error, ())]


def _leaves(
    error: BaseException, groups: tuple[BaseException, ...]
) -> Iterator[tuple[BaseException, tuple[BaseException, ...]]]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner, (error, *groups))
    else:
        yield error, groups


def _one(error: BaseException, groups: tuple[BaseException, ...] = (), depth: int = 0) -> dict[str, Any]:
    cause = error.__cause__
    arguments = list(error.args)
    if isinstance(error, OSError) and error.filename is not None:  # which ``args`` leaves out
        arguments = [error.errno, error.strerror, error.filename]
    plain = all(isinstance(value, str | int | float | bool | None) for value in arguments)
    short = sum(_size(value) for value in arguments) <= MESSAGE_LIMIT
    return {
        "type": type(error).__qualname__,
        "module": type(error).__module__,
        "message": _message(error),
        "arguments": arguments if plain and short else None,
        "traceback": "".join(traceback.format_exception(error))[-MESSAGE_LIMIT:],
        "kind": next((kind for each in (error, *groups) if (kind := _kind(each)) is not None), None),
        "exchange": _exchange(error),
        "cause": _one(cause, groups, depth + 1) if cause is not None and depth < CAUSES_LIMIT else None,
    }


def _size(value: Any) -> int:
    """Roughly how many characters it is written with; Python refuses to write very long numbers."""
    if isinstance(value, int):
        return value.bit_length()
    return len(value) if isinstance(value, str) else 0


def _exchange(error: BaseException) -> dict[str, Any] | None:
    """The request, and the response, that an httpx error is about."""
    request = getattr(error, "_request", None) or getattr(getattr(error, "response", None), "_request", None)
    response = getattr(error, "response", None)
    if type(error).__module__.split(".")[0] != "httpx" or request is None:
        return None
    try:
        body = response.content[:MESSAGE_LIMIT] if response is not None else b""
    except Exception:  # noqa: BLE001 # a streamed body that nobody read
        body = b""
    return {
        "method": request.method,
        "url": str(request.url),
        "status": getattr(response, "status_code", None),
        "headers": list(response.headers.multi_items()) if response is not None else [],
        "body": base64.b64encode(body).decode(),
    }


def _message(error: BaseException) -> str:
    try:
        message = str(error)
    except Exception as broken:  # noqa: BLE001 # an integration's own __str__ may fail
        message = f"<its __str__ failed: {broken!r}>"
    return message[:MESSAGE_LIMIT]


def _kind(error: BaseException) -> str | None:
    """The kind that was being resynced: the frames that the error passed through know it.

    port_ocean's ``_process_resource`` holds the ``resource`` (its configuration), and the wrappers around the
    integration's generator hold ``kind``.
    """
    asked: BaseException | None = error
    for _ in range(CAUSES_LIMIT):
        if asked is None:
            break
        for frame in _frames(asked.__traceback__):
            candidates = [_attribute(frame.get(name), "kind") for name in ("resource", "resource_config")]
            for kind in (*candidates, frame.get("kind")):
                if isinstance(kind, str):
                    return kind
        asked = asked.__cause__ or asked.__context__
    return None


def _attribute(holder: Any, name: str) -> Any:
    try:
        return getattr(holder, name, None)
    except Exception:  # noqa: BLE001 # Ocean's own proxies raise where there is no context
        return None


def _frames(trace: TracebackType | None) -> Iterator[dict[str, Any]]:
    while trace is not None:
        yield trace.tb_frame.f_locals
        trace = trace.tb_next
