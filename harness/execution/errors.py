"""Turns the errors that a resync container reported into real exceptions."""

import base64
import builtins
import contextlib

import httpx

from sandbox.resync.report import RemoteFailure

_HEADERS_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class RemoteError(Exception):
    """An error of a type that only the resync container knows (the integration's, or a library's).

    Attributes:
        name: The qualified name of its class, module first.
        message: ``str()`` of it.
        remote_traceback: Its traceback in the container.
        kind: The kind that was being resynced, or None.
    """

    def __init__(self, name: str, message: str, remote_traceback: str, kind: str | None) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
        self.remote_traceback = remote_traceback
        self.kind = kind


def root_of(error: BaseException) -> BaseException:
    """What an error was raised from in the end: Ocean wraps what a resync handler raises."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def described(error: BaseException) -> tuple[str, str]:
    """The name of an error's class and its text, as the integration knows them."""
    # AttributeError and others have a ``name`` of their own.
    if isinstance(error, RemoteError):
        return error.name, error.message
    return type(error).__qualname__, str(error)


def rebuild(failure: RemoteFailure) -> Exception:
    """The exception that ``failure`` describes: Python's own and httpx's with their own type, others as RemoteError.

    It has the container's traceback as a note, ``remote_traceback`` and ``kind`` as attributes, and what it was
    raised from as ``__cause__``: Ocean wraps what a resync handler raises.
    """
    error = _of_own_type(failure)
    if error is None:
        error = RemoteError(f"{failure.module}.{failure.type}", failure.message, failure.traceback, failure.kind)
    if failure.cause is not None:
        error.__cause__ = rebuild(failure.cause)
    error.add_note(f"In the resync container{f', kind {failure.kind}' if failure.kind else ''}:\n{failure.traceback}")
    with contextlib.suppress(AttributeError):
        error.remote_traceback = failure.traceback  # type: ignore[attr-defined]
        error.kind = failure.kind  # type: ignore[attr-defined]
    return error


def _of_own_type(failure: RemoteFailure) -> Exception | None:
    if failure.module.split(".")[0] == "httpx":
        return _of_httpx(failure)
    kind = getattr(builtins, failure.type, None) if failure.module == "builtins" else None
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return None
    arguments = failure.arguments if failure.arguments is not None else [failure.message]
    try:
        return kind(*arguments)
    except TypeError:  # one that wants other arguments, such as UnicodeDecodeError
        return None


def _of_httpx(failure: RemoteFailure) -> Exception | None:
    kind = getattr(httpx, failure.type, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return None
    exchange = failure.exchange
    request = httpx.Request(exchange["method"], exchange["url"]) if exchange else None
    if issubclass(kind, httpx.HTTPStatusError) and exchange and request:
        headers = [pair for pair in exchange["headers"] if pair[0].lower() not in _HEADERS_OF_THE_WIRE]
        response = httpx.Response(
            exchange["status"], headers=headers, content=base64.b64decode(exchange["body"]), request=request
        )
        return kind(failure.message, request=request, response=response)
    if issubclass(kind, httpx.RequestError):
        return kind(failure.message, request=request)
    try:
        return kind(failure.message)
    except TypeError:
        return None
