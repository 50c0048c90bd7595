"""Webhooks are delivered to an integration as it runs in production, and each has a result of its own."""

from pathlib import Path

import pytest

from harness import (
    EventNotTakenError,
    EventPathError,
    EventTimeoutError,
    InterceptTransport,
    LiveEventResult,
    UnmatchedRequestError,
)

from .factories import integration, started

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

HEAD = """
from port_ocean.core.handlers.webhook.abstract_webhook_processor import AbstractWebhookProcessor
from port_ocean.core.handlers.webhook.webhook_event import WebhookEventRawResults

class Things(AbstractWebhookProcessor):
    async def authenticate(self, payload, headers):
        return headers.get("x-secret", "none") != "wrong"
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
"""


def things(*numbers: int) -> InterceptTransport:
    transport = InterceptTransport()
    transport.add_route("GET", "/things/100", {"status_code": 404, "json": {}})
    for each in numbers:
        transport.add_route("GET", f"/things/{each}", {"json": {"id": each, "value": f"v{each}"}})
    return transport


def upserted(result: LiveEventResult) -> list[str]:
    return [entity["identifier"] for entity in result.upserted_entities]


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
        refused = await harness.deliver_webhook("/webhook", json={"id": 1}, headers={"X-Secret": "wrong"})
        assert [(type(each), str(each)) for each in refused.errors] == [(ValueError, "Authentication failed")]
        unmatched = await harness.deliver_webhook("/webhook", json={"id": 3})
        assert UnmatchedRequestError in map(type, unmatched.errors)
        assert [str(each.request.url) for each in unmatched.unmatched] == ["https://api.things.example/things/3"]
        ignored = await harness.deliver_webhook("/webhook", json={"id": 1, "type": "ping"})
        assert [type(each) for each in ignored.errors] == [EventNotTakenError]
        unmapped = await harness.deliver_webhook("/webhook", json={"id": 1, "kind": "unknown"})
        assert "Things: no kind of theirs is in the mapping" in str(unmapped.errors[0])
        own = await harness.deliver_webhook("/own", json={})
        assert (own.status, own.was_queued) == (500, False)
        assert "the route's own" in str(own.errors[0])
        with pytest.raises(EventPathError, match=r"does not serve POST /integration/web\.") as wrong:
            await harness.deliver_webhook("/web", json={})
        assert "POST /integration/other, POST /integration/own, POST /integration/webhook" in str(wrong.value)
        with pytest.raises(EventTimeoutError, match="it is being processed") as late:
            await harness.deliver_webhook("/webhook", json={"id": 1, "type": "hang"}, timeout=2)
        assert "in handle_event\n  |     await asyncio.sleep(3600)" in str(late.value)
