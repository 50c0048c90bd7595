"""What the in-process harness's Port mock gets wrong (port-ocean 0.55, integration_testing/port_mock.py) is right here."""

from __future__ import annotations

import pytest

from .factories import Mock, body_of, make_entity, make_mapping

INTEGRATION = "/v1/integration/my-integration"


def test_a_resync_state_has_the_time_that_ocean_reads() -> None:
    mock = Mock(mapping=make_mapping())
    answer = body_of(mock.port("PATCH", f"{INTEGRATION}/resync-state", json={"status": "running"}))

    assert answer["integration"]["resyncState"]["updatedAt"]


def test_a_scorecard_is_no_upserted_entity() -> None:
    mock = Mock()
    mock.port("POST", "/v1/blueprints/service/scorecards", json={"identifier": "ready"})

    assert mock.captures()["upserted_entities"] == []
    assert mock.kept()["scorecards"] == [{"identifier": "ready", "blueprint": "service"}]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/kafka-credentials", None),
        ("GET", "/v1/integration/provision-enabled", None),
        ("GET", f"{INTEGRATION}/resync-request", None),
        ("GET", f"{INTEGRATION}/cursor?kind=k&index=0", None),
        ("POST", f"{INTEGRATION}/cursor?kind=k&index=0", {"primary": "2026-01-01T00:00:00Z"}),
        ("POST", f"{INTEGRATION}/kinds/k/examples", {"examples": []}),
        ("POST", "/v1/ingest/logs", {"logs": []}),
        ("POST", "/v1/blueprints", {"identifier": "b"}),
        ("POST", "/v1/webhooks", {"identifier": "w"}),
        ("POST", "/v1/actions", {"identifier": "a"}),
        ("POST", "/v1/pages", {"identifier": "p"}),
        ("POST", "/v1/actions/runs/claim-pending", {"limit": 1}),
        ("POST", "/v1/workflows/runs/claim-pending", {"limit": 1}),
    ],
)
def test_no_call_of_oceans_is_unknown(method: str, path: str, body: object) -> None:
    mock = Mock(mapping=make_mapping())

    assert mock.port(method, path, json=body).is_success
    assert all(call["known"] for call in mock.calls())


def test_rejected_entities_show_even_when_every_one_is() -> None:
    mock = Mock(strict=True, blueprints={"service": {"schema": {"properties": {}, "required": ["url"]}}})
    entities = [make_entity("a"), make_entity("b")]
    answer = body_of(
        mock.port("POST", "/v1/blueprints/service/entities/bulk?upsert=true", json={"entities": entities}), status=207
    )

    assert answer["entities"] == []
    assert [error["index"] for error in answer["errors"]] == [0, 1]
    assert mock.captures()["upserted_entities"] == []
    assert [each["identifier"] for each in mock.captures()["rejected_entities"]] == ["a", "b"]


def test_what_was_upserted_is_found() -> None:
    mock = Mock()
    mock.port("POST", "/v1/blueprints/service/entities", json=make_entity("a"))
    rules = [{"property": "$identifier", "operator": "=", "value": "a"}]

    assert (
        body_of(mock.port("POST", "/v1/entities/search", json={"combinator": "and", "rules": rules}))["entities"] != []
    )
