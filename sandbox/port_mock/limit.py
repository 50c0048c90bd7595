"""Refuses bodies that would exhaust the container's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bodies import refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 64 * 1024 * 1024
"""Bytes. Parsed, so many of entities take half of the memory that the container has by default. Port's own limit, 1 MiB,
is one of the rules (`rules.LARGEST_BODY`)."""


class Limit:
    """The middleware: reads a body that is too large to its end, for a client hears no answer before, and says 413."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, unless its body is too large; anything but HTTP passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size = 0

        async def counting() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > LARGEST:
                while message.get("more_body"):
                    message = await receive()
                    size += len(message.get("body", b""))
                raise _TooLargeError
            return message

        try:
            await self._app(scope, counting, send)
        except _TooLargeError:
            megabytes = f"{size / 1024**2:.0f} MiB, at most {LARGEST // 1024**2} MiB are allowed"
            await refuse(413, "bad_request", f"The body is too large: {megabytes}.")(scope, receive, send)


class _TooLargeError(Exception):
    """A body is too large."""
