"""Webhooks are delivered to an integration as it runs in production, and each has a result of its own."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from harness import (
    EventNotTakenError,
    EventPathError,
    EventRefusedError,
    EventTimeoutError,
    InterceptTransport,
    LiveEventResult,
    UnmatchedRequestError,
)
from harness.options import settings_in_force
from sandbox.errors import IntegrationError, ResyncCrashedError

from .factories import integration, mapping, started
from .test_standing_pool import pytest_in, standing

pytestmark = pytest.mark.integration

FORK = settings_in_force(isolation="fork")
HEAD = """
from port_ocean.core.handlers.webhook.abstract_webhook_processor import AbstractWebhookProcessor
from port_ocean.core.handlers.webhook.webhook_event import WebhookEventRawResults

class Things(AbstractWebhookProcessor):
    async def authenticate(self, payload, headers):
        return headers.get("x-secret", "none") != "not-the-secret"
    async def validate_payload(self, payload):
        return "id" in payload
    async def should_process_event(self, event):
        return event.payload.get("type") != "ping"
    async def get_matching_kinds(self, event):
        return [event.payload.get("kind", "thing")]
    async def handle_event(self, payload, resource):
        if payload.get("type") == "hang":
            await asyncio.sleep(3600)
        if payload.get("type") == "crash":
            os._exit(7)
        if payload.get("type") == "leave":
            try:
                with socket.create_connection(("outside.example", 6379)) as connection:
                    connection.sendall(b"*1\\r\\n$4\\r\\nPING\\r\\n")
                    connection.recv(1)
            except OSError:
                pass
        if payload.get("type") == "gone":
            return WebhookEventRawResults([], [{"id": payload["id"], "value": 0}])
        print("asking for", payload["id"])
        response = await http_async_client.get(f"https://api.things.example/things/{payload['id']}")
        response.raise_for_status()
        return WebhookEventRawResults([response.json()], [])

ocean.add_webhook_processor("/webhook", Things)
ocean.add_webhook_processor("/other", Things)

@ocean.router.post("/own")
async def own():
    raise RuntimeError("the route's own")

@ocean.router.post("/hooks/{hook}")
async def hook(hook: str):
    from fastapi import HTTPException
    if hook != "my hook":
        raise HTTPException(404)  # in the words that FastAPI has for a path that nobody serves
