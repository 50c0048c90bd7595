"""Runs an app as a real HTTP server in this process, in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from .nasty import Nasty

if TYPE_CHECKING:
    from starlette.types import ASGIApp


@contextmanager
def serve(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Run `app` on 127.0.0.1; gives its address, such as `http://127.0.0.1:1234`.

    Args:
        app: Any ASGI app.
        port: Where, 0 for any free port.
    """
    with socket.create_server(("127.0.0.1", port)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", access_log=False))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def serve_nasty(nasty: Nasty) -> Iterator[str]:
    """Run the nasty upstream; its files are on another host: `localhost`, in place of `127.0.0.1`."""
    with serve(nasty.app()) as url:
        nasty.files = nasty.files or url.replace("127.0.0.1", "localhost")
        yield url
