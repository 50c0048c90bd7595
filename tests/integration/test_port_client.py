"""The real client is the Port mock's test: every method of it is called, and every answer checked against a schema.

The schemas, in `schemas/`, say of each call what Ocean reads of the answer (port-ocean 0.55, clients/port/), and what
Port's documentation says that it is (docs/api-reference of github.com/port-labs/port-docs).
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from harness import InterceptTransport, RequestLog

from .factories import integration, make_harness, mapping, started

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]
SCHEMAS = Path(__file__).parent / "schemas"
HEAD = """
import httpx, importlib, inspect, pkgutil, pydantic
import port_ocean.clients.port as package
from datetime import datetime, timezone
from port_ocean.clients.port.types import UserAgentType
from port_ocean.context.event import event
from port_ocean.core.models import ActionRun, Entity, LakehouseEventType, LakehouseOperation, WorkflowNodeRunLog

# What came with 0.55; an older port-ocean has a client without.
LATER = {
    "is_organization_blocked": (),
    "create_organization_secret": ("MINE", "a-secret-of-the-test"),
    "get_organization_secret": ("MINE",),
    "update_organization_secret": ("MINE", "another-secret-of-the-test"),
    "upsert_organization_secret": ("NEW", "another-secret-of-the-test", "described"),
    "patch_probe_health_result": ("org", "probe", {"status": "ok"}),
}
OPTIONS = {
    "merge": True,
    "create_missing_related_entities": True,
    "delete_dependent_entities": True,
    "validation_only": False,
}
AGENT = UserAgentType.exporter


