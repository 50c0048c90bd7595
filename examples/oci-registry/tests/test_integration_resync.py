"""A resync of the registry that `wiremock-mappings/oci-registry` describes, and of registries that differ a little.

The stub files hold three repositories on two pages of the catalog, five tags and five images:

    shop/api     1.0.0 (a Docker image), 1.1.0 and latest (one OCI image)      two pages of tags
    shop/web     2.0.0 (an index of amd64 and arm64), 2.0.0-amd64              one page
    tools/empty  none: the last one was deleted
"""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness import BaseIntegrationTest, IntegrationTestHarness, InterceptTransport, ResyncResult

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

MAPPING = Path(__file__).parents[1] / ".port/resources/port-app-config.yaml"

API_OLD = "shop/api@sha256:017468f643ee782787c79ad0b5abdeca30202389cf992b75cbb4648ff5f7db23"
API_NEW = "shop/api@sha256:abe008d992bcf0a3cfabd8ff35a72065aa67c9cd41258fb2fafefc2af6918c9c"
WEB_INDEX = "shop/web@sha256:f4f2947eb01245ba1f69aa8226ba6dfa850f244a5651d68de63693b477822c3b"
WEB_AMD64 = "shop/web@sha256:c38ee2f0c5c1aca76c73a5ebf9b9f19e40b0f6f6e0f125c30d140cf59fe13369"
WEB_ARM64 = "shop/web@sha256:c6698b750dcd6bdadc29f4994c98ea90ecb7b274708b01f9cc3e00165fffd5fa"

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def entities(result: ResyncResult, blueprint: str) -> dict[str, dict[str, Any]]:
    """The upserted entities of one blueprint by identifier; each must have been upserted once."""
    found = [entity for entity in result.upserted_entities if entity["blueprint"] == blueprint]
    by_identifier = {entity["identifier"]: entity for entity in found}
    assert len(by_identifier) == len(found)
    return by_identifier


def mapping(**selectors: dict[str, str]) -> dict[str, Any]:
    """The mapping that the integration ships, narrowed to the named kinds and with these selectors."""
    config: dict[str, Any] = yaml.safe_load(MAPPING.read_text(encoding="utf-8"))
    if selectors:
        config["resources"] = [
            {**resource, "selector": {**resource["selector"], **selectors[resource["kind"]]}}
            for resource in config["resources"]
            if resource["kind"] in selectors
        ]
    return config


class RegistryTest(BaseIntegrationTest):
    """The registry of the stub files, read two repositories or tags at a time."""

    stubs = "oci-registry"

    def create_third_party_transport(self) -> InterceptTransport:
        return InterceptTransport()

    def create_mapping_config(self) -> dict[str, Any]:
        return mapping()

    def create_integration_config(self) -> dict[str, Any]:
        return {
            "integration": {
                "identifier": "test-oci-registry",
                "type": "oci-registry",
                "config": {"registry_url": "https://registry.example.com"},
            }
        }


