"""Integrations that nobody here wrote, unmodified, from a checkout of Ocean's public repository."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness import EventNotTakenError, IntegrationTestHarness, InterceptTransport, ResyncResult

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


def own_mapping(integration: str, *kinds: str) -> dict[str, Any]:
    """The mapping that an integration ships, with these kinds of it."""
    (file,) = Path(CHECKOUT, "integrations", integration, ".port", "resources").glob("port-app-config.y*ml")
    config: dict[str, Any] = yaml.safe_load(file.read_text())
    return {**config, "resources": [each for each in config["resources"] if each["kind"] in kinds]}


async def test_fake_integration_under_strict_rules_with_its_own_blueprints_and_mapping() -> None:
    transport = InterceptTransport(strict=False)
    person = {"id": "p1", "email": "p1@test.example", "name": "P One", "status": "WORKING", "age": 30, "bio": ""}
    transport.add_route("GET", "localhost:8000/integration/department/", {"json": {"results": [person]}})
    team = {
        "id": "t1",
        "name": "One",
        "lead": {"email": "lead", "name": "Lead"},
        "department": {"id": "hr", "name": "hr"},
    }
    transport.add_route("GET", "localhost:8000/integration/teams", {"json": {"results": [team]}})
    harness = IntegrationTestHarness(
        integration_path=str(Path(CHECKOUT, "integrations", "fake-integration")),
        port_mapping_config=own_mapping("fake-integration", "fake-department", "fake-person", "fake-team"),
        third_party_transport=transport,
        config_overrides={"integration": {"identifier": "fake", "type": "fake-integration", "config": {}}},
        port="strict",
    )
    result = await resync_once(harness)
    assert result.errors == []
    assert {entity["blueprint"] for entity in result.upserted_entities} == {"fake-department", "fake-person"}
    assert [str(each) for each in result.rejected_entities] == [
        "fake-team 't1' was refused with 422 blueprint_schema_mismatch: properties.lead_email: 'lead' is not a 'email'"
    ]


async def test_pagerduty_under_strict_rules_with_its_own_blueprints_and_mapping() -> None:
    """Its mapping has a mistake, which shows: a user's teams are objects with PagerDuty, and strings in the blueprint."""
    transport = InterceptTransport(strict=False)
    page = {"more": False, "offset": 0, "limit": 100, "total": None}
    transport.add_route("GET", "/oncalls", {"json": {**page, "oncalls": []}})
    policy = {"id": "E1", "name": "Escalation", "summary": "Escalation", "escalation_rules": [{"id": "R1"}]}
    policy["html_url"] = "https://test.pagerduty.com/escalation_policies/E1"
    transport.add_route("GET", "/escalation_policies", {"json": {**page, "escalation_policies": [policy]}})
    user = {"id": "U1", "name": "One", "email": "one@test.example", "role": "admin", "time_zone": "Etc/UTC"}
    user |= {"html_url": "https://test.pagerduty.com/users/U1", "teams": [], "contact_methods": []}
    member = {**user, "id": "U2", "teams": [{"id": "T1", "type": "team_reference", "summary": "One"}]}
    transport.add_route("GET", "/users", {"json": {**page, "users": [user, member]}})
    config = {"token": "pagerduty-test-token", "api_url": "https://api.pagerduty.com"}
    harness = IntegrationTestHarness(
        integration_path=str(Path(CHECKOUT, "integrations", "pagerduty")),
        port_mapping_config=own_mapping("pagerduty", "escalation_policies", "users"),
        third_party_transport=transport,
        config_overrides={"integration": {"identifier": "pagerduty", "type": "pagerduty", "config": config}},
        port="strict",
    )
    result = await resync_once(harness)
    assert result.errors == []
    assert sorted(entity["identifier"] for entity in result.upserted_entities) == ["E1", "U1"]
    (rejected,) = result.rejected_entities
    assert (rejected.identifier, rejected.error) == ("U2", "blueprint_schema_mismatch")
    assert rejected.message.startswith("properties.teams.0: {'id': 'T1'")


async def test_pagerduty_takes_live_events() -> None:
    """On the port-ocean that it pins, which logs other things than the one that we read."""
    transport = InterceptTransport(strict=False)
    for each in ("I1", "I2", "I3"):
        incident = {"id": each, "title": f"Incident {each}", "status": "triggered", "assignments": [], "service": {}}
        transport.add_route("GET", f"/incidents/{each}", {"json": {"incident": incident}})
    config = {"token": "pagerduty-test-token", "api_url": "https://api.pagerduty.com"}
    harness = IntegrationTestHarness(
        integration_path=str(Path(CHECKOUT, "integrations", "pagerduty")),
        port_mapping_config=mapping("incidents", "incident"),
        third_party_transport=transport,
        config_overrides={"integration": {"identifier": "pagerduty", "type": "pagerduty", "config": config}},
    )
    event = {"event_type": "incident.triggered"}
    try:
        await harness.start()
        results = await asyncio.gather(
            *(
                harness.deliver_webhook("/webhook", json={"event": {**event, "data": {"id": each}}})
                for each in ("I1", "I2", "I3")
            )
        )
        assert [each.errors for each in results] == [[], [], []]
        upserted = [[entity["identifier"] for entity in each.upserted_entities] for each in results]
        assert upserted == [["I1"], ["I2"], ["I3"]]
        other = await harness.deliver_webhook("/webhook", json={"event": {"event_type": "pagey.ping"}})
        assert [type(error) for error in other.errors] == [EventNotTakenError]
    finally:
        await harness.shutdown()
