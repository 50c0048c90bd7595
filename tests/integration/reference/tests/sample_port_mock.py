"""The Port API surface that the reference document lists, as a client that is given the responder's transport sees it."""

import httpx
import pytest
from mappings import mapping
from port_ocean.tests.integration import PortMockResponder

pytestmark = pytest.mark.asyncio


async def test_each_listed_call() -> None:
    port_mock = PortMockResponder(
        mapping_config=mapping("item", "item"), integration_identifier="mine", blueprints={"item": {"title": "Item"}}
    )
    async with httpx.AsyncClient(transport=port_mock.transport, base_url="https://api.getport.io") as client:
        token = await client.post("/v1/auth/access_token", json={"clientId": "a", "clientSecret": "b"})
        assert token.json()["accessToken"]

        integration = await client.get("/v1/integration/mine")
        assert integration.json()["integration"]["config"] == mapping("item", "item")
        patched = await client.patch("/v1/integration/mine", json={"version": "2"})
        assert patched.status_code == 200

        upsert = await client.post(
            "/v1/blueprints/item/entities/bulk",
            json={"entities": [{"identifier": "1", "blueprint": "item", "properties": {}}]},
        )
        assert upsert.is_success
        assert [entity["identifier"] for entity in port_mock.upserted_entities] == ["1"]

        assert (await client.post("/v1/entities/search", json={"rules": []})).json()["entities"] == []

        assert (await client.get("/v1/blueprints/item")).json()["blueprint"]["title"] == "Item"
        assert (await client.patch("/v1/blueprints/item", json={"title": "Thing"})).is_success

        deleted = await client.delete("/v1/blueprints/item/all-entities")
        migration = await client.get(f"/v1/migrations/{deleted.json()['migrationId']}")
        assert migration.json()["migration"]["status"] == "COMPLETE"

        assert (await client.get("/v1/organization")).json()["organization"]["featureFlags"] == []
    assert len(port_mock.transport.calls) == 10