class TestStubFiles(RegistryTest):
    """Nothing but the stub files."""

    async def test_the_whole_registry(self, harness: IntegrationTestHarness) -> None:
        result = await harness.trigger_resync()
        assert result.errors == []
        assert result.reconciliation_success
        assert len(result.upserted_entities) == 13
        assert len(harness.third_party_transport.calls_for("/v2/_catalog")) == 2

        repositories = entities(result, "ociRepository")
        assert {name: entity["properties"] for name, entity in repositories.items()} == {
            "shop/api": {"registry": "registry.example.com", "namespace": "shop"},
            "shop/web": {"registry": "registry.example.com", "namespace": "shop"},
            "tools/empty": {"registry": "registry.example.com", "namespace": "tools"},
        }

        tags = entities(result, "ociTag")
        assert {name: entity["relations"] for name, entity in tags.items()} == {
            "shop/api:1.0.0": {"repository": "shop/api", "image": API_OLD},
            "shop/api:1.1.0": {"repository": "shop/api", "image": API_NEW},
            "shop/api:latest": {"repository": "shop/api", "image": API_NEW},
            "shop/web:2.0.0": {"repository": "shop/web", "image": WEB_INDEX},
            "shop/web:2.0.0-amd64": {"repository": "shop/web", "image": WEB_AMD64},
        }
        assert tags["shop/api:latest"]["properties"] == {
            "reference": "registry.example.com/shop/api:latest",
            "digest": API_NEW.partition("@")[2],
        }

        images = entities(result, "ociImage")
        columns = ("mediaType", "size", "layers", "architecture", "os", "createdAt")
        assert {name: tuple(entity["properties"][column] for column in columns) for name, entity in images.items()} == {
            API_OLD: (DOCKER_MANIFEST, 36169, 2, "amd64", "linux", "2025-01-15T09:30:00Z"),
            API_NEW: (OCI_MANIFEST, 37210, 3, "amd64", "linux", "2025-03-02T14:05:11Z"),
            WEB_INDEX: (OCI_INDEX, None, None, None, None, None),
            WEB_AMD64: (OCI_MANIFEST, 20480, 1, "amd64", "linux", "2025-06-20T08:00:00Z"),
            WEB_ARM64: (OCI_MANIFEST, 19968, 1, "arm64", "linux", "2025-06-20T08:00:00Z"),
        }
        assert {name: entity["relations"]["platformImages"] for name, entity in images.items()} == {
            API_OLD: [],
            API_NEW: [],
            WEB_INDEX: [WEB_AMD64, WEB_ARM64],
            WEB_AMD64: [],
            WEB_ARM64: [],
        }


class TestRouteOverStubFiles(RegistryTest):
    """A route wins; what it leaves alone, the stub files still answer."""

    def create_third_party_transport(self) -> InterceptTransport:
        return InterceptTransport().add_route("GET", "/v2/_catalog", {"json": {"repositories": ["shop/web"]}})

    async def test_only_the_repository_of_the_route(self, resync: ResyncResult) -> None:
        assert resync.errors == []
        assert set(entities(resync, "ociRepository")) == {"shop/web"}
        assert set(entities(resync, "ociTag")) == {"shop/web:2.0.0", "shop/web:2.0.0-amd64"}
        assert set(entities(resync, "ociImage")) == {WEB_INDEX, WEB_AMD64, WEB_ARM64}


class TestQuerySelector(RegistryTest):
    """A JQ query drops what was fetched."""

    def create_mapping_config(self) -> dict[str, Any]:
        return mapping(tag={"query": '.name == "latest"'}, image={"query": '.architecture == "arm64"'})

    async def test_only_what_the_query_lets_through(self, resync: ResyncResult) -> None:
        assert resync.errors == []
        assert {entity["identifier"] for entity in resync.upserted_entities} == {"shop/api:latest", WEB_ARM64}


class TestRepositoryPrefix(RegistryTest):
    """The integration's own selector saves the requests, too."""

    def create_mapping_config(self) -> dict[str, Any]:
        return mapping(repository={"repositoryPrefix": "shop/w"}, tag={"repositoryPrefix": "shop/w"})

    async def test_other_repositories_are_not_asked(self, harness: IntegrationTestHarness) -> None:
        result = await harness.trigger_resync()
        assert result.errors == []
        assert set(entities(result, "ociRepository")) == {"shop/web"}
        assert set(entities(result, "ociTag")) == {"shop/web:2.0.0", "shop/web:2.0.0-amd64"}
        assert harness.third_party_transport.calls_for("/v2/shop/web/")
        assert not harness.third_party_transport.calls_for("/v2/shop/api/")


