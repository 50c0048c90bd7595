"""The samples that drive `IntegrationTestHarness` themselves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mappings import mapping
from port_ocean.tests.integration import IntegrationTestHarness, InterceptTransport, UnmatchedRequestError

INTEGRATION_PATH = str(Path(__file__).parent.parent)
pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def started(
    transport: InterceptTransport, mapping_config: dict[str, Any]
) -> AsyncIterator[IntegrationTestHarness]:
    harness = IntegrationTestHarness(
        integration_path=INTEGRATION_PATH,
        port_mapping_config=mapping_config,
        third_party_transport=transport,
        config_overrides={"integration": {"identifier": "mine", "type": "my-integration", "config": {}}},
    )
    await harness.start()
    try:
        yield harness
    finally:
        await harness.shutdown()


async def test_start_resync_shutdown() -> None:
    my_transport = InterceptTransport().add_route("GET", "/api/items", {"json": [{"id": 1, "name": "One"}]})
    async with started(my_transport, mapping("item", "item")) as harness:
        result = await harness.trigger_resync()
        assert [(entity["identifier"], entity["title"]) for entity in result.upserted_entities] == [("1", "One")]
        assert result.errors == []
        assert harness.port_mock.upserted_entities == result.upserted_entities


async def test_discover_requests(capsys: pytest.CaptureFixture[str]) -> None:
    async with started(InterceptTransport(strict=False), mapping("item", "item")) as harness:
        output = await harness.discover_requests()
    assert "GET https://api.example.com/api/items → 404 ← UNMATCHED (404)" in output
    assert output in capsys.readouterr().out


async def test_strict_is_the_default_and_an_error_of_the_resync() -> None:
    async with started(InterceptTransport(), mapping("item", "item")) as harness:
        result = await harness.trigger_resync()
    unmatched = [error for error in result.errors if isinstance(error, UnmatchedRequestError)]
    assert "GET https://api.example.com/api/items" in str(unmatched[0])


async def test_three_call_logs(capsys: pytest.CaptureFixture[str]) -> None:
    transport = InterceptTransport().add_route("GET", "/api/items", {"json": []})
    async with started(transport, mapping("item", "item")) as harness:
        await harness.trigger_resync()
        harness.third_party_transport.print_call_log()  # third-party calls only
        third_party = capsys.readouterr().out
        harness.port_mock.transport.print_call_log()  # Port API calls
        port = capsys.readouterr().out
        harness.third_party_transport.print_call_log(include_port=True)  # include Port calls too
        both = capsys.readouterr().out
    assert "/api/items" in third_party
    assert "/v1/" not in third_party
    assert "POST" in port
    assert "/v1/auth/access_token" in port
    assert "/api/items" not in port
    assert both.count("→") == third_party.count("→") + port.count("→")


async def test_the_call_history() -> None:
    third_party_transport = InterceptTransport(strict=False)
    third_party_transport.add_route("GET", "/v2/projects", {"json": [{"id": "p"}]})
    async with started(third_party_transport, mapping("project", "project")) as harness:
        await harness.trigger_resync()

    # All third-party calls
    assert len(third_party_transport.calls) == 1

    # Calls to a specific endpoint
    project_calls = third_party_transport.calls_for("/v2/projects")
    assert len(project_calls) == 1
    assert project_calls[0].response.status_code == 200
    assert project_calls[0].response.json() == [{"id": "p"}]
