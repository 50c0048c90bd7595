"""The samples that inherit from `BaseIntegrationTest`: a class for each scenario."""

import os
from typing import Any

import httpx
import pytest
from mappings import mapping
from port_ocean.tests.integration import BaseIntegrationTest, IntegrationTestHarness, InterceptTransport, ResyncResult

PROJECTS = [
    {"id": "proj-1", "name": "My Project", "status": "active", "member_count": 11},
    {"id": "proj-2", "name": "Other", "status": "archived", "member_count": 30},
    {"id": "proj-3", "name": "Small", "status": "active", "member_count": 2},
]


class MyIntegration(BaseIntegrationTest):
    integration_path = os.path.abspath(os.path.join(os.path.dirname(__file__), "../"))  # noqa: PTH100, PTH118, PTH120 # as documented

    def create_third_party_transport(self) -> InterceptTransport:
        transport = InterceptTransport(strict=False)
        transport.add_route("GET", "api.example.com/v2/projects", {"json": PROJECTS})
        return transport

    def create_mapping_config(self) -> dict[str, Any]:
        return mapping("project", "myBlueprint", projectName=".name", projectStatus=".status")

    def create_integration_config(self) -> dict[str, Any]:
        return {
            "integration": {
                "identifier": "test-my-integration",
                "type": "my-integration",
                "config": {"api_token": "fake-token", "api_url": "https://api.example.com"},
            },
        }


class TestMyIntegration(MyIntegration):
    @pytest.mark.asyncio
    async def test_resync_creates_expected_entities(self, resync: ResyncResult) -> None:
        assert len(resync.upserted_entities) == 3
        entity = resync.upserted_entities[0]
        assert entity["identifier"] == "proj-1"
        assert entity["blueprint"] == "myBlueprint"
        assert entity["properties"]["projectName"] == "My Project"

    @pytest.mark.asyncio
    async def test_the_harness_is_there_for_the_asking(
        self, harness: IntegrationTestHarness, resync: ResyncResult
    ) -> None:
        assert harness.port_mock.upserted_entities == resync.upserted_entities
        assert len(harness.third_party_transport.calls_for("/v2/projects")) == 1


class TestWithFilter(MyIntegration):
    def create_mapping_config(self) -> dict[str, Any]:
        return mapping("project", "myBlueprint", '.status == "active"')

    @pytest.mark.asyncio
    async def test_only_active_projects(self, resync: ResyncResult) -> None:
        assert [entity["identifier"] for entity in resync.upserted_entities] == ["proj-1", "proj-3"]


class TestWithNumbers(MyIntegration):
    def create_mapping_config(self) -> dict[str, Any]:
        return mapping("project", "myBlueprint", ".member_count > 10")

    @pytest.mark.asyncio
    async def test_only_projects_with_more_than_ten_members(self, resync: ResyncResult) -> None:
        assert [entity["identifier"] for entity in resync.upserted_entities] == ["proj-1", "proj-2"]


class Data(MyIntegration):
    def create_mapping_config(self) -> dict[str, Any]:
        return mapping("data", "data")


class TestErrorHandling(Data):
    def create_third_party_transport(self) -> InterceptTransport:
        transport = InterceptTransport(strict=False)
        transport.add_route("GET", "/api/data", {"status_code": 500, "json": {"error": "fail"}})
        return transport

    @pytest.mark.asyncio
    async def test_a_500_is_an_error_of_the_resync(self, resync: ResyncResult) -> None:
        assert resync.upserted_entities == []
        causes = [error.__cause__ or error for error in resync.errors]
        assert [error.response.json() for error in causes if isinstance(error, httpx.HTTPStatusError)] == [
            {"error": "fail"}
        ]


class TestRetries(Data):
    def create_third_party_transport(self) -> InterceptTransport:
        transport = InterceptTransport(strict=False)
        # First call returns 429, second call succeeds
        transport.add_route("GET", "/api/data", {"status_code": 429}, times=1)
        transport.add_route("GET", "/api/data", {"json": {"results": [{"id": 1}]}})
        return transport

    @pytest.mark.asyncio
    async def test_a_429_is_retried(self, harness: IntegrationTestHarness) -> None:
        result = await harness.trigger_resync()
        assert result.errors == []
        assert [entity["identifier"] for entity in result.upserted_entities] == ["1"]
        calls = harness.third_party_transport.calls_for("/api/data")
        assert [call.response.status_code for call in calls] == [429, 200]


class TestDynamicResponses(MyIntegration):
    def create_third_party_transport(self) -> InterceptTransport:
        def handle_request(request: httpx.Request) -> dict[str, Any]:
            dept_id = str(request.url).split("/")[-1]
            return {"json": [{"id": f"person-in-{dept_id}"}]}

        transport = InterceptTransport(strict=False)
        transport.add_route("GET", "/api/departments/", handle_request)
        return transport

    def create_mapping_config(self) -> dict[str, Any]:
        return mapping("person", "person")

    @pytest.mark.asyncio
    async def test_each_request_has_its_own_answer(self, resync: ResyncResult) -> None:
        people = [entity["identifier"] for entity in resync.upserted_entities]
        assert people == ["person-in-sales", "person-in-support"]


class TestRepositories(MyIntegration):
    """An integration with a client of its own, and the patterns that the generator writes."""

    def create_third_party_transport(self) -> InterceptTransport:
        transport = InterceptTransport(strict=False)
        transport.add_route("GET", "/orgs/my-org/repos", {"json": [{"id": 1}, {"id": 22}]})
        transport.add_route("GET", r"/repos/[^/]+/contents", {"status_code": 404})
        transport.add_route("GET", r"/api/repos/\d+", {"json": {"name": "a repository"}})
        return transport

    def create_mapping_config(self) -> dict[str, Any]:
        return mapping("repository", "githubRepository")

    @pytest.mark.asyncio
    async def test_resync_creates_repos(self, resync: ResyncResult) -> None:
        repos = [e for e in resync.upserted_entities if e.get("blueprint") == "githubRepository"]
        assert len(repos) == 2
        assert all(r.get("identifier") for r in repos)
        assert {repo["title"] for repo in repos} == {"a repository"}
