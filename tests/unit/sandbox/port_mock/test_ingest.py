"""Logs, metrics and raw data, sent where the integration's ingest URLs point."""

from __future__ import annotations

from .factories import Mock, body_of, make_mapping


def ingest_url(mock: Mock, attributes: str) -> str:
    url: str = body_of(mock.port("GET", "/v1/integration/i"))["integration"][attributes]["ingestUrl"]
    return url


def test_logs_are_kept() -> None:
    mock = Mock(mapping=make_mapping())

    body_of(mock.port("POST", ingest_url(mock, "logAttributes"), json={"logs": [{"message": "a"}, {"message": "b"}]}))

    assert mock.kept()["logs"] == [{"message": "a"}, {"message": "b"}]


def test_metrics_are_kept_however_they_come() -> None:
    mock = Mock(mapping=make_mapping())
    url = ingest_url(mock, "metricAttributes")

    body_of(mock.port("POST", f"{url}/syncMetrics", json={"syncKindsMetrics": [{"kind": "a"}, {"kind": "b"}]}))
    kind = f"{url}/syncMetrics/resync/event%2F1/kind/issue-0"
    body_of(mock.port("PUT", kind, json={"syncKindMetrics": {"kind": "c"}}))

    assert [metrics["kind"] for metrics in mock.kept()["metrics"]] == ["a", "b", "c"]


def test_heartbeats_are_counted() -> None:
    mock = Mock(mapping=make_mapping())
    url = ingest_url(mock, "metricAttributes")

    for _ in range(2):
        body_of(mock.port("POST", f"{url}/heartbeat", json={"eventId": "event-1"}))

    assert mock.kept()["heartbeats"] == 2


def test_raw_data_is_taken() -> None:
    mock = Mock(mapping=make_mapping())
    path = "/lake/write/integration-type/jira/integration/i/sync/s/kind/issue"

    assert body_of(mock.port("POST", ingest_url(mock, "ingestAttributes") + path, json={"kind": "issue", "data": []}))[
        "ok"
    ]
