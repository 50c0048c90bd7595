"""Applies faults to the calls that they match."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.requests import Request

from .bodies import refuse
from .entities import reject_all
from .recording import kept_in

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .faults import Fault
    from .rules import RefusedError
    from .state import Kept


class Injector:
    """The middleware: meets each call with the fault that is for it. It comes after the recorder."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, or answer it with a fault."""
        kept = kept_in(scope) if scope["type"] == "http" else None
        if kept is None or not (kept.faults or kept.expired_tokens):
            await self._app(scope, receive, send)
            return
        if _has_expired_token(kept, scope):
            await refuse(401, "unauthorized", "The access token has expired.")(scope, receive, send)
            return
        target = _target(scope)
        found = (fault for fault in kept.faults if not fault.entities and fault.is_for(scope["method"], target))
        fault = next(found, None)
        if fault is None:
            await self._app(scope, receive, send)
            return
        fault.hits += 1
        if fault.latency:
            await asyncio.sleep(fault.latency)
        if fault.reset:
            await _reset(scope, receive, send)
        elif fault.status is None:
            await self._app(scope, receive, send)
        else:
            await _refuse(fault, kept, scope, receive, send)


async def _refuse(fault: Fault, kept: Kept, scope: Scope, receive: Receive, send: Send) -> None:
    refused = fault.refusal()
    body = await Request(scope, receive).body()
    _reject(kept, scope, body, refused)
    response = refuse(refused.status, refused.error, refused.message)
    if fault.retry_after is not None:
        response.headers["retry-after"] = str(fault.retry_after)
    await response(scope, receive, send)


def _reject(kept: Kept, scope: Scope, raw: bytes, refused: RefusedError) -> None:
    """Remember the entities that a fault refuses, if the call upserts any."""
    parts = [unquote(part) for part in scope["path"].split("/")]
    if scope["method"] != "POST" or parts[2:3] != ["blueprints"] or "entities" not in parts[4:5]:
        return
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return
    if parts[5:] == ["bulk"] and isinstance(body, dict):
        reject_all(kept, parts[3], body, refused)
    elif not parts[5:]:
        reject_all(kept, parts[3], {"entities": [body]}, refused)


async def _reset(scope: Scope, receive: Receive, send: Send) -> None:
    await Request(scope, receive).body()
    reset = scope.get("state", {}).get("reset")
    if reset is None:
        # Not behind our server (`server.py`), but in the test's own process, which makes an error of this.
        raise ConnectionResetError("fault injected by the test: the connection is reset")
    reset()
    # The loop gets to see that the connection is gone; what is answered then is only recorded.
    await asyncio.sleep(0)
    await refuse(499, "connection_reset", "Fault injected by the test: the connection was reset.")(scope, receive, send)


def _has_expired_token(kept: Kept, scope: Scope) -> bool:
    given = Headers(scope=scope).get("authorization", "").removeprefix("Bearer ")
    return given in kept.expired_tokens and not scope["path"].endswith("/auth/access_token")


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])
