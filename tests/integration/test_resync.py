"""A resync, end to end, of a small integration."""

from pathlib import Path

import pytest

from harness import InterceptTransport, RemoteError

from .factories import integration, mapping, resync, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]


async def test_entities_of_a_route_arrive_at_port(tmp_path: Path) -> None:
    transport = InterceptTransport().add_route("GET", "/things", {"json": [{"id": 1, "value": "one"}]})
    result = await resync(integration(tmp_path), transport)
    assert result.errors == []
    assert result.reconciliation_success
    assert values(result) == {"1": "one"}


async def test_the_first_of_two_routes_wins(tmp_path: Path) -> None:
    transport = InterceptTransport()
    transport.add_route("GET", r"/thing\w$", {"json": [{"id": 1, "value": "first"}]})
    transport.add_route("GET", "/things", {"json": [{"id": 1, "value": "second"}]})
    assert values(await resync(integration(tmp_path), transport)) == {"1": "first"}


async def test_a_second_resync_is_a_fresh_process_and_sees_only_its_own_captures(tmp_path: Path) -> None:
    directory = integration(
        tmp_path, "calls.append(1)\nyield [{'id': len(calls), 'value': os.getpid()}]", head="calls = []"
    )
    async with started(directory) as harness:
        first = await harness.trigger_resync()
        second = await harness.trigger_resync()
    assert list(values(first)) == list(values(second)) == ["1"]
    assert harness.port_mock.upserted_entities == second.upserted_entities


async def test_the_memory_of_a_resync_is_its_own(tmp_path: Path) -> None:
    little = await resync(integration(tmp_path / "little", "yield []"), InterceptTransport())
    much = await resync(integration(tmp_path / "much", "much = b'x' * 150_000_000\nyield []"), InterceptTransport())
    assert little.most_memory is not None
    assert much.most_memory is not None
    assert 20_000_000 < little.most_memory < 150_000_000 < much.most_memory


async def test_what_port_has_and_the_resync_has_not_is_deleted(tmp_path: Path) -> None:
    stale = {"identifier": "stale", "blueprint": "thing", "properties": {}, "relations": {}}
    kept = {"identifier": "1", "blueprint": "thing", "properties": {}, "relations": {}}
    handler = "yield [{'id': 1, 'value': 1}]"
    config = {**mapping(), "entityDeletionThreshold": 1}
    result = await resync(
        integration(tmp_path, handler), port_mapping_config=config, port_search_entities_response=[stale, kept]
    )
    assert result.errors == []
    assert result.deleted_entities == [{"identifier": "stale", "blueprint": "thing"}]


async def test_an_error_of_the_handler_is_a_real_exception_with_its_kind(tmp_path: Path) -> None:
    result = await resync(integration(tmp_path, "yield []\nraise KeyError('colour')"))
    (error,) = result.errors  # Ocean wraps what a handler raises, here as in production
    assert isinstance(error, RemoteError)
    assert error.name == "port_ocean.exceptions.core.OceanAbortException"
    assert error.kind == "thing"
    assert "main.py" in error.remote_traceback
    assert isinstance(error.__cause__, KeyError)
    assert error.__cause__.args == ("colour",)
    assert not result.reconciliation_success


async def test_an_unmatched_request_is_an_error_when_strict(tmp_path: Path) -> None:
    lenient = "await http_async_client.get('https://api.things.example/other')\nyield []"
    result = await resync(integration(tmp_path, lenient), InterceptTransport(strict=True))
    assert [type(error).__name__ for error in result.errors] == ["UnmatchedRequestError"]
    assert "No route matched: GET https://api.things.example/other" in str(result.errors[0])
    assert 'transport.add_route("GET", "api.things.example/other", {"json": {}})' in str(result.errors[0])
    assert [str(call.request.url) for call in result.unmatched] == ["https://api.things.example/other"]


async def test_what_the_integration_prints_and_logs_is_in_the_result(tmp_path: Path) -> None:
    result = await resync(integration(tmp_path, 'print(\'{"event": "resynced"} or so\')\nyield []'))
    assert any("or so" in line for line in result.logs)


async def test_editing_the_code_needs_no_build(tmp_path: Path) -> None:
    for value in ("before", "after"):
        directory = integration(tmp_path, f"yield [{{'id': 1, 'value': {value!r}}}]")
        assert values(await resync(directory)) == {"1": value}


async def test_each_resync_has_its_own_unmatched_requests(tmp_path: Path) -> None:
    handler = "await http_async_client.get('https://api.things.example/other')\nyield []"
    async with started(integration(tmp_path, handler), InterceptTransport(strict=True)) as harness:
        assert len((await harness.trigger_resync()).errors) == 1
        assert len((await harness.trigger_resync()).errors) == 1
        assert len(harness.third_party_transport.calls) == 2


async def test_a_harness_can_be_started_again(tmp_path: Path) -> None:
    transport = InterceptTransport().add_route("GET", "/things", {"json": [{"id": 1, "value": 1}]})
    directory = integration(tmp_path)
    async with started(directory, transport) as harness:
        await harness.shutdown()
        await harness.start()
        with pytest.raises(RuntimeError, match="already started"):
            await harness.start()
        assert values(await harness.trigger_resync()) == {"1": 1}
