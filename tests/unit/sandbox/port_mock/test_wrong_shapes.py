"""Bodies that are not JSON, or not of the right shape: a 422 in Port's error shape, and nothing captured."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.port_mock.rules import unchecked_properties

from .factories import Mock, body_of

BULK = "/v1/blueprints/service/entities/bulk"


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff\xfe", b'{"entities": NaN}', b"[" * 100_000, b'{"n": ' + b"1" * 5000 + b"}"],
    ids=["nothing", "cut off", "not UTF-8", "NaN", "too deep", "too long a number"],
)
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    answer = body_of(Mock().port("POST", BULK, content=raw), status=422)

    assert (answer["ok"], answer["error"]) == (False, "invalid_request")
    assert answer["message"].startswith("the body is not valid JSON: ")


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", BULK, [], "the body must be an object, not an array"),
        ("POST", BULK, {}, "entities must be an array, not null"),
        ("POST", BULK, {"entities": {}}, "entities must be an array, not an object"),
        ("POST", BULK, {"entities": [{}, "a"]}, "entities[1] must be an object, not a string"),
        ("POST", "/v1/blueprints/service/entities", 7, "the body must be an object, not a number"),
        ("POST", "/v1/blueprints/service/bulk/entities/delete", {"entities": True}, "entities must be an array"),
        ("POST", "/v1/entities/search", [], "the body must be an object"),
        ("POST", "/v1/auth/access_token", {"clientId": "a"}, "clientSecret must be a string, not null"),
        ("POST", "/v1/blueprints", {"identifier": ""}, "identifier must not be empty"),
        ("POST", "/v1/integration", {"config": {}}, "installationId must be a string"),
        ("PATCH", "/v1/integration/i", {"config": []}, "config must be an object"),
        ("PATCH", "/v1/integration/i/config", {}, "config must be an object, not null"),
        ("PUT", "/v1/integration/i/cursor", {"primary": 1}, "primary must be a string"),
        ("POST", "/v1/integration/i/kinds/k/examples", {"examples": {}}, "examples must be an array"),
        ("POST", "/v1/ingest/logs", {"logs": ["a"]}, "logs[0] must be an object"),
        ("POST", "/v1/ingest/metrics/syncMetrics", {}, "syncKindsMetrics must be an array"),
        ("PUT", "/v1/ingest/metrics/syncMetrics/resync/e/kind/k", {}, "syncKindMetrics must be an object"),
    ],
)
def test_a_wrong_shape_is_refused_by_name(method: str, path: str, body: object, message: str) -> None:
    mock = Mock(mapping={"resources": []})

    answer = body_of(mock.port(method, path, json=body), status=422)

    assert (answer["ok"], answer["error"]) == (False, "invalid_request")
    assert message in answer["message"]


def test_a_refused_bulk_leaves_nothing_behind_but_its_rejections() -> None:
    mock = Mock()

    refusal = body_of(mock.port("POST", BULK, json={"entities": [{"identifier": "a"}, None]}), status=422)

    assert mock.captures()["upserted_entities"] == []
    assert mock.captures()["rejected_entities"] == [
        {
            "identifier": "a",
            "blueprint": "service",
            "entity": {"identifier": "a"},
            "status": 422,
            "error": refusal["error"],
            "message": refusal["message"],
        }
    ]


def test_what_is_accepted_later_is_not_rejected_any_more() -> None:
    mock = Mock()

    mock.port("POST", BULK, json={"entities": [{"identifier": "a"}, {"identifier": "b"}, {"identifier": "c"}, None]})
    mock.port("POST", BULK, json={"entities": [{"identifier": "b"}]})
    mock.port("POST", BULK, json={"entities": [{"identifier": "a"}, None]})

    assert [each["identifier"] for each in mock.captures()["rejected_entities"]] == ["c", "a"]
    assert [each["identifier"] for each in mock.captures()["upserted_entities"]] == ["b"]


def nested(depth: int, key: str = "items") -> dict[str, Any]:
    """An object in an object, and so on."""
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {key: value}
    return value


@pytest.mark.parametrize("depth", [200, 400])
def test_a_property_whose_definition_is_too_deep_is_not_checked(depth: int) -> None:
    blueprint = {"identifier": "service", "schema": {"properties": {"deep": nested(depth)}}}
    mock = Mock(strict=True, blueprints={"service": blueprint})

    body_of(mock.port("POST", BULK, json={"entities": [{"identifier": "a", "properties": {"deep": 1}}]}))

    assert [each["identifier"] for each in mock.captures()["upserted_entities"]] == ["a"]
    assert unchecked_properties(blueprint) == {"deep": "it is nested too deeply to be checked"}


def test_an_entity_that_is_too_deep_to_be_checked_is_refused_alone() -> None:
    blueprint = {"identifier": "service", "schema": {"properties": {"deep": {"enum": [nested(390)]}}}}
    mock = Mock(strict=True, blueprints={"service": blueprint})
    entities = [{"identifier": "deep", "properties": {"deep": nested(400)}}, {"identifier": "flat"}]

    answer = body_of(mock.port("POST", BULK, json={"entities": entities}), status=207)

    assert [each["identifier"] for each in answer["errors"]] == ["deep"]
    assert [each["identifier"] for each in answer["entities"]] == ["flat"]


def test_a_body_that_can_be_read_and_not_written_is_refused() -> None:
    mock = Mock()
    for depth in range(900, 1000):
        body = b'{"entities":[%s]}' % (b'{"a":' * depth + b"1" + b"}" * depth)
        answer = mock.port("POST", "/v1/blueprints/service/bulk/entities/delete", content=body)
        assert answer.status_code in {200, 422}, (depth, answer.text)


def test_each_entity_without_an_identifier_has_a_rejection_of_its_own() -> None:
    mock = Mock(strict=True, blueprints={"service": {"schema": {"properties": {}, "required": ["a"]}}})
    entities = [{"title": "one"}, {"identifier": "a"}, {"title": "two"}]

    mock.port("POST", BULK, json={"entities": entities})
    mock.port("POST", f"{BULK}?upsert=true", json={"entities": [{"identifier": "a", "properties": {"a": 1}}]})
    mock.port("POST", BULK, json={"entities": [{"title": "three"}]})

    assert [each["entity"].get("title") for each in mock.captures()["rejected_entities"]] == ["one", "two", "three"]
