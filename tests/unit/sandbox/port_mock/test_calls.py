"""Which call brought what: answers are numbered, and captures can be asked for by number."""

from __future__ import annotations

import pytest

from .factories import Mock, body_of, make_entity

BULK = "/v1/blueprints/service/entities/bulk"


def upsert(mock: Mock, *identifiers: str) -> int:
    answer = mock.port("POST", BULK, json={"entities": [make_entity(each) for each in identifiers]})
    return int(answer.headers["x-ocean-sandbox-call"])


def names(entities: list[dict[str, object]]) -> list[object]:
    return [entity["identifier"] for entity in entities]


def test_captures_are_told_apart_by_the_call_that_brought_them() -> None:
    mock = Mock(strict=True, blueprints={"service": {"identifier": "service", "schema": {"properties": {}}}})
    first, second = upsert(mock, "a", "b"), upsert(mock, "c", "not valid")
    deleted = mock.port("DELETE", "/v1/blueprints/service/entities/a").headers["x-ocean-sandbox-call"]
    assert [call["sequence"] for call in mock.calls()] == [first, second, int(deleted)]

    of_both = body_of(mock.control("GET", f"/captures?calls={first},{second}"))
    assert names(of_both["upserted_entities"]) == ["a", "b", "c"]
    of_second = body_of(mock.control("GET", f"/captures?calls={second}"))
    assert names(of_second["upserted_entities"]) == ["c"]
    assert names(of_second["rejected_entities"]) == ["not valid"]
    assert of_second["deleted_entities"] == []
    assert names(body_of(mock.control("GET", f"/captures?calls={deleted}"))["deleted_entities"]) == ["a"]
    assert body_of(mock.control("GET", "/captures?calls=")) == {
        "upserted_entities": [],
        "deleted_entities": [],
        "rejected_entities": [],
    }

    body_of(mock.control("DELETE", "/captures"))
    third = upsert(mock, "d")
    assert names(body_of(mock.control("GET", f"/captures?calls={first},{third}"))["upserted_entities"]) == ["d"]


def test_an_answer_that_knows_no_such_call_is_numbered_too() -> None:
    assert Mock().port("GET", "/v1/nothing").headers["x-ocean-sandbox-call"] == "1"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/blueprints/none"),
        ("DELETE", "/v1/blueprints/service/entities/none"),
        ("POST", "/v1/blueprints/none/entities"),
        ("GET", "/v1/integration/none"),
        ("PATCH", "/v1/integration/none/config"),
        ("PUT", "/v1/integration/none/cursor?kind=k&index=0"),
        ("GET", "/v1/migrations/none"),
        ("GET", "/v1/organization/secrets/none"),
        ("PATCH", "/v1/actions/runs/none"),
    ],
)
def test_a_thing_that_is_not_there_is_no_unknown_call(method: str, path: str) -> None:
    mock = Mock(strict=True, blueprints={"service": {"identifier": "service", "schema": {"properties": {}}}})
    body = {"identifier": "a", "config": {}, "primary": "2026-01-01T00:00:00Z"}

    assert body_of(mock.port(method, path, json=body), status=404)["error"] == "not_found"
    assert body_of(mock.port(method, path.replace("/v1/", "/v1/un"), json=body), status=404)["error"] == "unknown_call"
    assert [call["known"] for call in mock.calls()] == [True, False]


@pytest.mark.parametrize("asked", ["x", "1,x", "1.5"])
def test_calls_that_are_no_numbers_are_refused(asked: str) -> None:
    refused = body_of(Mock().control("GET", f"/captures?calls={asked}"), status=422)
    assert asked in refused["message"]


def test_one_run_can_be_looked_at() -> None:
    mock = Mock()
    run = {"id": "a b", "status": "IN_PROGRESS", "action": {"identifier": "restart"}}
    body_of(mock.control("POST", "/runs", json={"kind": "action", "run": run}))
    found = body_of(mock.control("GET", "/runs/a%20b"))
    assert (found["run"], found["claimed"], found["logs"]) == (run, False, [])
    assert "No run with id 'c'" in body_of(mock.control("GET", "/runs/c"), status=404)["message"]
