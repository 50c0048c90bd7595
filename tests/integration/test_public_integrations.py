"""Third-party integrations, unmodified, from a checkout of Ocean's public repository."""

import asyncio
import os
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from harness import EventNotTakenError, IntegrationTestHarness, InterceptTransport, PortMockResponder, ResyncResult
from harness.integration.mapping import check, warnings
from harness.integration.resources import blueprints_of
from harness.integration.resync_warnings import of_blueprints
from harness.running.directory_run import Asked, DirectoryRun

CHECKOUT = os.environ.get("OCEAN_SANDBOX_PUBLIC_OCEAN", "")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.asyncio,
    pytest.mark.skipif(not CHECKOUT, reason="OCEAN_SANDBOX_PUBLIC_OCEAN names no checkout of Ocean's repository"),
]


def mapping(kind: str, blueprint: str) -> dict[str, Any]:
    entity = {"mappings": {"identifier": ".id", "title": ".name", "blueprint": f'"{blueprint}"', "properties": {}}}
    return {"resources": [{"kind": kind, "selector": {"query": "true"}, "port": {"entity": entity}}]}


def mains() -> list[Path]:
    """The `main.py` of every integration."""
    return sorted(Path(CHECKOUT, "integrations").glob("*/main.py"))


async def resync_once(harness: IntegrationTestHarness) -> ResyncResult:
    try:
        await harness.start()
        return await harness.trigger_resync()
    finally:
        await harness.shutdown()


async def test_none_is_refused_before_it_runs_and_each_has_a_url_with_a_scheme() -> None:
    """What `run` looks at before it costs a container, of each of them."""
    warned = {}
    for main in mains():
        read = DirectoryRun(Asked(main.parent)).read()
        check(read.mapping, main.parent.name)
        blueprints = blueprints_of(main.parent) if read.port == "strict" else {}
        responder = PortMockResponder(read.mapping, blueprints=blueprints, port=read.port)
        responder.checked_seed(main.parent.name)
        found = [*warnings(read.mapping), *of_blueprints(blueprints)]
        warned |= {main.parent.name: [each.place for each in found]} if found else {}
        config = read.config["integration"]["config"]
        urls = [value for name, value in config.items() if name.endswith(("_url", "_host"))]
        assert all(str(url).startswith("https://") for url in urls), config
    assert warned == {
        "argocd": ["blueprints.argocdCluster.schema.properties.status"],
        "azure-devops": ["resources[5].port.entity.mappings.properties.description"],
        "custom": ["resources"],
        "gitlab": ["resources[0].port.entity.mappings.properties.readme"],
    }


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


def own_mapping(integration: str) -> dict[str, Any]:
    """The mapping that an integration ships."""
    (file,) = Path(CHECKOUT, "integrations", integration, ".port", "resources").glob("port-app-config.y*ml")
    config: dict[str, Any] = yaml.safe_load(file.read_text())
    return config


async def strict(integration: str, transport: InterceptTransport, config: dict[str, Any]) -> ResyncResult:
    """What comes of an integration with the mapping and the blueprints that it ships, all kinds, under strict rules."""
    harness = IntegrationTestHarness(
        integration_path=str(Path(CHECKOUT, "integrations", integration)),
        port_mapping_config=own_mapping(integration),
        third_party_transport=transport,
        config_overrides={"integration": {"identifier": integration, "type": integration, "config": config}},
        port="strict",
    )
    return await resync_once(harness)


async def test_fake_integration_under_strict_rules_with_its_own_blueprints_and_mapping() -> None:
    """All of its kinds pass; what no mapping can help, a team whose lead has no e-mail address, is refused alone."""
    department = {"id": "hr", "name": "hr"}
    person = {"email": "p1@test.example", "name": "P One", "status": "WORKING", "age": 30, "bio": ""}
    address = {"city": "Town", "country": "Land", "lines": ["Street 1"], "geo": {"lat": 32.5, "lng": 34}}
    team = {"id": "t1", "name": "One", "lead": {"email": "lead@test.example", "name": "Lead"}, "department": department}
    project = {"id": "project-1", "name": "One", "owner": {"id": "lead", "name": "Lead", "department": department}}
    transport = InterceptTransport()
    for number, kind in enumerate(("hr", "marketing", "finance", "support", "morpazia")):
        employees = {"results": [{**person, "id": f"p{number}"}]}
        transport.add_route("GET", f"localhost:8000/integration/department/{kind}/employees", {"json": employees})
    for path, rows in {
        "offices": [{"id": "office-1", "name": "One", "address": address}],
        "teams": [team, {**team, "id": "t2", "lead": {"email": "lead", "name": "Lead"}}],
        "projects": [project, {**project, "id": "project-2", "metadata": {"tier": {"level": "gold"}}}],
    }.items():
        transport.add_route("GET", f"localhost:8000/integration/{path}", {"json": {"results": rows}})
    result = await strict("fake-integration", transport, {})
    assert result.errors == []
    counts = Counter(entity["blueprint"] for entity in result.upserted_entities)
    assert counts == {"fake-department": 5, "fake-person": 5, "fake-office": 1, "fake-team": 1, "fake-project": 2}
    assert [str(each) for each in result.rejected_entities] == [
        "fake-team 't2' was refused with 422 blueprint_schema_mismatch: properties.lead_email: 'lead' is not a 'email'"
    ]


