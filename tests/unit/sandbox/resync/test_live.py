"""The outcome of an event is read from the runner's answer, or becomes an error that says what to do."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.errors import ActionError, EventPathError, EventTimeoutError, ResyncCrashedError, SandboxError
from sandbox.resync.live import Asked

ASKED = Asked("POST /integration/hook", "processed", Path("/things"), 2.5, log="the last line")
ERROR: dict[str, Any] = {
    "type": "KeyError",
    "module": "builtins",
    "message": "'a'",
    "arguments": None,
    "traceback": "T",
    "kind": None,
    "exchange": None,
    "cause": None,
}


def test_what_was_processed_is_an_outcome() -> None:
    answer = {"errors": [ERROR], "calls": [3], "lines": ["a line"], "not_taken": "", "egress": [["example.com", 443]]}
    delivered = ASKED.outcome(
        {"event": "delivered", "status": 200, "body": "{}", "queued": True, "succeeded": False, **answer}
    )
    assert [failure.type for failure in delivered.failures] == ["KeyError"]
    assert (delivered.calls, delivered.logs, delivered.egress) == ([3], ["a line"], [("example.com", 443)])
    assert (delivered.status, delivered.body, delivered.was_queued, delivered.succeeded) == (200, "{}", True, False)
    executed = ASKED.outcome({"event": "executed", **answer})
    assert (executed.status, executed.was_queued, executed.succeeded) == (0, True, True)


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (
            {"event": "late", "stage": "it is being processed", "lines": ["worker waits at:"]},
            EventTimeoutError,
            [
                "had not processed POST /integration/hook after 2.5 s: it is being processed",
                "worker waits at",
                "last line",
            ],
        ),
        (
            {"event": "unknown path", "paths": ["POST /integration/webhook"]},
            EventPathError,
            ["at /things does not serve POST /integration/hook.", "that it serves: POST /integration/webhook;"],
        ),
        ({"event": "unknown path", "paths": []}, EventPathError, ["that it serves: none;"]),
        ({"event": "no executor", "executors": []}, ActionError, ["has no executor for", "an executor for: none;"]),
        (
            {"event": "landed", "code": 3},
            ResyncCrashedError,
            ["ended before it had processed POST /integration/hook: exit code 3.", "the last line"],
        ),
        ({"event": "failed", "phase": "deliver", "errors": [ERROR]}, SandboxError, ["could not have POST", "| T"]),
        ({"event": "something else"}, SandboxError, ["something else"]),
    ],
)
def test_what_was_not_says_why(answer: dict[str, Any], kind: type[SandboxError], said: list[str]) -> None:
    with pytest.raises(kind) as raised:
        ASKED.outcome(answer)
    assert type(raised.value) is kind
    for each in said:
        assert each in str(raised.value)
