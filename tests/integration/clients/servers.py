"""Real servers on this container's loopback, which the front does not answer for, with certificates of the test's."""

from __future__ import annotations

import contextlib
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from answers import answer

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = Path(__file__).with_name("certificates")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = answer(self.path, str(self.headers["host"]).partition(":")[0])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None: ...


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that refuses the certificate is what is meant."""


@contextlib.contextmanager
def serving() -> Iterator[dict[str, str]]:
    """Serve with each certificate; gives the origin of each, by its name."""
    origins = {}
    with contextlib.ExitStack() as stack:
        for file in sorted(_FOLDER.glob("*.pem")):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(file)
            server = stack.enter_context(_Server(("127.0.0.1", 0), _Handler))
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            origins[file.stem] = f"https://localhost:{server.server_address[1]}"
        yield origins
