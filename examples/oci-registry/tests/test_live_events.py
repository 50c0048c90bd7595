"""The registry tells of pushes and deletes, and somebody in Port has a tag deleted."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness import BaseIntegrationTest, EventNotTakenError, IntegrationTestHarness, InterceptTransport, LiveEventResult

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

MAPPING = Path(__file__).parents[1] / ".port/resources/port-app-config.yaml"
API_NEW = "sha256:abe008d992bcf0a3cfabd8ff35a72065aa67c9cd41258fb2fafefc2af6918c9c"
WEB_INDEX = "sha256:f4f2947eb01245ba1f69aa8226ba6dfa850f244a5651d68de63693b477822c3b"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
LOGIN = {
    "Authorization": "Bearer not-a-real-secret",
    "Content-Type": "application/vnd.docker.distribution.events.v1+json",
}


def event(action: str, repository: str = "shop/api", **target: str) -> dict[str, Any]:
    """What a registry tells of one change."""
    return {"id": "1", "action": action, "target": {"repository": repository, **target}, "request": {"method": "PUT"}}


def upserted(result: LiveEventResult) -> list[tuple[str, str]]:
    """Blueprint and identifier of each upserted entity."""
    return sorted((entity["blueprint"], entity["identifier"]) for entity in result.upserted_entities)


class TestLiveEvents(BaseIntegrationTest):
    """The registry of the stub files, of which nothing is in Port yet."""

    stubs = "oci-registry"

    def create_third_party_transport(self) -> InterceptTransport:
        unknown = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
        transport = InterceptTransport()
        transport.add_route("DELETE", "/v2/shop/api/manifests/latest", {"status_code": 202}, times=1)
        transport.add_route("DELETE", "/v2/shop/api/manifests/latest", {"status_code": 404, "json": unknown})
        return transport

    def create_mapping_config(self) -> dict[str, Any]:
        config: dict[str, Any] = yaml.safe_load(MAPPING.read_text(encoding="utf-8"))
        return config

    def create_integration_config(self) -> dict[str, Any]:
        return {
            "integration": {
                "identifier": "test-oci-registry",
                "type": "oci-registry",
                "config": {"registry_url": "https://registry.example.com", "webhook_secret": "not-a-real-secret"},
            }
        }

    async def test_notifications(self, harness: IntegrationTestHarness) -> None:
        async def notify(*events: dict[str, Any]) -> LiveEventResult:
            return await harness.deliver_webhook("/webhook", json={"events": list(events)}, headers=LOGIN)

        pushed = await notify(event("push", mediaType=OCI_MANIFEST, digest=API_NEW, tag="latest"), event("pull"))
        assert pushed.errors == []
        assert upserted(pushed) == [
            ("ociImage", f"shop/api@{API_NEW}"),
            ("ociRepository", "shop/api"),
            ("ociTag", "shop/api:latest"),
        ]
        assert pushed.entity("ociTag", "shop/api:latest")["relations"]["image"] == f"shop/api@{API_NEW}"

        index, pull = await asyncio.gather(
            notify(event("push", "shop/web", mediaType=OCI_INDEX, digest=WEB_INDEX)), notify(event("pull"))
        )
        assert index.errors == []
        assert [kind for kind, _ in upserted(index)] == ["ociImage"] * 3 + ["ociRepository"]
        assert [type(error) for error in pull.errors] == [EventNotTakenError]

        deleted = await notify(event("delete", tag="latest"), event("delete", digest=API_NEW))
        assert deleted.errors == []
        assert sorted(entity["identifier"] for entity in deleted.deleted_entities) == [
            "shop/api:latest",
            f"shop/api@{API_NEW}",
        ]

        stranger = await harness.deliver_webhook("/webhook", json={"events": [event("delete", "shop/web")]})
        assert [str(error) for error in stranger.errors] == ["Authentication failed"]
        assert stranger.deleted_entities == []

    async def test_delete_a_tag(self, harness: IntegrationTestHarness) -> None:
        latest = {"repository": "shop/api", "tag": "latest"}
        done = await harness.run_action("delete_tag", latest)
        assert (done.status, done.run_logs, done.errors) == ("SUCCESS", ["Deleted shop/api:latest."], [])
        assert done.deleted_entities == [{"identifier": "shop/api:latest", "blueprint": "ociTag"}]
        again, nothing = await asyncio.gather(
            harness.run_action("delete_tag", latest), harness.run_action("delete_tag", {"repository": "shop/api"})
        )
        assert (again.status, again.run_logs) == ("FAILURE", ["There is no tag shop/api:latest."])
        assert (nothing.status, nothing.run_logs) == (
            "FAILURE",
            ["Say repository and tag: which tag is to be deleted?"],
        )
