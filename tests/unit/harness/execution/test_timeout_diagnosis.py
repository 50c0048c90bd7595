"""What a resync that took too long was waiting for."""

from __future__ import annotations

import httpx

from harness.execution.timeout_diagnosis import explained
from harness.routes.transport import RequestLog
from sandbox.errors import ResyncTimeoutError

URL = "https://api.example.com/things"
ERROR = ResyncTimeoutError("It took too long.", remedy="wait.", detail="the log")


def calls(*statuses: int, url: str = URL, at: float = 0.0) -> list[RequestLog]:
    request = httpx.Request("GET", url)
    return [RequestLog(request, httpx.Response(each), at + number) for number, each in enumerate(statuses)]


def test_what_was_asked_in_vain_until_the_end_is_said() -> None:
    error = explained(ERROR, calls(200, 500, 503, 503, 503))

    assert error.what == f"It took too long. Its request GET {URL} was answered 503, 3 times."
    assert error.remedy.startswith("Ocean's client retries such an answer")
    assert error.remedy.endswith("wait.")
    assert error.detail == "the log"


def test_the_order_is_that_of_the_requests() -> None:
    assert "401, 2 times" in explained(ERROR, [*calls(401, 401, at=2), *calls(200, 200)]).what


def test_what_was_answered_in_the_end_or_asked_once_explains_nothing() -> None:
    assert (
        explained(ERROR, [*calls(503, 503, 200), *calls(404, url=f"{URL}/1"), *calls(404, 404, url=f"{URL}/2")])
        is ERROR
    )
    assert explained(ERROR, []) is ERROR


def test_of_many_a_few_are_named() -> None:
    many = [call for number in range(5) for call in calls(429, 429, url=f"{URL}/{number}")]

    error = explained(ERROR, many)

    assert error.what.count("Its request") == 3
    assert error.what.endswith("And so were 2 more.")
