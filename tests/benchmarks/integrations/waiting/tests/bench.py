"""Tests that wait for their third party. The same file runs in sandboxes and in the in-process harness."""

import asyncio
import os
from typing import Any

import httpx
import pytest
from port_ocean.integration_testing import BaseIntegrationTest, InterceptTransport
from port_ocean.integration_testing.harness import ResyncResult

SECONDS = 0.3
ENTITY = {"identifier": ".id | tostring", "blueprint": '"thing"', "properties": {"value": ".value"}}


class Slow(InterceptTransport):
    """The in-process harness knows no delays, so its third party sleeps by itself."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(SECONDS)
        return await super().handle_async_request(request)


class TestWaiting(BaseIntegrationTest):
    def create_third_party_transport(self) -> InterceptTransport:
        answer = {"json": [{"id": 1, "value": 1}]}
        if os.environ["BENCH_PLACE"] == "sandbox":
            return InterceptTransport().add_route("GET", "api.things.example/things", {**answer, "delay": SECONDS})
        return Slow().add_route("GET", "api.things.example/things", answer)

    def create_mapping_config(self) -> dict[str, Any]:
        port = {"entity": {"mappings": ENTITY}}
        return {"resources": [{"kind": "thing", "selector": {"query": "true"}, "port": port}]}

    @pytest.mark.parametrize("number", range(int(os.environ["BENCH_TESTS"])))
    async def test_waiting(self, resync: ResyncResult, number: int) -> None:  # noqa: ARG002 # there are many
        assert not resync.errors
        assert len(resync.upserted_entities) == 3
