"""Records every call to the Port API, as a pure ASGI middleware.

It keeps the beginning of a body and of an answer while the chunks pass through: a resync of 100,000 entities makes
thousands of calls with large bodies, and their entities are kept once, as captures. Only where the seed asks for it
(`whole_calls`: a discovery, which writes them down) it keeps all of them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .state import CALL

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .state import Kept, PortState

EXCERPT_CHARACTERS = 2000
# A character takes at most four bytes in UTF-8, so this many bytes always hold enough characters.
_EXCERPT_BYTES = 4 * EXCERPT_CHARACTERS
# Says in each answer which call it is of: who sees the answer in the integration can tell what the call was made for.
CALL_HEADER = "x-ocean-sandbox-call"
_KEPT = "port_mock.kept"
_KNOWN = "port_mock.known"


class Recorder:
    """The middleware: hands the call its `Kept`, lets routes match the path as sent, and writes the record.

    ASGI decodes the path, which turns an encoded slash in an identifier into a separator. `raw_path` is the path as
    sent; the ASGI servers we run under (uvicorn, httpx.ASGITransport, starlette's TestClient) all provide it.
    """

    def __init__(self, app: ASGIApp, state: PortState) -> None:
        """Wrap an app.

        Args:
            app: The app to record.
            state: Where to keep the record.
        """
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and record it once it was answered; anything but HTTP passes unrecorded."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Taken once, on arrival: see `state.py` on calls that are under way during a reset.
        kept = self._state.kept
        kept.arrivals += 1
        sequence = kept.arrivals
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        scope = {**scope, "path": path, _KEPT: kept, _KNOWN: [True]}
        limit = None if kept.seed.whole_calls else EXCERPT_CHARACTERS
        body, response, status = _Excerpt(limit), _Excerpt(limit), 500

        async def record_body() -> Message:
            message = await receive()
            body.add(message.get("body", b""))
            return message

        async def record_response(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = (CALL_HEADER.encode(), str(sequence).encode())
                message = {**message, "headers": [*message.get("headers", []), named]}
            else:
                response.add(message.get("body", b""))
            await send(message)

        at, started = time.time(), time.perf_counter()
        CALL.set(sequence)
        try:
            await self._app(scope, record_body, record_response)
        finally:
            kept.calls.append(
                {
                    "sequence": sequence,
                    "method": scope["method"],
                    "path": path,
                    "query": scope["query_string"].decode("latin-1"),
                    "body": body.text(),
                    "body_size": body.size,
                    "status": status,
                    "response": response.text(),
                    "at": at,
                    "duration_ms": round(1000 * (time.perf_counter() - started), 3),
                    "known": scope[_KNOWN][0],
                }
            )


def kept_in(scope: Scope) -> Kept:
    """Give the `Kept` that was current when a call arrived; see `kept_of`."""
    kept: Kept = scope[_KEPT]
    return kept


def kept_of(request: Request) -> Kept:
    """Give the `Kept` that was current when a request arrived.

    Args:
        request: A request that passed the recorder.

    Returns:
        What the request's handler reads and writes.
    """
    return kept_in(request.scope)


def mark_unknown(request: Request) -> None:
    """Record that the mock had no answer for a request.

    Args:
        request: A request that passed the recorder.
    """
    # A list, because starlette copies scopes on their way to a handler: the copies share it.
    request.scope[_KNOWN][0] = False


class _Excerpt:
    """The beginning of a stream of chunks, and the size of the whole."""

    __slots__ = ("_characters", "_start", "size")

    def __init__(self, characters: int | None) -> None:
        self._characters = characters
        self._start = bytearray()
        self.size = 0

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self._characters is None:
            self._start += chunk
        elif (missing := _EXCERPT_BYTES - len(self._start)) > 0:
            self._start += chunk[:missing]

    def text(self) -> str:
        return self._start.decode("utf-8", errors="replace")[: self._characters]
