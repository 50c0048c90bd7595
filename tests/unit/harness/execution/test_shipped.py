"""The outcome of a resync, from what was reported to Port."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.execution import production, shipped
from harness.execution.errors import rebuild
from harness.integration.default_resources import made_in
from harness.routes.transport import RequestLog
from sandbox.errors import IntegrationError, ResyncCrashedError
from sandbox.resync.report import Report

TRACE = "Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in things\n    x()\nKeyError: 'colour'\n"
WRAPPED = "Failed to execute resync function, error: "
SOURCE = Path("/home/someone/jira")


def record(message: str, **extra: Any) -> dict[str, Any]:
    return {"message": message, "level": "ERROR", "timestamp": "", "extra": extra}


def metric(kind: str, state: str, index: int = 0) -> dict[str, Any]:
    return {
        "kindIdentifier": f"{kind}-{index}",
        "eventId": "e",
        "kind": kind,
        "kindIndex": index,
        "syncState": state,
        "metrics": {},
    }


def told(status: str | None = "failed", *logs: dict[str, Any], metrics: list[dict[str, Any]] | None = None) -> Any:
    states = [{"status": "running"}, {"status": status}] if status else []
    return {"resync_states": states, "logs": list(logs), "metrics": metrics or [], "refusals": []}


def messages(state: dict[str, Any]) -> list[tuple[str, str]]:
    return [(failure.type, failure.message) for failure in shipped.failures(state)]


@pytest.mark.parametrize(
    ("status", "success"), [("completed", True), ("failed", False), ("aborted", False), (None, None)]
)
def test_the_last_state_says_whether_it_succeeded(status: str | None, success: object) -> None:
    assert shipped.succeeded(told(status)) is success


def test_a_handlers_exception_is_wrapped_as_ocean_wraps_it() -> None:
    (failure,) = shipped.failures(told("failed", record(f"{WRAPPED}'colour'", traceback=TRACE, resource_kind="thing")))

    error = rebuild(failure)

    assert str(error) == f"port_ocean.exceptions.core.OceanAbortException: {WRAPPED}'colour'"
    assert isinstance(error.__cause__, KeyError)
    assert (failure.kind, "main.py" in failure.traceback) == ("thing", True)


def test_a_handlers_exception_whose_text_cannot_be_read_is_there_all_the_same() -> None:
    (failure,) = shipped.failures(told("failed", record(f"{WRAPPED}x", traceback="(gone)", resource_kind="thing")))

    assert (failure.type, failure.cause) == ("OceanAbortException", None)


@pytest.mark.parametrize("message", ["Error in start event listeners: %s", "Error occurred while resyncing"])
def test_what_no_kind_raised_is_as_it_was(message: str) -> None:
    assert messages(told("completed", record(message, traceback=TRACE))) == [("KeyError", "'colour'")]


def test_what_an_integration_logs_and_handles_is_no_error() -> None:
    assert messages(told("completed", record("could not fetch it, skipped", traceback=TRACE))) == []


def test_of_a_failure_without_a_traceback_there_is_its_message_and_kind() -> None:
    (failure,) = shipped.failures(told("failed", record("Resource thing processing failed unexpectedly: it broke")))

    assert (failure.type, failure.message, failure.kind) == ("UnknownError", "it broke", "thing")


def test_a_tree_adds_what_no_record_told_of() -> None:
    tree = (
        "  | ExceptionGroup: Resync failed with 2 errors (2 sub-exceptions)\n"
        "  +-+---------------- 1 ----------------\n"
        f"    | port_ocean.exceptions.core.OceanAbortException: {WRAPPED}token s3cr3t\n"
        "    +---------------- 2 ----------------\n"
        "    | ValueError: unheard of\n"
        "    +------------------------------------\n"
    )
    logs = [record(f"{WRAPPED}token [REDACTED]", traceback=TRACE), record("Resync failed", exc_info=tree)]
    state = told("failed", *logs, metrics=[metric("thing", "failed"), metric("other", "failed", 1)])

    assert messages(state) == [
        ("OceanAbortException", f"{WRAPPED}token [REDACTED]"),
        ("ValueError", "unheard of"),
    ]


def test_a_count_of_exceptions_is_no_tree() -> None:
    logs = [
        record(f"{WRAPPED}x", traceback=TRACE),
        record("Resync failed", exc_info="Exception: 1 (1 sub-exception)\n"),
    ]

    assert len(shipped.failures(told("failed", *logs))) == 1


def test_a_kind_that_failed_without_a_record_is_an_error_of_its_own() -> None:
    logs = [record(f"{WRAPPED}x", traceback=TRACE, resource_kind="a")]
    state = told(
        "failed", *logs, metrics=[metric("a", "failed"), metric("b", "failed", 1), metric("c", "completed", 2)]
    )

    found = shipped.failures(state)

    assert [(failure.type, failure.kind) for failure in found] == [("OceanAbortException", "a"), ("UnknownError", "b")]
    assert "The kind 'b' failed, and the shipped log has no exception" in found[1].message


def test_a_resync_that_failed_without_any_record_is_an_error() -> None:
    assert messages(told("aborted"))[0][1].startswith("The resync is 'aborted', and the shipped log has no exception")


# The third party's answer ------------------------------------------------------------------------------------------


def call(method: str, url: str, status: int, body: str) -> RequestLog:
    request = httpx.Request(method, url)
    return RequestLog(request, httpx.Response(status, text=body, request=request))


def test_an_error_of_a_status_gets_the_answer_that_it_is_about() -> None:
    url = "https://api.test/things?page=2"
    calls = [
        call("GET", url, 200, "fine"),
        call("POST", url, 404, "gone"),
        call("GET", "https://api.test/", 404, "root"),
    ]
    with pytest.raises(httpx.HTTPStatusError) as raised:
        calls[1].response.raise_for_status()
    trace = f'Traceback (most recent call last):\n  File "m.py", line 1, in x\nhttpx.HTTPStatusError: {raised.value}\n'
    (failure,) = shipped.failures(told("failed", record(f"{WRAPPED}{raised.value}", traceback=trace)))

    cause = rebuild(shipped.with_exchange(failure, calls)).__cause__

    assert isinstance(cause, httpx.HTTPStatusError)
    assert (cause.request.method, cause.response.text) == ("POST", "gone")
    nobody = rebuild(shipped.with_exchange(failure, [])).__cause__
    assert str(nobody).startswith("httpx.HTTPStatusError: Client error '404 Not Found'")


# How it ended ------------------------------------------------------------------------------------------------------


def test_a_resync_that_came_to_its_end_is_read() -> None:
    report = Report(success=False, egress=[("db.test", 5432)], exit_code=0)

    read = production.read(report, told("completed"), [], SOURCE)

    assert (read.success, read.failures, read.egress) == (True, [], [("db.test", 5432)])


@pytest.mark.parametrize(("code", "words"), [(0, "nothing failed"), (1, "its configuration"), (3, "its start-up")])
def test_one_that_never_began_did_not_start(code: int, words: str) -> None:
    with pytest.raises(IntegrationError, match=f"ended with exit code {code}: {words}") as raised:
        production.read(Report(success=False, exit_code=code), told(None), ["the last line"], SOURCE)

    assert "the last line" in str(raised.value)
    assert f"{SOURCE}/.port/spec.yaml" in str(raised.value)


def test_one_that_ended_in_the_middle_crashed() -> None:
    state = {**told(None), "resync_states": [{"status": "running"}]}
    with pytest.raises(ResyncCrashedError, match="died while resyncing: `ocean sail` ended with exit code 7"):
        production.read(Report(success=False, exit_code=7), state, [], SOURCE)


def test_one_that_ends_badly_after_its_resync_is_a_resync() -> None:
    assert production.read(Report(success=False, exit_code=1), told("completed"), [], SOURCE).success


def test_what_a_resync_before_reported_is_not_its_own() -> None:
    first = {**told("completed", record("a")), "pages": [1]}
    second = {
        **first,
        "resync_states": [*first["resync_states"], {"status": "running"}],
        "logs": [record("a"), record("b")],
    }

    own = production.since(second, production.sizes(first))

    assert (own["resync_states"], own["logs"], own["pages"]) == ([{"status": "running"}], [record("b")], [1])
    assert production.since(second, {}) == second


def test_the_listener_is_that_which_resyncs_once_and_the_rest_is_the_tests() -> None:
    base = {"port": {"client_id": "a"}, "event_listener": {"type": "POLLING"}, "integration": {"type": "x"}, "other": 1}

    config = production.config(base, {"integration": {"type": "y"}, "event_listener": {"type": "KAFKA"}})

    assert config == {
        "port": {"client_id": "a"},
        "integration": {"type": "y"},
        "event_listener": {"type": "ONCE"},
    }


def test_default_resources_are_those_that_no_test_put_there() -> None:
    state = {
        "blueprints": {"a": {"x": 1}, "b": {}},
        "actions": [1],
        "scorecards": [],
        "pages": [2],
        "integration": None,
    }

    made = made_in(state, {"b": {}})

    assert (made.blueprints, made.actions, made.pages, made.mapping) == ({"a": {"x": 1}}, [1], [2], {})
