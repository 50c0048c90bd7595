"""The answers of a recording: which are the same, and which headers matter."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness.replay.recording import Headers, Recorded

# They differ from answer to answer and say nothing of what was asked.
_OF_THE_MOMENT = frozenset(
    {
        *("date", "age", "expires", "server-timing", "x-runtime", "cf-ray", "x-served-by", "x-timer", "set-cookie"),
        *("x-request-id", "x-correlation-id", "x-trace-id", "traceparent", "request-id", "x-amzn-requestid"),
        *("x-amzn-trace-id", "x-amz-request-id", "x-amz-id-2", "x-github-request-id", "x-cache", "x-cache-hits"),
    }
)
_LIMITS = ("x-ratelimit", "ratelimit", "x-rate-limit")
# Neither an integration nor a reader of a test asks for these.
_NOISE = frozenset(
    {
        *("date", "age", "server", "via", "vary", "connection", "keep-alive", "alt-svc", "nel", "report-to", "pragma"),
        *("strict-transport-security", "referrer-policy", "permissions-policy", "content-security-policy", "expires"),
        *("cache-control", "x-powered-by", "server-timing", "cf-ray", "cf-cache-status", "accept-ranges"),
        *("content-security-policy-report-only", "feature-policy", "expect-ct", "origin-agent-cluster", "x-runtime"),
        *("timing-allow-origin", "x-aspnet-version", "x-dns-prefetch-control", "x-download-options", "x-served-by"),
        *("x-ua-compatible", "x-robots-tag", "x-timer", "x-cache", "x-cache-hits", "x-amz-cf-id", "x-amz-cf-pop"),
    }
)
_NOISY = ("x-content-type", "x-xss", "x-frame", "x-permitted", "cross-origin-", "access-control-")
_NEVER = frozenset({"content-length", "transfer-encoding"})
_JSON = "application/json"


@dataclass(frozen=True, eq=False)
class Answer:
    """One answer.

    Args:
        status: The status.
        headers: Its headers.
        body: Its body, as the recording has it.
        repeats_id: Whether its ``id`` is that of the JSON-RPC call that it answers, which each run makes up.
    """

    status: int
    headers: Headers
    body: Any
    repeats_id: bool = False

    @classmethod
    def of(cls, request: Recorded, *, whole: bool) -> "Answer":
        """The answer to a recorded request.

        Args:
            request: The request.
            whole: Whether headers without meaning are kept.
        """
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in _NEVER and (whole or not (name in _NOISE or name.startswith(_NOISY)))
        }
        return cls(request.status, headers, request.body, _repeats_id(request))

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON."""
        return isinstance(self.body, dict | list) and not self.is_binary

    @property
    def is_binary(self) -> bool:
        """Whether the body is not text."""
        return isinstance(self.body, dict) and self.body.keys() == {"$base64", "content_type"}

    @property
    def shown_headers(self) -> Headers:
        """The headers that must be said: not the content type that JSON has anyway."""
        return {
            name: value
            for name, value in self.headers.items()
            if not (self.is_json and name == "content-type" and value == _JSON)
        }

    def signature(self) -> bytes:
        """Equal for answers that say the same."""
        headers = {
            name: value
            for name, value in self.headers.items()
            if name not in _OF_THE_MOMENT and not name.startswith(_LIMITS)
        }
        body = {**self.body, "id": None} if self.repeats_id else self.body
        return hashlib.sha256(json.dumps([self.status, headers, body], sort_keys=True).encode()).digest()


def _repeats_id(request: Recorded) -> bool:
    asked, answered = request.request_body, request.body
    return (
        isinstance(asked, dict)
        and isinstance(answered, dict)
        and "jsonrpc" in asked
        and asked.get("id") is not None
        and answered.get("id") == asked["id"]
    )


class Turn(NamedTuple):
    """An answer and how often it is given before the next has its turn; None for ever."""

    answer: Answer
    times: int | None


def turns(answers: Iterable[Answer]) -> list[Turn]:
    """The answers to one question in their order; the same ones in a row become one turn, the last one stays."""
    found: list[tuple[Answer, bytes, int]] = []
    for answer in answers:
        signature = answer.signature()
        if found and found[-1][1] == signature:
            found[-1] = (*found[-1][:2], found[-1][2] + 1)
        else:
            found.append((answer, signature, 1))
    return [Turn(answer, None if number == len(found) else times) for number, (answer, _, times) in enumerate(found, 1)]


def signatures(given: Sequence[Turn]) -> tuple[tuple[bytes, int | None], ...]:
    """Equal for sequences that say the same."""
    return tuple((turn.answer.signature(), turn.times) for turn in given)
