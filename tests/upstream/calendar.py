"""A server whose answers depend on the day: windows of time, nonces, pages that values lead through, JSON-RPC."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE, ITEMS = 5, 23


def item(number: int) -> dict[str, Any]:
    return {"id": f"item-{number:03}", "value": number}


class Calendar(BaseHTTPRequestHandler):
    """Refuses what is not of today, so that only an integration that computes it is answered."""

    seen: set[str] = set()  # noqa: RUF012 # of the server

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Windows of time, a report of today, pages by a header; anything else is a list."""
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/events":
            days = datetime.now(UTC) - datetime.fromisoformat(query["from"][0])
            if not timedelta(days=29) < days < timedelta(days=91) or query["nonce"][0] in self.seen:
                return self.answer({"message": "not of today"}, 400)
            self.seen.add(query["nonce"][0])
            return self.answer({"events": [item(100 + days.days + number) for number in range(3)]})
        if path.startswith("/reports/"):
            if path.rpartition("/")[2] != datetime.now(UTC).strftime("%Y-%m-%d"):
                return self.answer({"message": "no report"}, 404)
            return self.answer({"id": "report", "value": "today"})
        if path != "/list":
            first = 300 + 10 * len(query.get("team", [""])[0])
            return self.answer([item(first + number) for number in range(9)])
        token = int(self.headers.get("X-More", "token-0").partition("-")[2])
        found = [item(200 + number) for number in range(token, min(token + PAGE, ITEMS))]
        return self.answer(found, **({"X-More": f"token-{token + PAGE}"} if token + PAGE < ITEMS else {}))

    def do_POST(self) -> None:
        """Pages by the last item, and JSON-RPC."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/_find":
            after = asked["selector"]["id"]["$gt"] or ""
            found = [item(number) for number in range(ITEMS) if item(number)["id"] > after]
            return self.answer({"docs": found[:PAGE]})
        things = [{"id": f"{asked['method']}-{number}", "value": number} for number in range(3)]
        return self.answer({"jsonrpc": "2.0", "id": asked["id"], "result": things})

    def answer(self, body: Any, status: int = 200, **headers: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serve_calendar() -> Iterator[str]:
    """Run it on 127.0.0.1; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Calendar) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
