"""The real client meets Port's faults: it retries, refreshes, falls back, and does not take five minutes over it."""

import time
from pathlib import Path

import pytest

from harness import InterceptTransport, ResyncResult

from .factories import integration, make_harness, started

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]
UPSERT = ("POST", "/entities/bulk")


def things(count: int = 2) -> InterceptTransport:
    rows = [{"id": each, "value": each} for each in range(1, count + 1)]
    return InterceptTransport().add_route("GET", "/things", {"json": rows})


def identifiers(result: ResyncResult) -> list[str]:
    return sorted(entity["identifier"] for entity in result.upserted_entities)


async def test_what_is_unavailable_twice_is_retried_at_once(tmp_path: Path) -> None:
    async with started(integration(tmp_path), things()) as harness:
        harness.port.fail(*UPSERT, status=503, times=2)
        began = time.monotonic()
        result = await harness.trigger_resync()
        assert [call.response.status_code for call in harness.port_mock.transport.calls_for("/entities/bulk")] == [
            503,
            503,
            200,
        ]
    assert time.monotonic() - began < 30
    assert (identifiers(result), result.rejected_entities) == (["1", "2"], [])


async def test_what_is_unavailable_for_good_is_rejected_in_no_time(tmp_path: Path) -> None:
    async with started(integration(tmp_path), things()) as harness:
        harness.port.fail("POST", "/blueprints/thing/entities", status=429)
        began = time.monotonic()
        result = await harness.trigger_resync()
    assert time.monotonic() - began < 30
    assert result.upserted_entities == []
    assert {(each.identifier, each.status) for each in result.rejected_entities} == {("1", 429), ("2", 429)}


async def test_what_is_too_large_is_upserted_one_by_one(tmp_path: Path) -> None:
    async with started(integration(tmp_path), things()) as harness:
        harness.port.fail(*UPSERT, status=413)
        result = await harness.trigger_resync()
    assert (identifiers(result), result.rejected_entities) == (["1", "2"], [])


async def test_a_reset_connection_is_retried(tmp_path: Path) -> None:
    async with started(integration(tmp_path), things()) as harness:
        harness.port.fail(*UPSERT, reset=True, times=2)
        result = await harness.trigger_resync()
    assert identifiers(result) == ["1", "2"]


async def test_an_expired_token_is_refreshed(tmp_path: Path) -> None:
    harness = make_harness(integration(tmp_path), things())
    harness.port.expire_token()  # the first that the client gets
    try:
        await harness.start()
        result = await harness.trigger_resync()
        calls = harness.port_mock.transport.calls
    finally:
        await harness.shutdown()
    assert (identifiers(result), result.errors) == (["1", "2"], [])
    refused = [call for call in calls if call.response.status_code == 401]
    tokens = [call for call in calls if call.request.url.path.endswith("/auth/access_token")]
    assert len(refused) == 1
    assert "The access token has expired." in refused[0].response.text
    assert len(tokens) == 2


async def test_some_entities_of_a_batch_are_refused(tmp_path: Path) -> None:
    async with started(integration(tmp_path), things(3)) as harness:
        harness.port.fail("POST", "/entities", entities=["2"])
        result = await harness.trigger_resync()
    assert identifiers(result) == ["1", "3"]
    assert [(each.identifier, each.status) for each in result.rejected_entities] == [("2", 422)]


async def test_a_fault_from_before_the_start_is_there_and_latency_is_waited_for(tmp_path: Path) -> None:
    harness = make_harness(integration(tmp_path), things())
    harness.port.fail(*UPSERT, latency=1, times=1)
    harness.port.fail("POST", "/blueprints/entities/datasource-entities", status=500)
    try:
        await harness.start()
        result = await harness.trigger_resync()
    finally:
        await harness.shutdown()
    assert identifiers(result) == ["1", "2"]
    assert result.timings["resync"] >= 1
    assert not result.reconciliation_success or result.errors