def of_pagerduty(identifier: str, kind: str, **fields: Any) -> dict[str, Any]:
    """An object as PagerDuty's REST API answers it."""
    reference = {"id": identifier, "type": kind, "summary": f"Of {identifier}"}
    return {**reference, "html_url": f"https://test.pagerduty.com/{kind}/{identifier}", **fields}


async def test_pagerduty_under_strict_rules_with_its_own_blueprints_and_mapping() -> None:
    """All of its kinds pass but one: its mapping has a mistake, which shows.

    A user's teams and contact methods are objects with PagerDuty, and strings in the blueprint, and the mapping takes
    them as they are: each user that has any is refused.
    """
    rule = {"id": "R1", "escalation_delay_in_minutes": 30, "targets": []}
    policy = of_pagerduty("E1", "escalation_policy", name="Escalation", escalation_rules=[rule])
    user = of_pagerduty("U1", "user", name="One", email="one@test.example", role="admin", time_zone="Etc/UTC")
    user |= {"description": None, "job_title": None, "teams": [], "contact_methods": []}
    in_a_team = {**user, "id": "U2", "teams": [of_pagerduty("T1", "team_reference")]}
    reachable = {**user, "id": "U3", "contact_methods": [of_pagerduty("C1", "email_contact_method_reference")]}
    schedule = of_pagerduty("S1", "schedule", name="Schedule", time_zone="Etc/UTC", description="", users=[user])
    oncall = {"user": user, "schedule": schedule, "escalation_policy": policy, "escalation_level": 1}
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z"}
    service = of_pagerduty("V1", "service", name="Service", status="active", escalation_policy=policy, **times)
    incident = of_pagerduty(
        "I1", "incident", title="Incident", status="triggered", urgency="high", service=service, **times
    )
    incident |= {"escalation_policy": policy, "assignments": [{"assignee": user}], "priority": {"summary": "P1"}}
    resolved = {**incident, "id": "I2", "status": "resolved", "assignments": [], "priority": None, "service": None}
    transport = InterceptTransport()
    for kind, rows in {
        "oncalls": [{**oncall, "start": "2026-01-01T00:00:00Z", "end": "2026-01-08T00:00:00Z"}],
        "services": [service],
        "escalation_policies": [policy],
        "schedules": [schedule],
        "users": [user, in_a_team, reachable],
    }.items():
        answer = {kind: rows, "more": False, "offset": 0, "limit": 100, "total": None}
        transport.add_route("GET", rf"api\.pagerduty\.com/{kind}\?", {"json": answer})
    transport.add_route("GET", "api.pagerduty.com/incidents", page_of_incidents(incident, resolved))
    metrics = {"service_id": "V1", "mean_seconds_to_resolve": 60, "mean_seconds_to_first_ack": 5.5}
    transport.add_route("POST", "analytics/metrics/incidents/services", {"json": {"data": [metrics]}})
    config = {"token": "pagerduty-test-token", "api_url": "https://api.pagerduty.com"}
    result = await strict("pagerduty", transport, config)
    assert result.errors == []
    assert sorted((entity["blueprint"], entity["identifier"]) for entity in result.upserted_entities) == [
        ("pagerdutyEscalationPolicy", "E1"),
        ("pagerdutyIncident", "I1"),
        ("pagerdutyIncident", "I2"),
        ("pagerdutyOncall", "U1-S1-2026-01-01T00:00:00Z"),
        ("pagerdutySchedule", "S1"),
        ("pagerdutyService", "V1"),
        ("pagerdutyUser", "U1"),
    ]
    refused = {each.identifier: (each.error, each.message.partition(": ")[0]) for each in result.rejected_entities}
    assert refused == {
        "U2": ("blueprint_schema_mismatch", "properties.teams.0"),
        "U3": ("blueprint_schema_mismatch", "properties.contact_methods.0"),
    }


def page_of_incidents(*incidents: dict[str, Any]) -> Any:
    """Answers with those of the statuses that are asked for, as PagerDuty does."""

    def answer(request: httpx.Request) -> dict[str, Any]:
        asked = request.url.params.get_list("statuses[]")
        rows = [each for each in incidents if each["status"] in asked]
        return {"json": {"incidents": rows, "more": False, "offset": 0, "limit": 100, "total": None}}

    return answer


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
