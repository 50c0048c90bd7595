"""One resync of many entities, timed by itself. The same file runs in sandboxes and in the in-process harness."""

import os
import time
from collections.abc import Callable
from typing import Any

from port_ocean.integration_testing import BaseIntegrationTest, InterceptTransport
from port_ocean.integration_testing.harness import IntegrationTestHarness

ENTITIES = int(os.environ["BENCH_ENTITIES"])
ENTITY = {"identifier": ".id | tostring", "blueprint": '"thing"', "properties": {"value": ".value"}}


class TestEntities(BaseIntegrationTest):
    def create_third_party_transport(self) -> InterceptTransport:
        return InterceptTransport()

    def create_mapping_config(self) -> dict[str, Any]:
        port = {"entity": {"mappings": ENTITY}}
        return {"resources": [{"kind": "thing", "selector": {"query": "true"}, "port": port}]}

    def create_integration_config(self) -> dict[str, Any]:
        return {"integration": {"identifier": "test", "type": "test", "config": {"entities": ENTITIES}}}

    async def test_entities(
        self, harness: IntegrationTestHarness, record_property: Callable[[str, object], None]
    ) -> None:
        began = time.monotonic()
        result = await harness.trigger_resync()
        record_property("resync_seconds", time.monotonic() - began)
        record_property("phases", getattr(result, "timings", {}))
        record_property("most_memory", getattr(result, "most_memory", None))
        assert not result.errors
        assert len({entity["identifier"] for entity in result.upserted_entities}) == ENTITIES