class TestLoginAndRateLimit(RegistryTest):
    """With a user name, every request signs in; when the registry asks for patience, the request is repeated."""

    def create_integration_config(self) -> dict[str, Any]:
        config = super().create_integration_config()
        config["integration"]["config"] |= {"username": "reader", "password": "not-a-real-password"}
        return config

    def create_third_party_transport(self) -> InterceptTransport:
        return InterceptTransport().add_route(
            "GET", "/v2/_catalog", {"status_code": 429, "headers": {"Retry-After": "0"}}, times=1
        )

    async def test_the_request_is_repeated_and_all_carry_the_login(self, harness: IntegrationTestHarness) -> None:
        result = await harness.trigger_resync()
        assert result.errors == []
        assert len(result.upserted_entities) == 13
        statuses = [call.response.status_code for call in harness.third_party_transport.calls_for("/v2/_catalog")]
        assert statuses == [429, 200, 200]
        login = f"Basic {b64encode(b'reader:not-a-real-password').decode()}"
        assert {call.request.headers["Authorization"] for call in harness.third_party_transport.calls} == {login}


class TestServerError(RegistryTest):
    """One repository cannot be read. What is stale in Port must stay, for nobody knows the whole state.

    A 404 that is not the registry's own, as from a gateway, says nothing about tags: it fails a kind as a 500 does.
    """

    def create_third_party_transport(self) -> InterceptTransport:
        transport = InterceptTransport()
        transport.add_route("GET", "/v2/shop/web/tags/list", {"status_code": 404, "body": "no route"}, times=1)
        transport.add_route("GET", "/v2/shop/web/tags/list", {"status_code": 500})
        return transport

    def get_port_search_entities_response(self) -> list[dict[str, Any]]:
        return [{"identifier": "shop/old", "blueprint": "ociRepository", "properties": {}, "relations": {}}]

    async def test_the_kinds_fail_and_nothing_is_deleted(self, resync: ResyncResult) -> None:
        by_image, by_tag = resync.errors
        assert "404" in str(by_image)
        assert "500" in str(by_tag)
        assert not resync.reconciliation_success
        assert resync.deleted_entities == []
        assert len(entities(resync, "ociRepository")) == 3


class TestReconciliation(RegistryTest):
    """Port knows a repository that the registry has no more."""

    def get_port_search_entities_response(self) -> list[dict[str, Any]]:
        return [
            {"identifier": name, "blueprint": "ociRepository", "properties": {}, "relations": {}}
            for name in ("shop/api", "shop/old")
        ]

    async def test_only_the_stale_entity_is_deleted(self, resync: ResyncResult) -> None:
        assert resync.errors == []
        assert [(entity["blueprint"], entity["identifier"]) for entity in resync.deleted_entities] == [
            ("ociRepository", "shop/old")
        ]


class TestGone(RegistryTest):
    """A repository is deleted between the catalog and its tags, and a tag after it was listed.

    HEAD cannot say why a tag is not there, so GET is asked.
    """

    def create_third_party_transport(self) -> InterceptTransport:
        repository = {"errors": [{"code": "NAME_UNKNOWN", "message": "repository name not known to registry"}]}
        tag = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
        transport = InterceptTransport()
        transport.add_route("GET", "/v2/shop/web/tags/list", {"status_code": 404, "json": repository})
        transport.add_route(None, r"/v2/shop/api/manifests/1\.0\.0$", {"status_code": 404, "json": tag})
        return transport

    async def test_what_is_gone_is_left_out(self, harness: IntegrationTestHarness) -> None:
        result = await harness.trigger_resync()
        assert result.errors == []
        assert set(entities(result, "ociTag")) == {"shop/api:1.1.0", "shop/api:latest"}
        assert set(entities(result, "ociImage")) == {API_NEW}
        methods = [call.request.method for call in harness.third_party_transport.calls_for("/manifests/1.0.0")]
        assert methods == ["HEAD", "GET"] * 2  # for the tags, and for the images they lead to


class TestRefusedLogin(RegistryTest):
    """The registry wants a login."""

    def create_third_party_transport(self) -> InterceptTransport:
        return InterceptTransport().add_route(
            "GET", r"/v2/$", {"status_code": 401, "headers": {"WWW-Authenticate": 'Basic realm="registry"'}}
        )

    async def test_the_resync_stops_at_once(self, harness: IntegrationTestHarness) -> None:
        result = await harness.trigger_resync()
        assert len(result.errors) == 1
        assert "answered 401. Set username and password" in str(result.errors[0])
        assert result.upserted_entities == []
        assert len(harness.third_party_transport.calls) == 1