"""


def things(*numbers: int) -> InterceptTransport:
    transport = InterceptTransport()
    transport.add_route("GET", "/things/100", {"status_code": 404, "json": {}})
    for each in numbers:
        transport.add_route("GET", f"/things/{each}", {"json": {"id": each, "value": f"v{each}"}})
    return transport


def upserted(result: LiveEventResult) -> list[str]:
    return [entity["identifier"] for entity in result.upserted_entities]


@pytest.mark.asyncio
async def test_strict_rules_go_by_its_own_blueprints_before_any_resync_and_warn_of_what_is_not_checked(
    tmp_path: Path,
) -> None:
    directory = integration(tmp_path, head=HEAD)
    (directory / ".port" / "resources").mkdir()
    properties = {"value": {"type": "number"}, "state": {"type": "enum"}}
    blueprint = {"identifier": "thing", "title": "Thing", "schema": {"properties": properties}, "relations": {}}
    (directory / ".port" / "resources" / "blueprints.json").write_text(json.dumps([blueprint]))
    transport = things(1).add_route("GET", "/things/7", {"json": {"id": 7, "value": 7}})
    transport.add_route("GET", "/things/8", {"json": {"value": 8}})
    nothing_of_null = mapping(identifier="if .id then .id | tostring else null end")
    async with started(
        directory, transport, entry="production", port="strict", port_mapping_config=nothing_of_null
    ) as harness:
        taken = await harness.deliver_webhook("/webhook", json={"id": 7})
        refused = await harness.deliver_webhook("/webhook", json={"id": 1})
        dropped = await harness.deliver_webhook("/webhook", json={"id": 8})
    assert (taken.errors, upserted(taken)) == ([], ["7"])
    assert [(each.identifier, each.error) for each in refused.rejected_entities] == [("1", "blueprint_schema_mismatch")]
    unchecked = ("blueprint", "blueprints.thing.schema.properties.state")
    assert [(each.subject, each.place) for each in taken.warnings] == [unchecked]
    assert [(each.subject, each.place) for each in refused.warnings] == [unchecked]
    assert [(each.subject, each.place) for each in dropped.warnings] == [("items", "the event"), unchecked]
    assert "there is no identifier: `if .id then .id | tostring else null end` gave null" in str(dropped.warnings[0])


@pytest.mark.asyncio
async def test_several_in_a_row_each_with_what_came_of_it(tmp_path: Path) -> None:
    async with started(integration(tmp_path, head=HEAD), things(1, 2)) as harness:
        first = await harness.deliver_webhook("/webhook", json={"id": 1})
        assert (first.errors, first.status, first.path) == ([], 200, "/integration/webhook")
        assert upserted(first) == ["1"]
        assert first.entity("thing", "1")["properties"] == {"value": "v1"}
        assert first.reconciliation_success
        second = await harness.deliver_webhook("/integration/webhook", body=b'{"id": 2}')
        assert (second.errors, upserted(second)) == ([], ["2"])
        gone = await harness.deliver_webhook("/webhook", json={"id": 1, "type": "gone"})
        assert gone.errors == []
        assert (gone.upserted_entities, gone.deleted_entities) == ([], [{"identifier": "1", "blueprint": "thing"}])
        assert [each["identifier"] for each in harness.port_mock.entities] == ["2"]

        # What goes wrong is the event's own, and the next one finds all as it was.
        failed = await harness.deliver_webhook("/webhook", json={"id": 100})
        (error,) = failed.errors
        assert "404" in str(error)
        assert "in handle_event" in error.remote_traceback
        refused = await harness.deliver_webhook("/webhook", json={"id": 1}, headers={"X-Secret": "not-the-secret"})
        assert [(type(each), str(each)) for each in refused.errors] == [(ValueError, "Authentication failed")]
        unmatched = await harness.deliver_webhook("/webhook", json={"id": 3})
        assert UnmatchedRequestError in map(type, unmatched.errors)
        assert [str(each.request.url) for each in unmatched.unmatched] == ["https://api.things.example/things/3"]
        ignored = await harness.deliver_webhook("/webhook", json={"id": 1, "type": "ping"})
        assert [type(each) for each in ignored.errors] == [EventNotTakenError]
        unmapped = await harness.deliver_webhook("/webhook", json={"id": 1, "kind": "unknown"})
        assert "Things: none of their kinds is in the mapping" in str(unmapped.errors[0])
        own = await harness.deliver_webhook("/own", json={})
        assert (own.status, own.was_queued) == (500, False)
        assert "the route's own" in str(own.errors[0])
        hook = await harness.deliver_webhook("/hooks/my%20hook?x=1", json={})
        assert (hook.status, hook.errors) == (200, [])
        missing = await harness.deliver_webhook("/hooks/none", json={})
        assert (missing.status, [type(each) for each in missing.errors]) == (404, [EventRefusedError])
        with pytest.raises(EventPathError, match=r"does not serve POST /integration/hooks\."):
            await harness.deliver_webhook("/hooks", json={})
        with pytest.raises(EventPathError, match=r"does not serve POST /integration/web\.") as wrong:
            await harness.deliver_webhook("/web", json={})
        assert "POST /integration/hooks/{hook}, POST /integration/other, POST /integration/own" in str(wrong.value)
        with pytest.raises(EventTimeoutError, match="it is being processed") as late:
            await harness.deliver_webhook("/webhook", json={"id": 1, "type": "hang"}, timeout=2)
        assert "in handle_event\n  |     await asyncio.sleep(3600)" in str(late.value)


@pytest.mark.asyncio
async def test_several_at_once_each_with_its_own_result(tmp_path: Path) -> None:
    workers = {"event_workers_count": 3}
    async with started(integration(tmp_path, head=HEAD), things(*range(1, 9)), config_overrides=workers) as harness:
        # Two paths and three workers for each, so that events are processed side by side; one fails among them.
        deliveries = [
            harness.deliver_webhook(("/webhook", "/other")[each % 2], json={"id": each}) for each in range(1, 9)
        ]
        *fine, failed = await asyncio.gather(*deliveries, harness.deliver_webhook("/other", json={"id": 100}))
        assert [(upserted(each), each.errors) for each in fine] == [([str(number)], []) for number in range(1, 9)]
        assert (upserted(failed), len(failed.errors)) == ([], 1)
        assert len(harness.port_mock.upserted_entities) == 8
        assert len(harness.results) == 9
        for number, each in enumerate(fine, start=1):
            assert sum(f"thing/{number}" in line for line in each.logs) == 1


@pytest.mark.asyncio
async def test_a_resync_and_events_take_turns_on_one_port(tmp_path: Path) -> None:
    transport = things(2)
    transport.add_route("GET", r"/things$", {"json": [{"id": 1, "value": "resynced"}]})
    # A route that the test process answers, after the integration has begun to listen.
    async with started(integration(tmp_path, head=HEAD), transport) as harness:
        assert upserted(await harness.trigger_resync()) == ["1"]
        assert upserted(await harness.deliver_webhook("/webhook", json={"id": 2})) == ["2"]
        transport.add_route("GET", "/things/4", lambda request: {"json": {"id": 4, "value": request.url.path}})
        assert upserted(await harness.deliver_webhook("/webhook", json={"id": 4})) == ["4"]
        again = await harness.trigger_resync()
        assert sorted(entity["identifier"] for entity in again.deleted_entities) == ["2", "4"]
        after = await harness.deliver_webhook("/webhook", json={"id": 2})
        assert upserted(after) == ["2"]


@pytest.mark.asyncio
async def test_what_an_event_failed_with_is_no_error_of_the_next_production_resync(tmp_path: Path) -> None:
    transport = things(1)
    transport.add_route("GET", r"/things$", {"json": [{"id": 1, "value": "resynced"}]})
    async with started(integration(tmp_path, head=HEAD), transport, entry="production") as harness:
        failed = await harness.deliver_webhook("/webhook", json={"id": 100})
        assert len(failed.errors) == 1
        result = await harness.trigger_resync()
        assert (result.errors, [entity["identifier"] for entity in result.upserted_entities]) == ([], ["1"])


@pytest.mark.asyncio
async def test_what_ends_one_event_ends_not_the_next(tmp_path: Path) -> None:
    def fail(request: httpx.Request) -> dict[str, object]:
        raise ValueError(f"of the test: {request.url.path}")

    transport = things(1).add_route("GET", "/things/9", fail)
    directory = integration(tmp_path, head=HEAD)
    async with started(directory, transport, sandbox_settings=FORK, fail_on_egress=False) as harness:
        with pytest.raises(ResyncCrashedError, match="before it had processed POST /integration/webhook: exit code 7"):
            await harness.deliver_webhook("/webhook", json={"id": 1, "type": "crash"})
        with pytest.raises(ValueError, match="of the test: /things/9"):
            await harness.deliver_webhook("/webhook", json={"id": 9})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(harness.deliver_webhook("/other", json={"id": 1, "type": "hang"}), 1)
        left = await harness.deliver_webhook("/webhook", json={"id": 1, "type": "leave"})
        assert upserted(left) == ["1"]
        assert [(each.host, each.port, each.protocol) for each in left.egress_attempts] == [
            ("outside.example", 6379, "Redis")
        ]


@pytest.mark.asyncio
async def test_an_integration_that_does_not_start_says_why(tmp_path: Path) -> None:
    head = "if ocean.config.base_url: raise LookupError('no start')"
    async with started(integration(tmp_path, head=head), sandbox_settings=FORK) as harness:
        with pytest.raises(IntegrationError, match=r"does not start: ocean sail ended with exit code 1\.") as refused:
            await harness.deliver_webhook("/webhook")
    assert "LookupError: no start" in str(refused.value)


INNER = """
import asyncio
import pytest
from harness import BaseIntegrationTest, EventPathError, EventTimeoutError, InterceptTransport
from sandbox import ResyncCrashedError
from sandbox.pool import pool
from sandbox.pool.pool_client import PoolClient

