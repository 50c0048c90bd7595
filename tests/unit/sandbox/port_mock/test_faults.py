"""Faults: what a test asks for goes wrong, as often as it says, and shows in the captures."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from .factories import Mock, body_of, make_entity
from .test_program import AUTHORIZATION, run_program

BULK = "/v1/blueprints/service/entities/bulk"
ONE = "/v1/blueprints/service/entities"
CREDENTIALS = {"clientId": "test-id", "clientSecret": "test-secret"}


def failing(*faults: dict[str, Any]) -> Mock:
    mock = Mock()
    for fault in faults:
        body_of(mock.control("POST", "/faults", json=fault))
    return mock


def bulk(*identifiers: str) -> dict[str, Any]:
    return {"entities": [make_entity(identifier) for identifier in identifiers]}


def test_a_fault_answers_as_often_as_it_says_and_then_port_does() -> None:
    mock = failing({"method": "POST", "path": "/entities/bulk", "status": 503, "times": 2})

    refusals = [mock.port("POST", BULK, json=bulk("a")) for _ in range(2)]

    assert [(each.status_code, each.headers["retry-after"]) for each in refusals] == [(503, "0"), (503, "0")]
    assert body_of(refusals[0], status=503)["ok"] is False
    assert mock.port("POST", BULK, json=bulk("a")).status_code == 200
    assert [fault["hits"] for fault in body_of(mock.control("GET", "/faults"))["faults"]] == [2]
    assert [call["status"] for call in mock.calls()] == [503, 503, 200]


def test_a_fault_is_for_its_method_and_what_its_path_is_part_of() -> None:
    mock = failing({"method": "GET", "path": "/organization", "status": 500})

    assert mock.port("GET", "/v1/organization").status_code == 500
    assert mock.port("GET", "/v1/kafka-credentials").status_code == 200
    assert mock.port("PUT", "/v1/organization").status_code == 404
    anything = failing({"path": "kind=issue", "status": 429, "retry_after": None})
    refused = anything.port("GET", "/v1/integration/i/cursor?kind=issue&index=0")
    assert (refused.status_code, "retry-after" in refused.headers) == (429, False)


@pytest.mark.parametrize(
    ("status", "error"), [(401, "unauthorized"), (413, "bad_request"), (502, "service_unavailable")]
)
def test_a_refusal_has_ports_shape(status: int, error: str) -> None:
    answer = body_of(failing({"path": "/", "status": status}).port("GET", "/v1/organization"), status=status)

    assert answer == {"ok": False, "error": error, "message": f"Fault injected by the test: {status}."}


def test_a_refusal_can_say_what_a_test_wants() -> None:
    fault = {"path": "/", "status": 422, "error": "mine", "message": "because", "retry_after": 7}
    refused = failing(fault).port("GET", "/v1/organization")

    assert (refused.json()["error"], refused.json()["message"], refused.headers["retry-after"]) == (
        "mine",
        "because",
        "7",
    )


@pytest.mark.parametrize(("path", "body"), [(BULK, bulk("a", "b")), (ONE, make_entity("a"))])
def test_entities_of_a_refused_call_are_rejected_until_they_are_accepted(path: str, body: dict[str, Any]) -> None:
    mock = failing({"path": "/blueprints/service", "status": 503, "times": 1})
    mock.port("POST", path, json=body)
    rejected = mock.captures()["rejected_entities"]

    assert rejected[0].items() >= {"identifier": "a", "blueprint": "service", "status": 503}.items()
    assert len(rejected) == len(body.get("entities", [body]))
    mock.port("POST", path, json=body)
    assert mock.captures()["rejected_entities"] == []


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", BULK, b"{"),
        ("POST", BULK, b"[1]"),
        ("POST", ONE, b"[1]"),
        ("POST", "/v1/entities/search", b"{}"),
        ("DELETE", f"{ONE}/a", b""),
    ],
)
def test_a_refused_call_without_entities_rejects_none(method: str, path: str, content: bytes) -> None:
    mock = failing({"path": "/", "status": 500})

    assert mock.port(method, path, content=content).status_code == 500
    assert mock.captures()["rejected_entities"] == []


def test_some_entities_of_a_batch_are_refused_and_the_others_go_through() -> None:
    mock = failing({"method": "POST", "path": "/entities", "entities": ["b", "z"], "times": 2})

    answer = body_of(mock.port("POST", BULK, json=bulk("a", "b", "c")), status=207)

    assert [each["identifier"] for each in answer["entities"]] == ["a", "c"]
    assert [(each["index"], each["identifier"], each["statusCode"]) for each in answer["errors"]] == [(1, "b", 422)]
    assert mock.port("POST", BULK, json=bulk("d")).status_code == 200
    assert body_of(mock.port("POST", ONE, json=make_entity("b")), status=422)["error"] == "invalid_request"
    assert [each["identifier"] for each in mock.captures()["rejected_entities"]] == ["b"]
    assert mock.port("POST", ONE, json=make_entity("b")).status_code == 201
    assert mock.captures()["rejected_entities"] == []


def test_latency_is_waited_for_and_the_answer_is_ports() -> None:
    mock = failing({"path": "/organization", "latency": 0.05, "times": 1})
    began = time.monotonic()

    assert mock.port("GET", "/v1/organization").status_code == 200
    assert time.monotonic() - began >= 0.05


def test_a_reset_in_the_tests_own_process_is_an_error() -> None:
    mock = failing({"path": "/organization", "reset": True, "times": 1})

    with pytest.raises(ConnectionResetError):
        mock.port("GET", "/v1/organization")
    assert mock.port("GET", "/v1/organization").status_code == 200


def test_a_reset_of_the_real_program_closes_the_connection_and_no_other() -> None:
    with run_program() as (_process, api, control), httpx.Client(trust_env=False) as client:
        fault = {"method": "POST", "path": "/entities/bulk", "reset": True, "times": 1}
        body_of(client.post(f"{control}/faults", json=fault, headers=AUTHORIZATION))
        with httpx.Client(trust_env=False) as other:
            body_of(other.get(f"{api}/v1/organization"))
            with pytest.raises(httpx.TransportError):
                client.post(f"{api}{BULK}", json=bulk("a"))
            body_of(other.get(f"{api}/v1/organization"))
        body_of(client.post(f"{api}{BULK}", json=bulk("a")))
        calls = body_of(client.get(f"{control}/calls", headers=AUTHORIZATION))["calls"]

    assert [call["status"] for call in calls] == [200, 499, 200, 200]


def test_an_expired_token_is_refused_until_there_is_another() -> None:
    mock = Mock()

    def token() -> dict[str, str]:
        answer = body_of(mock.port("POST", "/v1/auth/access_token", json=CREDENTIALS))
        return {"authorization": f"Bearer {answer['accessToken']}"}

    first = token()
    assert mock.port("GET", "/v1/organization", headers=first).status_code == 200
    body_of(mock.control("POST", "/expire-token"))
    assert body_of(mock.port("GET", "/v1/organization", headers=first), status=401)["error"] == "unauthorized"
    second = token()
    assert mock.port("GET", "/v1/organization", headers=second).status_code == 200
    assert mock.port("GET", "/v1/organization", headers=first).status_code == 401


def test_a_token_can_expire_before_there_is_one() -> None:
    mock = Mock(expired_token=True)
    statuses = []
    for _ in range(2):
        answer = body_of(mock.port("POST", "/v1/auth/access_token", json=CREDENTIALS))
        headers = {"authorization": f"Bearer {answer['accessToken']}"}
        statuses.append(mock.port("GET", "/v1/organization", headers=headers).status_code)

    assert statuses == [401, 200]


def test_faults_can_be_seeded_and_are_forgotten_with_everything_else() -> None:
    mock = Mock(faults=[{"path": "/organization", "status": 500}])
    assert mock.port("GET", "/v1/organization").status_code == 500

    body_of(mock.control("DELETE", "/faults"))
    assert mock.port("GET", "/v1/organization").status_code == 200
    body_of(mock.control("POST", "/faults", json={"path": "/organization", "status": 500}))
    body_of(mock.control("POST", "/reset"))
    assert mock.port("GET", "/v1/organization").status_code == 200


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ([], "the body must be an object"),
        ({}, "path must be a string, not null"),
        ({"path": ""}, "path must not be empty"),
        ({"path": "/"}, "needs status, reset, latency or entities"),
        ({"path": "/", "stauts": 503}, "unknown key stauts; known keys: path, method, status"),
        ({"path": "/", "status": 503, "hits": 1}, "unknown key hits"),
        ({"path": "/", "method": "post", "status": 503}, "method must be one of GET, POST, PUT, PATCH, DELETE"),
        ({"path": "/", "status": 200}, "status must be a whole number, 400 to 599, not 200"),
        ({"path": "/", "status": "503"}, "status must be a whole number"),
        ({"path": "/", "status": 503, "times": 0}, "times must be a whole number, 1 or more, not 0"),
        ({"path": "/", "status": 503, "times": True}, "times must be a whole number"),
        ({"path": "/", "status": 503, "retry_after": 0.5}, "retry_after must be a whole number"),
        ({"path": "/", "latency": -1}, "latency must be seconds, 0 to 600, not -1"),
        ({"path": "/", "latency": "1"}, "latency must be seconds"),
        ({"path": "/", "reset": 1}, "reset must be a boolean"),
        ({"path": "/", "reset": True}, "times must say how often to reset"),
        ({"path": "/", "reset": True, "times": 1, "status": 503}, "reset cannot be combined with status or entities"),
        ({"path": "/", "entities": "a"}, "entities must be an array"),
        ({"path": "/", "entities": [1]}, "entities[0] must be a string"),
        ({"path": "/", "entities": ["a"], "latency": 1}, "latency cannot be combined with entities"),
        ({"path": "/", "status": 503, "error": 1}, "error must be a string"),
    ],
)
def test_a_wrong_fault_is_refused_by_name(fault: object, message: str) -> None:
    mock = Mock()

    assert message in body_of(mock.control("POST", "/faults", json=fault), status=422)["message"]
    assert body_of(mock.control("GET", "/faults"))["faults"] == []
    seeded = body_of(mock.control("PUT", "/seed", json={"faults": [fault]}), status=422)["message"]
    assert "faults[0]" in seeded


def test_the_blueprint_of_what_a_fault_refuses_is_the_decoded_one() -> None:
    mock = Mock(faults=[{"method": "POST", "path": "/entities/bulk", "status": 503}])

    mock.port("POST", "/v1/blueprints/my%20service/entities/bulk", json={"entities": [{"identifier": "a"}]})

    assert [each["blueprint"] for each in mock.captures()["rejected_entities"]] == ["my service"]
