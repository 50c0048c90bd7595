"""Small tests, all alike. The same file runs in sandboxes and in the in-process harness."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from port_ocean.integration_testing import BaseIntegrationTest, InterceptTransport
from port_ocean.integration_testing.harness import ResyncResult

THINGS = [{"id": number, "value": number} for number in range(3)]
ENTITY = {"identifier": ".id | tostring", "blueprint": '"thing"', "properties": {"value": ".value"}}


class TestThings(BaseIntegrationTest):
    def create_third_party_transport(self) -> InterceptTransport:
        return InterceptTransport().add_route("GET", "api.things.example/things", {"json": THINGS})

    def create_mapping_config(self) -> dict[str, Any]:
        port = {"entity": {"mappings": ENTITY}}
        return {"resources": [{"kind": "thing", "selector": {"query": "true"}, "port": port}]}

    @pytest.mark.parametrize("number", range(int(os.environ["BENCH_TESTS"])))
    async def test_things(
        self,
        resync: ResyncResult,
        number: int,  # noqa: ARG002 # there are many
        record_property: Callable[[str, object], None],
    ) -> None:
        record_property("phases", getattr(resync, "timings", {}))
        assert not resync.errors
        assert [entity["properties"]["value"] for entity in resync.upserted_entities] == [0, 1, 2]
