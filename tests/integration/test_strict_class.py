"""A test class with strict rules: the example integration's mapping fits the blueprints that it ships."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness import BaseIntegrationTest, ResyncResult

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]
EXAMPLE = Path(__file__).parents[2] / "examples" / "oci-registry"


class StrictTest(BaseIntegrationTest):
    stubs = "oci-registry"
    port = "strict"

    @property
    def integration_path(self) -> str:
        return str(EXAMPLE)

    def create_mapping_config(self) -> dict[str, Any]:
        mapping: dict[str, Any] = yaml.safe_load((EXAMPLE / ".port/resources/port-app-config.yaml").read_text())
        return mapping

    def create_integration_config(self) -> dict[str, Any]:
        config = {"registry_url": "https://registry.example.com"}
        return {"integration": {"identifier": "test-oci-registry", "type": "oci-registry", "config": config}}


class TestOwnBlueprints(StrictTest):
    async def test_nothing_is_rejected(self, resync: ResyncResult) -> None:
        assert resync.errors == []
        assert list(map(str, resync.rejected_entities)) == []
        assert len(resync.upserted_entities) >= 13


class TestOtherBlueprints(StrictTest):
    def get_port_blueprints(self) -> dict[str, dict[str, Any]]:
        return {"ociImage": {"schema": {"properties": {"mediaType": {"type": "number"}}}, "relations": {}}}

    async def test_all_are_rejected(self, resync: ResyncResult) -> None:
        assert resync.upserted_entities == []
        assert {(each.blueprint, each.status) for each in resync.rejected_entities} == {
            ("ociImage", 422),
            ("ociRepository", 404),
            ("ociTag", 404),
        }
