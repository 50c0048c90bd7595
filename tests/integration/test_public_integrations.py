"""Integrations that nobody here wrote, unmodified, from a checkout of Ocean's public repository."""

import os
from pathlib import Path
from typing import Any

import pytest

from harness import IntegrationTestHarness, InterceptTransport, ResyncResult

CHECKOUT = os.environ.get("OCEAN_SANDBOX_PUBLIC_OCEAN", "")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.asyncio,
    pytest.mark.skipif(not CHECKOUT, reason="OCEAN_SANDBOX_PUBLIC_OCEAN names no checkout of Ocean's repository"),
]


def mapping(kind: str, blueprint: str) -> dict[str, Any]:
    entity = {"mappings": {"identifier": ".id", "title": ".name", "blueprint": f'"{blueprint}"', "properties": {}}}
    return {"resources": [{"kind": kind, "selector": {"query": "true"}, "port": {"entity": entity}}]}


async def resync_once(harness: IntegrationTestHarness) -> ResyncResult:
    try:
        await harness.start()
        return await harness.trigger_resync()
    finally:
        await harness.shutdown()


async def test_fake_integration() -> None:
    transport = InterceptTransport(strict=False)
    person = {"id": "p1", "email": "p1@test.example", "name": "P One", "status": "WORKING", "age": 30, "bio": ""}
    transport.add_route("GET", "localhost:8000/integration/department/", {"json": {"results": [person]}})
    harness = IntegrationTestHarness(
        integration_path=str(Path(CHECKOUT, "integrations", "fake-integration")),
        port_mapping_config=mapping("fake-person", "fakePerson"),
        third_party_transport=transport,
        config_overrides={"integration": {"identifier": "fake", "type": "fake-integration", "config": {}}},
    )
    result = await resync_once(harness)
    assert result.errors == []
    assert {entity["identifier"] for entity in result.upserted_entities} == {"p1"}


async def test_pagerduty() -> None:
    transport = InterceptTransport(strict=False)
    policy = {"id": "E1", "name": "Escalation", "escalation_rules": []}
    answer = {"escalation_policies": [policy], "more": False, "offset": 0, "limit": 100, "total": None}
    transport.add_route("GET", "/oncalls", {"json": {**answer, "oncalls": []}})
    transport.add_route("GET", "/escalation_policies", {"json": answer})
    config = {"token": "pagerduty-test-token", "api_url": "https://api.pagerduty.com"}
    harness = IntegrationTestHarness(
        integration_path=str(Path(CHECKOUT, "integrations", "pagerduty")),
        port_mapping_config=mapping("escalation_policies", "policy"),
        third_party_transport=transport,
        config_overrides={"integration": {"identifier": "pagerduty", "type": "pagerduty", "config": config}},
    )
    result = await resync_once(harness)
    assert result.errors == []
    assert [entity["identifier"] for entity in result.upserted_entities] == ["E1"]
