"""Third-party requests that never come to WireMock's journal, kept in the form that it has for others.

Some of them WireMock cannot read, and the test process has answered them; others the front has refused.
"""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .shapes import Json

# As in docker/wiremock/FailureJournal.java: so many bytes of bodies are kept whole, and after that only small bodies.
_MOST, _SMALL = 8_000_000, 10_000
_BODY = "X-Ocean-Sandbox-Body"
# An answer with this header is with the test process, whole: see harness/stubs/mappings.py.
_LARGE = "x-ocean-sandbox-large"
# Of a body of an answer, as in docker/wiremock/options.
_CUT_AT = 100_000


@dataclass
class ThirdParty:
    """Those requests, in order of their answers."""

    entries: list[Json] = field(default_factory=list)
    _kept: int = 0

    def add(self, asked: Json, answer: dict[str, Any], began: float) -> None:
        """Keep a request that the test process has answered.

        Args:
            asked: `method`, `url`, `headers` as pairs, and `body` in base64.
            answer: `status`, `headers` and `body` likewise, and the `route` that answered.
            began: When it came, in seconds since the epoch.
        """
        is_large = any(name.lower() == _LARGE for name, _ in answer["headers"])
        whole = base64.b64decode(answer["body"])
        body = b"" if is_large else whole[:_CUT_AT]
        headers = [*answer["headers"], ["Content-Length", str(len(whole))]]
        self._append(asked, answer["status"], headers, body, began, route=answer["route"])

    def refuse(self, refused: Json) -> None:
        """Keep a request that the front has refused.

        Args:
            refused: `method`, `url`, `headers` and `body` as above; the `status` that it got, and the `reason`.
        """
        told = f"The sandbox refuses this request: {refused['reason']}.\n".encode()
        kind = [["Content-Type", "text/plain;charset=utf-8"]]
        self._append(refused, int(refused["status"]), kind, told, time.time(), refused=str(refused["reason"]))

    def _append(self, asked: Json, status: int, headers: Any, body: bytes, began: float, **more: Any) -> None:
        self.entries.append(
            {
                "id": str(uuid.uuid4()),
                "request": self._request(asked, began),
                "response": {
                    "status": status,
                    "headers": _gathered(headers),
                    "bodyAsBase64": base64.b64encode(body).decode(),
                },
                "timing": {"totalTime": round((time.time() - began) * 1000)},
                **more,
            }
        )

    def _request(self, asked: Json, began: float) -> Json:
        pairs, body = list(asked["headers"]), asked["body"]
        sent = base64.b64decode(body)
        if len(sent) > _SMALL:
            if self._kept + len(sent) > _MOST:
                is_chunked = any(name.lower() == "transfer-encoding" for name, _ in pairs)
                told = f"{len(sent)} {hashlib.sha256(sent).hexdigest()} {'chunked' if is_chunked else 'length'}"
                pairs, body = [*pairs, [_BODY, told]], ""
            else:
                self._kept += len(sent)
        return {
            "method": asked["method"],
            "absoluteUrl": asked["url"],
            "headers": _gathered(pairs),
            "bodyAsBase64": body,
            "loggedDate": round(began * 1000),
        }


def _gathered(pairs: list[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
