"""Access token, organization, Kafka credentials."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from .factories import Mock, body_of


def decode(part: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def test_the_access_token_is_a_machines_and_lasts() -> None:
    credentials = {"clientId": "test-id", "clientSecret": "test-secret"}

    answer = body_of(Mock().port("POST", "/v1/auth/access_token", json=credentials))

    header, claims, signature = answer["accessToken"].split(".")
    assert (answer["tokenType"], signature) == ("Bearer", "")
    assert answer["expiresIn"] > 365 * 24 * 3600
    assert decode(header) == {"alg": "none", "typ": "JWT"}
    assert decode(claims)["isMachine"] is True
    assert decode(claims)["exp"] > time.time() + 365 * 24 * 3600


def test_the_organization_has_an_id_and_no_feature_flags() -> None:
    organization = body_of(Mock().port("GET", "/v1/organization"))["organization"]

    assert organization["id"]
    assert organization["featureFlags"] == []


def test_kafka_credentials_are_there() -> None:
    credentials = body_of(Mock().port("GET", "/v1/kafka-credentials"))["credentials"]

    assert sorted(credentials) == ["password", "username"]


def test_a_secret_is_created_found_and_changed_and_its_value_never_told() -> None:
    mock, path = Mock(), "/v1/organization/secrets"
    # pragma: allowlist nextline secret (the name of a secret)
    secret = {"secretName": "MINE", "secretValue": "not-to-be-told", "description": "first"}

    assert body_of(mock.port("GET", f"{path}/MINE"), status=404)["error"] == "not_found"
    assert body_of(mock.port("PATCH", f"{path}/MINE", json={}), status=404)["error"] == "not_found"
    body_of(mock.port("POST", path, json=secret), status=201)
    assert body_of(mock.port("POST", path, json=secret), status=409)["error"] == "identifier_taken"
    body_of(mock.port("PATCH", f"{path}/MINE", json={"secretValue": "not-this-either", "description": "second"}))

    found = body_of(mock.port("GET", f"{path}/MINE"))["secret"]
    assert (found["secretName"], found["description"]) == ("MINE", "second")
    assert "secretValue" not in found
    assert mock.kept()["secrets"] == [found]


def test_the_result_of_a_probe_is_kept() -> None:
    mock = Mock()
    body_of(mock.port("PATCH", "/v1/org/org_port_mock/integration/probe/p1", json={"status": "ok"}))

    assert mock.kept()["probes"] == [{"status": "ok", "probeId": "p1"}]