class TestEvents(BaseIntegrationTest):
    integration_path = {path!r}
    def create_third_party_transport(self):
        return InterceptTransport().add_route("GET", "/things/", lambda request: {{"json": {{"id": request.url.path}}}})
    def create_mapping_config(self):
        return {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings":
                {{"identifier": ".id", "blueprint": '"thing"', "properties": {{}}}}}}}}}}]}}

    @pytest.mark.parametrize("round", range(2))
    async def test_it(self, harness, round):
        assert isinstance(pool.of_this_process(None), PoolClient)
        assert harness.port_mock.entities == []
        paths = ["/webhook", "/other", "/webhook", "/other"]
        results = await asyncio.gather(*(harness.deliver_webhook(path, json={{"id": each}}) for each, path in enumerate(paths)))
        assert [[entity["identifier"] for entity in each.upserted_entities] for each in results] == [
            [f"/things/{{each}}"] for each in range(4)]
        with pytest.raises(EventPathError):
            await harness.deliver_webhook("/web")
        with pytest.raises(EventTimeoutError, match="asyncio.sleep"):
            await harness.deliver_webhook("/webhook", json={{"id": 1, "type": "hang"}}, timeout=1)
        with pytest.raises(ResyncCrashedError, match="exit code 7"):
            await harness.deliver_webhook("/other", json={{"id": 1, "type": "crash"}})
        assert (await harness.deliver_webhook("/webhook", json={{"id": 5}})).errors == []
"""


@pytest.mark.slow
def test_events_in_a_standing_pool_leave_nothing_in_it(tmp_path: Path) -> None:
    path = integration(tmp_path / "things", head=HEAD)
    (tmp_path / "test_inner.py").write_text(INNER.format(path=str(path)))
    with standing(tmp_path, path, OCEAN_SANDBOX_ISOLATION="fork") as environment:
        done = pytest_in(tmp_path, environment, "-n", "2")
        assert "2 passed" in done.stdout, done.stdout