def methods():
    # Each public method of each class of the client's package, but for its transport, which is httpx's to call, and data.
    names = [each.name for each in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    found = {
        member for name in names for member in vars(importlib.import_module(name)).values()
        if inspect.isclass(member) and member.__module__ == name
        and not issubclass(member, (httpx.AsyncBaseTransport, pydantic.BaseModel))
    }
    return {
        name for each in found for name, member in vars(each).items()
        if inspect.isroutine(getattr(member, "__func__", member)) and not name.startswith("_")
    }


def thing(identifier, **fields):
    return Entity(identifier=identifier, blueprint="thing", properties={"value": 1}, **fields)
"""
HANDLER = """
port, done, wrong = ocean.port_client, {}, {}

async def call(name, *args, of=port, **kwargs):
    try:
        done[name] = getattr(of, name)(*args, **kwargs)
        if inspect.isawaitable(done[name]):
            done[name] = await done[name]
    except Exception as error:
        done[name] = None
        wrong[name] = repr(error)
    return done[name]

batch = [thing(str(number)) for number in range(25)]
await call("upsert_entity", thing("one"), OPTIONS, AGENT)
await call("upsert_entity", thing("b a d"), OPTIONS, AGENT, should_raise=False)
await call("upsert_entities_bulk", "thing", [thing("two"), thing("b a d"), thing({"combinator": "and", "rules": [
    {"property": "value", "operator": "=", "value": "nobody has this"}]})], OPTIONS, AGENT)
await call("upsert_entities_in_batches", batch, OPTIONS, AGENT)
await call("search_entities", AGENT)
by_query = await port.search_entities(AGENT, {"combinator": "and", "rules": [
    {"property": "$blueprint", "operator": "=", "value": "thing"}]}, ["identifier", "blueprint", "properties.value"])
await call("search_batch_entities", AGENT, batch[:3])
await call("delete_entity", thing("one"), OPTIONS, AGENT)
await call("delete_entity", thing("gone"), OPTIONS, AGENT)
await call("batch_delete_entities", batch[:2], OPTIONS, AGENT)
await call("bulk_delete_entities", "thing", ["2", "3"], OPTIONS, AGENT)

await call("get_kafka_creds")
await call("get_org_id")
await call("get_organization_feature_flags")
for name, arguments in LATER.items():
    if hasattr(port, name):
        await call(name, *arguments)
await call("update_integration_state", {"status": "running"})
await call("get_current_integration")
await call("is_integration_provision_enabled", "test")
await call("get_provision_enabled_integrations")
await call("get_integration_resync_request")
await call("get_log_attributes")
await call("get_metrics_attributes")
await call("get_ingest_attributes")
await call("poll_integration_until_default_provisioning_is_complete")
await call("patch_integration", "test", {}, event.port_app_config)
await call("patch_integration_config", event.port_app_config, skip_resync=True)
metrics = {"eventId": "an event", "kindIdentifier": "a/kind"}
await call("post_integration_sync_metrics", [metrics])
await call("put_integration_sync_metrics", metrics)
await call("post_integration_metrics_heartbeat", "an event")
await call("ingest_integration_logs", [{"message": "hello"}])
await call("ingest_integration_kind_examples", "a/kind", [{"id": 1}])
now = datetime.now(timezone.utc)
await call("post_integration_raw_data_batch", "sync", {
    "kind": "thing", "event_type": LakehouseEventType.RESYNC, "event_id": "an event", "resync_start_time": now,
    "extraction_timestamp": 0, "data": [{"request": {}, "response": {}, "items": [{"id": 1}], "metadata": {
        "operation": LakehouseOperation.UPSERT, "resource_index": 0, "extraction_timestamp": 0}}]})
before = await port.get_integration_cursor("thing", 0)
await call("upsert_integration_cursor", "thing", 0, now)
await port.upsert_integration_cursor("thing", 0, now)
await call("get_integration_cursor", "thing", 0)

await call("create_blueprint", {"identifier": "new", "title": "New", "schema": {"properties": {}}, "relations": {}})
await call("patch_blueprint", "new", {"title": "Newer"})
await call("get_blueprint", "new")
await call("create_scorecard", "new", {"identifier": "ready"})
await call("create_page", {"identifier": "overview"})
await call("delete_page", "overview")
await call("create_action", {"identifier": "restart"})
migration = await port.delete_blueprint("new", True, True)
await call("wait_for_migration_to_complete", migration, 0)
await port.create_blueprint({"identifier": "newest", "schema": {"properties": {}}, "relations": {}})
await call("delete_blueprint", "newest", True)

actions = await call("claim_pending_action_runs", 1, 1000)
nodes = await call("claim_pending_wf_node_runs", 1, 1000)
runs = await call("claim_pending_runs", 5, 1000)
action, node = runs if isinstance(runs[0], ActionRun) else reversed(runs)
for run in (action, node):
    await call("acknowledge_run", run)
    await call("post_run_log", run, "at work", "WARNING")
    await call("post_run_logs", run, [WorkflowNodeRunLog(level="INFO", message="still")])
    await call("update_run_started", run, "https://example.com", "external-" + run.id)
    await call("patch_run", run, {"note": "mine"})
    await call("report_run_completed", run, True, "done")
await call("acknowledge_action_run", actions[0].id)
await call("post_action_run_log", actions[0].id, "hello")
await call("patch_action_run", actions[0].id, {"status": "FAILURE"})
await call("get_run_by_external_id", "external-" + action.id)
await call("find_run_by_external_id", "external-" + node.id)
await call("acknowledge_wf_node_run", nodes[0].id)
await call("post_wf_node_run_logs", nodes[0].id, [WorkflowNodeRunLog(level="INFO", message="hello")])
await call("patch_wf_node_run", nodes[0].id, {"status": "COMPLETED"})
await call("get_wf_node_run_by_external_id", "external-" + node.id)
twice = []
for acknowledge, run in ((port.acknowledge_action_run, action), (port.acknowledge_wf_node_run, node)):
    try:
        await acknowledge(run.id)
    except Exception as error:
        twice.append(type(error).__name__)

await call("is_run_in_progress", action)
await call("clear_blueprint_cache")
await call("calculate_entities_batch_size", batch)
await call("user_agent", AGENT, of=port.auth)
await call("headers", AGENT, of=port.auth)
await call("refresh_token", of=port.auth)
await call("is_machine_user", of=port.auth)

config = event.port_app_config
await call("delete_current_integration")
await call("create_integration", "test", {}, config)

found = {
    "missing": sorted(methods() - set(done)),
    "methods": len(methods()) > 50,
    "wrong": wrong,
    "upserted": [done["upsert_entities_bulk"][0][0], done["upsert_entities_bulk"][1][0], done["upsert_entities_bulk"][2][0]],
    "batches": len([each for each in done["upsert_entities_in_batches"] if each[0]]),
    "own": len(done["search_entities"]),
    "by_query": sorted(each.identifier for each in by_query)[:3],
    "batch": sorted(each.identifier for each in done["search_batch_entities"]),
    "deleted": done["bulk_delete_entities"],
    "kafka": sorted(done["get_kafka_creds"]),
    "machine": done["is_machine_user"],
    "refreshed": [done["refresh_token"].startswith("Bearer "), "Authorization" in done["headers"]],
    "cursor": [before is None, done["get_integration_cursor"] == now],
    "migration": done["wait_for_migration_to_complete"].status,
    "runs": sorted(run.id for run in runs),
    "found": [done["get_run_by_external_id"].id, done["get_wf_node_run_by_external_id"].id,
              done["find_run_by_external_id"].id],
    "twice": twice,
}
yield [{"id": name, "value": value} for name, value in found.items()]
"""


def action_run(identifier: str) -> dict[str, Any]:
    payload = {
        "type": "INTEGRATION_ACTION",
        "installationId": "test-integration",
        "integrationActionType": "restart",
        "integrationActionExecutionProperties": {},
    }
    return {"id": identifier, "status": "IN_PROGRESS", "payload": payload, "action": {"identifier": "restart"}}


def node_run(identifier: str) -> dict[str, Any]:
    config = {
        "type": "INTEGRATION_ACTION",
        "installationId": "test-integration",
        "integrationProvider": "test",
        "integrationInvocationType": "restart",
        "integrationActionExecutionProperties": {},
    }
    return {"identifier": identifier, "nodeUid": "node", "status": "IN_PROGRESS", "config": config}


def schemas() -> dict[str, dict[str, Any]]:
    """The schemas of each call's answers, by status; a call is a method and a path with `{}` for what varies."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(SCHEMAS.glob("*.json")):
        found |= json.loads(file.read_text())
    return found


def name_of(call: RequestLog, names: list[str]) -> str:
    """The name under which the call has schemas; where a literal and a `{}` would do, the literal."""
    path = call.request.url.raw_path.decode().partition("?")[0].removeprefix("/v1")
    asked = f"{call.request.method} {path}"
    matching = [name for name in names if re.fullmatch(re.escape(name).replace(r"\{\}", "[^/]+"), asked)]
    assert matching, f"no schema for {asked}"
    return min(matching, key=lambda name: name.count("{}"))


async def test_every_method_of_the_client_is_answered_as_the_schemas_say(tmp_path: Path) -> None:
    blueprint = {
        "identifier": "thing",
        "schema": {"properties": {"value": {}}},
        "relations": {"other": {"target": "thing", "many": False, "required": False}},
    }
    # The handler is the length of a client: it is a module of its own, without the indentation of a string.
    directory = integration(tmp_path, HANDLER, head=HEAD)
    harness = make_harness(
        directory,
        InterceptTransport(),
        port_blueprints={"thing": blueprint},
        port_mapping_config=mapping(),
        port="strict",
    )
    harness.port_mock.keeps_whole_calls = True  # a schema is for all of an answer
    try:
        await harness.start()
        assert harness._lease is not None
        for number in (1, 2):
            harness._lease.sandbox.port.add_run("action", action_run(f"action-{number}"))
            harness._lease.sandbox.port.add_run("workflow", node_run(f"node-{number}"))
        result = await harness.trigger_resync()
        calls = harness.port_mock.transport.calls
    finally:
        await harness.shutdown()
    assert result.errors == []
    assert result.unknown_port_calls == []
    found = {entity["identifier"]: entity["properties"]["value"] for entity in result.upserted_entities}
    assert {name: found.get(name) for name in EXPECTED} == EXPECTED

    known, seen = schemas(), set()
    for call in calls:
        name, status = name_of(call, list(known)), str(call.response.status_code)
        seen.add(name)
        assert status in known[name], f"{name} was answered {status}: {call.response.text}"
        mistakes = [error.message for error in Draft7Validator(known[name][status]).iter_errors(call.response.json())]
        assert mistakes == [], f"{name}: {call.response.text}"
    assert set(known) - seen == set()


EXPECTED: dict[str, Any] = {
    "missing": [],
    "methods": True,
    "wrong": {},
    "upserted": [True, False, None],
    "batches": 25,
    "own": 27,
    "by_query": ["0", "1", "10"],
    "batch": ["0", "1", "2"],
    "deleted": ["2", "3"],
    "kafka": ["password", "username"],
    "machine": True,
    "refreshed": [True, True],
    "cursor": [True, True],
    "migration": "COMPLETE",
    "runs": ["action-2", "node-2"],
    "found": ["action-2", "node-2", "node-2"],
    "twice": ["RunAlreadyAcknowledgedError", "RunAlreadyAcknowledgedError"],
}


async def test_a_call_that_port_does_not_know_shows_in_the_result_of_its_resync(tmp_path: Path) -> None:
    handler = """
    response = await ocean.port_client.client.get(ocean.port_client.api_url + "/nonsense?x=1")
    yield [{"id": 1, "value": response.json()["message"]}]
    """
    async with started(integration(tmp_path, handler)) as harness:
        results = [await harness.trigger_resync() for _ in range(2)]
    for result in results:
        (call,) = result.unknown_port_calls
        assert (call.request.method, call.request.url.path, call.response.status_code) == ("GET", "/v1/nonsense", 404)
        assert "does not know GET /v1/nonsense" in result.upserted_entities[0]["properties"]["value"]
