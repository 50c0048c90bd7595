"""The control API: seeding, forgetting, reading, and the token."""

from __future__ import annotations

import pytest

from sandbox.port_mock.control import create_control_app
from sandbox.port_mock.state import PortState

from .factories import TOKEN, Mock, body_of, call, make_entity, make_mapping

EVERY_CALL = [
    ("PUT", "/seed"),
    ("POST", "/reset"),
    ("GET", "/collected"),
    ("GET", "/captures"),
    ("DELETE", "/captures"),
    ("GET", "/entities"),
    ("POST", "/runs"),
    ("GET", "/faults"),
    ("POST", "/faults"),
    ("DELETE", "/faults"),
    ("POST", "/expire-token"),
    ("GET", "/calls"),
    ("GET", "/state"),
    ("GET", "/empty"),
    ("GET", "/no-such-thing"),
    ("POST", "/health"),
]


def is_empty(mock: Mock) -> bool:
    empty: bool = body_of(mock.control("GET", "/empty"))["empty"]
    return empty


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}])
def test_nothing_is_told_without_the_token(method: str, path: str, headers: dict[str, str]) -> None:
    answer = body_of(call(Mock().control_app, method, path, headers=headers), status=401)

    assert (answer["ok"], answer["error"]) == (False, "unauthorized")


def test_health_needs_no_token() -> None:
    assert body_of(call(Mock().control_app, "GET", "/health")) == {"status": "ok"}


def test_an_empty_token_would_let_everybody_in() -> None:
    with pytest.raises(ValueError, match="token"):
        create_control_app(PortState(), "")


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("POST", "/captures"), ("GET", "/calls/")])
def test_an_unknown_control_call_is_refused(method: str, path: str) -> None:
    answer = body_of(Mock().control(method, path), status=404)

    assert answer["error"] == "unknown_call"
    assert f"{method} {path}" in answer["message"]


def test_a_new_mock_is_empty() -> None:
    mock = Mock()

    assert is_empty(mock)
    assert mock.captures() == {"upserted_entities": [], "deleted_entities": [], "rejected_entities": []}
    assert mock.calls() == []
    assert mock.kept() == {
        "integration": None,
        "resync_states": [],
        "refusals": [],
        "metrics": [],
        "heartbeats": 0,
        "logs": [],
        "examples": {},
        "cursors": [],
        "blueprints": {},
        "actions": [],
        "scorecards": [],
        "pages": [],
        "webhooks": [],
        "secrets": [],
        "probes": [],
        "runs": [],
    }


@pytest.mark.parametrize(
    "seed",
    [
        {"integration": {"type": "jira"}},
        {"mapping": {}},
        {"blueprints": {"service": {}}},
        {"search_entities_response": [{"identifier": "a"}]},
    ],
)
def test_a_seeded_mock_is_not_empty(seed: dict[str, object]) -> None:
    assert not is_empty(Mock(**seed))


def test_a_called_mock_is_not_empty() -> None:
    mock = Mock()
    mock.port("GET", "/v1/organization")

    assert not is_empty(mock)


def test_an_empty_seed_leaves_the_mock_empty() -> None:
    mock = Mock(mapping=make_mapping())

    body_of(mock.control("PUT", "/seed", json={}))

    assert is_empty(mock)


@pytest.mark.parametrize("forget", [("POST", "/reset", None), ("PUT", "/seed", {"mapping": make_mapping("new")})])
def test_resetting_and_seeding_forget_everything(forget: tuple[str, str, object]) -> None:
    mock = Mock(mapping=make_mapping(), blueprints={"service": {"title": "Old"}}, search_entities_response=[{}])
    mock.port("POST", "/v1/blueprints/service/entities", json=make_entity())
    mock.port("DELETE", "/v1/blueprints/service/entities/a")
    method, path, body = forget

    body_of(mock.control(method, path, json=body))

    assert mock.captures() == {"upserted_entities": [], "deleted_entities": [], "rejected_entities": []}
    assert mock.calls() == []
    assert mock.kept()["blueprints"] == {}
    assert body_of(mock.port("POST", "/v1/entities/search", json={}))["entities"] == []


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ([], "the body must be an object, not an array"),
        ({"mappings": {}}, "unknown key mappings; known keys: integration, mapping, blueprints"),
        ({"mapping": None}, "mapping must be an object, not null"),
        ({"integration": "jira"}, "integration must be an object, not a string"),
        ({"integration": {"name": "x"}}, "unknown key integration.name; known keys: integration.identifier"),
        ({"integration": {"identifier": 7}}, "integration.identifier must be a string, not a number"),
        ({"integration": {"type": ""}}, "integration.type must not be empty"),
        ({"blueprints": []}, "blueprints must be an object, not an array"),
        ({"blueprints": {"service": True}}, "blueprints.service must be an object, not a boolean"),
        ({"entities": [{"identifier": "a"}]}, "entities[0].blueprint must be a string, not null"),
        ({"entities": [{"identifier": 1, "blueprint": "b"}]}, "entities[0].identifier must be a string, not a number"),
        (
            {"entities": [{"identifier": "a", "blueprint": "b", "relations": []}]},
            "entities[0].relations must be an object, not an array",
        ),
        (
            {"entities": [{"identifier": "a", "blueprint": "b", "$datasource": 1}]},
            "entities[0].$datasource must be a string, not a number",
        ),
        ({"strict": "yes"}, "strict must be a boolean, not a string"),
        ({"expired_token": 1}, "expired_token must be a boolean, not a number"),
        ({"faults": {}}, "faults must be an array, not an object"),
        ({"search_entities_response": {}}, "search_entities_response must be an array, not an object"),
        ({"search_entities_response": [{}, 1]}, "search_entities_response[1] must be an object"),
    ],
)
def test_a_wrong_seed_is_refused_by_name_and_changes_nothing(seed: object, message: str) -> None:
    mock = Mock(mapping=make_mapping())

    answer = body_of(mock.control("PUT", "/seed", json=seed), status=422)

    assert (answer["ok"], answer["error"]) == (False, "invalid_request")
    assert message in answer["message"]
    assert mock.kept()["integration"]["config"] == make_mapping()


def test_the_state_shows_the_integration() -> None:
    mock = Mock(integration={"identifier": "my-jira", "type": "jira"}, mapping=make_mapping())

    integration = mock.kept()["integration"]

    assert (integration["identifier"], integration["integrationType"]) == ("my-jira", "jira")
    assert integration["config"] == make_mapping()


def test_forgetting_captures_leaves_what_is_in_port() -> None:
    mock = Mock(mapping=make_mapping())
    mock.port("POST", "/v1/blueprints/service/entities", json=make_entity("a"))
    mock.port("DELETE", "/v1/blueprints/service/entities/b")
    mock.port("POST", "/v1/blueprints/service/entities/bulk", json={"entities": [make_entity("c"), None]})
    mock.port("POST", "/v1/blueprints", json={"identifier": "created"})

    body_of(mock.control("DELETE", "/captures"))

    assert mock.captures() == {"upserted_entities": [], "deleted_entities": [], "rejected_entities": []}
    assert mock.port("POST", "/v1/blueprints/service/entities", json=make_entity("a")).status_code == 200
    assert list(mock.kept()["blueprints"]) == ["created"]
