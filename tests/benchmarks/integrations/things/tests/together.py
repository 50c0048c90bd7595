"""A test that waits with its sandbox up until it is told to go on, so that many are up at once."""

import asyncio
import os
from pathlib import Path
from typing import Any

from harness import BaseIntegrationTest, IntegrationTestHarness, InterceptTransport
from sandbox.engine.owner import process_name

MEETING = Path(os.environ["BENCH_MEETING"])
THINGS = [{"id": number, "value": number} for number in range(3)]
ENTITY = {"identifier": ".id | tostring", "blueprint": '"thing"', "properties": {"value": ".value"}}


class TestTogether(BaseIntegrationTest):
    def create_third_party_transport(self) -> InterceptTransport:
        return InterceptTransport().add_route("GET", "api.things.example/things", {"json": THINGS})

    def create_mapping_config(self) -> dict[str, Any]:
        port = {"entity": {"mappings": ENTITY}}
        return {"resources": [{"kind": "thing", "selector": {"query": "true"}, "port": port}]}

    async def test_together(self, harness: IntegrationTestHarness) -> None:
        (MEETING / process_name(os.getpid())).touch()
        while not (MEETING / "go").exists():  # noqa: ASYNC110 # another process makes it
            await asyncio.sleep(0.1)
        result = await harness.trigger_resync()
        assert not result.errors
        assert [entity["properties"]["value"] for entity in result.upserted_entities] == [0, 1, 2]
