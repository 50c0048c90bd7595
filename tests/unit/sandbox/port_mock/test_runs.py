"""Action runs and workflow runs: what a test puts into Port is handed out once, and what is reported of it is kept."""

from __future__ import annotations

from typing import Any

import pytest

from .factories import Mock, body_of

CLAIM = {"installationId": "i", "limit": 5, "visibilityTimeoutMs": 1000}
ACTION, WORKFLOW = "/v1/actions/runs", "/v1/workflows/nodes/runs"


def action(identifier: str, name: str = "restart") -> dict[str, Any]:
    return {"kind": "action", "run": {"id": identifier, "status": "IN_PROGRESS", "action": {"identifier": name}}}


def workflow(identifier: str, uid: str = "node") -> dict[str, Any]:
    return {"kind": "workflow", "run": {"identifier": identifier, "status": "IN_PROGRESS", "nodeUid": uid}}


def make_mock(*runs: dict[str, Any]) -> Mock:
    mock = Mock()
    for run in runs:
        body_of(mock.control("POST", "/runs", json=run))
    return mock


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("POST", f"{ACTION}/claim-pending", "runs"),
        ("POST", "/v1/workflows/runs/claim-pending", "nodeRuns"),
        ("GET", f"{ACTION}?version=v2&external_run_id=1", "runs"),
        ("GET", f"{WORKFLOW}?external_run_id=1", "nodeRuns"),
    ],
)
def test_there_are_no_runs_unless_a_test_has_put_some(method: str, path: str, key: str) -> None:
    assert body_of(Mock().port(method, path, json=CLAIM if method == "POST" else None))[key] == []


def test_each_run_is_handed_out_once_to_its_own_kind_and_up_to_the_limit() -> None:
    mock = make_mock(action("1"), action("2", "stop"), workflow("3"), action("4"), workflow("5", "other"))

    def claim(path: str, key: str, **fields: object) -> list[str]:
        runs = body_of(mock.port("POST", path, json={**CLAIM, **fields}))[key]
        return [run.get("id") or run["identifier"] for run in runs]

    assert claim(f"{ACTION}/claim-pending", "runs", exclude=["stop"], limit=1) == ["1"]
    assert claim(f"{ACTION}/claim-pending", "runs", exclude=["stop"]) == ["4"]
    assert claim(f"{ACTION}/claim-pending", "runs") == ["2"]
    assert claim(f"{ACTION}/claim-pending", "runs") == []
    assert claim("/v1/workflows/runs/claim-pending", "nodeRuns", exclude=["other"]) == ["3"]
    assert claim("/v1/workflows/runs/claim-pending", "nodeRuns") == ["5"]


@pytest.mark.parametrize(("path", "key"), [(f"{ACTION}/ack", "runId"), ("/v1/workflows/runs/ack", "nodeRunIdentifier")])
def test_a_run_is_acknowledged_once(path: str, key: str) -> None:
    mock = make_mock(action("1") if key == "runId" else workflow("1"))

    body_of(mock.port("PATCH", path, json={key: "1"}))
    assert body_of(mock.port("PATCH", path, json={key: "1"}), status=409)["ok"] is False
    assert body_of(mock.port("PATCH", path, json={key: "2"}), status=404)["error"] == "not_found"
    assert body_of(mock.port("PATCH", path, json={}), status=422)["error"] == "invalid_request"
    assert mock.kept()["runs"][0]["acknowledged"]


def test_what_is_reported_of_a_run_is_kept_and_found_again() -> None:
    mock = make_mock(action("1"), workflow("2"))

    body_of(mock.port("PATCH", f"{ACTION}/1", json={"status": "SUCCESS", "externalRunId": "e1"}))
    body_of(mock.port("POST", f"{ACTION}/1/logs", json={"message": "done"}))
    body_of(mock.port("PATCH", f"{WORKFLOW}/2", json={"status": "COMPLETED", "externalRunId": "e2"}))
    body_of(mock.port("POST", f"{WORKFLOW}/2/logs", json={"logs": [{"level": "INFO", "message": "done, too"}]}))

    (first,) = body_of(mock.port("GET", f"{ACTION}?version=v2&external_run_id=e1"))["runs"]
    (second,) = body_of(mock.port("GET", f"{WORKFLOW}?external_run_id=e2"))["nodeRuns"]
    assert (first["status"], second["status"]) == ("SUCCESS", "COMPLETED")
    assert [run["logs"] for run in mock.kept()["runs"]] == [
        [{"message": "done"}],
        [{"level": "INFO", "message": "done, too"}],
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", f"{ACTION}/x", {}),
        ("PATCH", f"{WORKFLOW}/x", {}),
        ("POST", f"{ACTION}/x/logs", {"message": "m"}),
        ("POST", f"{WORKFLOW}/x/logs", {"logs": []}),
    ],
)
def test_reports_about_no_run_are_refused(method: str, path: str, body: dict[str, Any]) -> None:
    assert body_of(Mock().port(method, path, json=body), status=404)["error"] == "not_found"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "kind must be a string"),
        ({"kind": "other", "run": {}}, "kind must be 'action' or 'workflow', not 'other'"),
        ({"kind": "action"}, "run must be an object"),
        ({"kind": "action", "run": {}}, "run.id must be a string"),
        ({"kind": "action", "run": {"id": "1"}}, "run.action must be an object"),
        ({"kind": "workflow", "run": {}}, "run.identifier must be a string"),
        ({**action("1"), "more": 1}, "unknown key more; known keys: kind, run"),
    ],
)
def test_a_wrong_run_is_refused(body: dict[str, Any], message: str) -> None:
    assert message in body_of(Mock().control("POST", "/runs", json=body), status=422)["message"]


def test_a_run_cannot_be_there_twice() -> None:
    assert make_mock(action("1")).control("POST", "/runs", json=workflow("1")).status_code == 409


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"limit": 0}, "limit must be a whole number"),
        ({"limit": "5"}, "limit must be"),
        ({"exclude": "a"}, "exclude must be"),
    ],
)
def test_a_wrong_claim_is_refused(body: dict[str, Any], message: str) -> None:
    assert message in body_of(Mock().port("POST", f"{ACTION}/claim-pending", json=body), status=422)["message"]


def test_a_run_whose_action_was_patched_away_is_excluded_by_nothing() -> None:
    mock = make_mock(action("1"))
    body_of(mock.port("PATCH", f"{ACTION}/1", json={"action": {}}))

    claimed = body_of(mock.port("POST", f"{ACTION}/claim-pending", json={**CLAIM, "exclude": ["restart"]}))

    assert [run["id"] for run in claimed["runs"]] == ["1"]
