"""Asks WireMock one request, and says which stub answered, with what; or what came near."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from harness.stubs.answer_failures import answer_failures
from harness.stubs.folder import deploy
from harness.stubs.journal import third_party_calls
from harness.stubs.mappings import UNMATCHED, Stub
from harness.stubs.unmatched_requests import Unanswered, unanswered
from sandbox.services.wiremock import WireMock

_ANSWER_SECONDS = 120
_JOURNAL_SECONDS = 5.0


@dataclass(frozen=True)
class Answer:
    """What became of a request.

    Args:
        request: The request.
        response: What it got; None where the stub breaks the connection.
        fault: How it does so, in WireMock's words; None where it does not.
        stub: The stub that answered: its file and line; None where none did.
        seconds: How long the answer took.
        failures: What WireMock failed on, with the stub's file and line.
        unmatched: Where no stub answered, what came near, and a stub that would answer.
    """

    request: httpx.Request
    response: httpx.Response | None
    fault: str | None
    stub: str | None
    seconds: float
    failures: list[str]
    unmatched: Unanswered | None

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        response = self.response
        return {
            "method": self.request.method,
            "url": str(self.request.url),
            "stub": self.stub,
            "seconds": self.seconds,
            "fault": self.fault,
            "status": response.status_code if response is not None else None,
            "headers": list(response.headers.multi_items()) if response is not None else [],
            "body": response.text if response is not None else None,
            "failures": self.failures,
            "unmatched": self.unmatched.to_dict() if self.unmatched else None,
        }


def answer_to(request: httpx.Request, stubs: Sequence[Stub], wiremock: WireMock) -> Answer:
    """Ask a WireMock that is empty.

    Args:
        request: What to ask.
        stubs: The stubs of files that it is to have.
        wiremock: It.

    Raises:
        StubFileError: WireMock refuses a stub.
    """
    deploy([*stubs, UNMATCHED], wiremock)
    began = time.monotonic()
    response = _sent(request, wiremock)
    seconds = time.monotonic() - began
    journal = wiremock.first_journaled(_JOURNAL_SECONDS)
    calls, unmatched = third_party_calls(journal)
    fault = next((entry["stubMapping"]["response"].get("fault") for entry in journal if "stubMapping" in entry), None)
    return Answer(
        request,
        None if fault else response,
        fault,
        next((call.stub for call in calls), None),
        seconds,
        [] if fault else [str(error) for error in answer_failures(journal)],
        next(iter(unanswered(unmatched, stubs)), None),
    )


def _sent(request: httpx.Request, wiremock: WireMock) -> httpx.Response | None:
    """Its answer; None where a fault breaks the connection."""
    asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
    with httpx.Client(trust_env=False, timeout=_ANSWER_SECONDS) as client:
        try:
            return client.send(wiremock.addressed(asked))
        except (httpx.RemoteProtocolError, httpx.ReadError):
            return None
