"""Serves the apps from one event loop, until the lifeline ends or somebody asks to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import struct
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from .lifeline import Lifeline

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from starlette.applications import Starlette

# Clients keep idle connections for seconds to minutes. If we closed them first, a request sent at that very moment
# would fail for no fault of the integration.
_KEEP_ALIVE_SECONDS = 3600
# uvicorn looks for the end every 0.1 s and then takes 0.1 s: it is done well before, unless the loop is stuck.
_GRACE_SECONDS = 0.4
# An answer of the test process, base64 and all; a test may well answer with 50 MB.
_LARGEST_ANSWER = 256 * 1024 * 1024


def serve(
    apps: Mapping[socket.socket, Starlette],
    *,
    lifeline: int,
) -> None:
    """Serve apps, and return once stdin has reached EOF or SIGTERM or SIGINT has come.

    Calls that are under way then are not waited for: whoever could read their answers is gone or has asked us to go.
    When the end takes longer than 0.4 s after EOF, the process is ended at once. Call it from the main thread, the only
    one that can take signals.

    Args:
        apps: What to serve on which listening socket; the sockets are closed in the end.
        lifeline: The file descriptor whose EOF ends it all; stdin, in a container.
    """
    servers = [_Server(_configure(app)) for app in apps.values()]
    # uvicorn knows the quickest loop that is installed.
    with asyncio.Runner(loop_factory=servers[0].config.get_loop_factory()) as runner:
        runner.run(_serve(servers, list(apps), lifeline))


class _Resettable(AutoHTTPProtocol):  # type: ignore[misc, valid-type] # uvicorn picks one as it is imported
    """A connection that an app can reset: `scope["state"]["reset"]` does (see `injector.py`)."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Give the app a way to reset it, besides what uvicorn does."""
        super().connection_made(transport)

        def reset() -> None:
            # Lingering for no time makes TCP say RST, as a peer that died does, and not FIN.
            end = transport.get_extra_info("socket")
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

        # Each connection has a copy of its own: uvicorn gives all of them the same to begin with.
        state: dict[str, object] = self.app_state  # type: ignore[has-type] # see above
        self.app_state = {**state, "reset": reset}


class _Server(uvicorn.Server):
    """A server that leaves signals alone: several, each installing handlers, would end one after the other."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def _serve(
    servers: list[_Server],
    sockets: list[socket.socket],
    descriptor: int,
) -> None:
    loop = asyncio.get_running_loop()

    def end() -> None:
        for server in servers:
            server.should_exit = server.force_exit = True

    def end_from_thread() -> None:
        # A SIGTERM at the same time may have closed the loop already.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(end)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    lifeline = Lifeline(end_from_thread, descriptor=descriptor, grace=_GRACE_SECONDS)
    lifeline.hold()
    try:
        await asyncio.gather(
            *(server.serve(sockets=[listener]) for server, listener in zip(servers, sockets, strict=True)),
        )
    finally:
        lifeline.release()
        for listener in sockets:
            listener.close()


def _configure(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Resettable,
        access_log=False,
        log_level="warning",
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=_LARGEST_ANSWER,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
