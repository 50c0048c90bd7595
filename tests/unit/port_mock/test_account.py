"""Access token, organization, Kafka credentials, and the runs that never are."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

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


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("POST", "/v1/actions/runs/claim-pending", "runs"),
        ("POST", "/v1/workflows/runs/claim-pending", "nodeRuns"),
        ("GET", "/v1/actions/runs?version=v2&external_run_id=1", "runs"),
        ("GET", "/v1/workflows/nodes/runs?external_run_id=1", "nodeRuns"),
    ],
)
def test_there_are_no_runs(method: str, path: str, key: str) -> None:
    body = {"installationId": "i", "limit": 5, "visibilityTimeoutMs": 1000} if method == "POST" else None

    assert body_of(Mock().port(method, path, json=body))[key] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/v1/actions/runs/ack"),
        ("PATCH", "/v1/actions/runs/run-1"),
        ("PATCH", "/v1/workflows/runs/ack"),
        ("PATCH", "/v1/workflows/nodes/runs/run-1"),
        ("POST", "/v1/actions/runs/run-1/logs"),
        ("POST", "/v1/workflows/nodes/runs/run-1/logs"),
    ],
)
def test_reports_about_runs_are_taken(method: str, path: str) -> None:
    assert body_of(Mock().port(method, path, json={"message": "done"}))["ok"]
