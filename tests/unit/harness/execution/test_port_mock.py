"""The Port that a test seeds: its transport evaluates Port's program in this process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from harness import PortMockResponder, RejectedEntity, RequestLog, SeedError
from sandbox.port_mock.seeding import read_seed
from sandbox.port_mock.shapes import WrongShapeError
from tests.unit.harness.factories import call, make_mapping, make_request

BASE_URL = "http://localhost:5555"


def make_client(responder: PortMockResponder) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=responder.transport, base_url=BASE_URL)


async def json_of(responder: PortMockResponder, method: str, path: str, **options: Any) -> Any:
    async with make_client(responder) as port:
        response = await port.request(method, path, **options)
    assert response.is_success, response.text
    return response.json()


class TestAnswers:
    """What the reference document says that Port answers."""

    @pytest.mark.asyncio
    async def test_a_token(self) -> None:
        credentials = {"clientId": "test-client-id", "clientSecret": "test-client-secret"}
        token = await json_of(PortMockResponder({}), "POST", "/v1/auth/access_token", json=credentials)

        assert token["accessToken"]
        assert token["tokenType"] == "Bearer"
        assert token["expiresIn"] > 0

    @pytest.mark.asyncio
    @pytest.mark.parametrize("method", ["GET", "PATCH"])
    async def test_the_integration_with_the_mapping(self, method: str) -> None:
        responder = PortMockResponder(make_mapping(), integration_identifier="mine")
        body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        answer = await json_of(responder, method, "/v1/integration/mine", **body)

        assert answer["integration"]["identifier"] == "mine"
        assert answer["integration"]["config"] == make_mapping()

    @pytest.mark.asyncio
    async def test_bulk_upserts_which_are_kept_in_order(self) -> None:
        responder = PortMockResponder({})
        entities = [{"identifier": "a", "blueprint": "service"}, {"identifier": "b", "blueprint": "service"}]
        answer = await json_of(responder, "POST", "/v1/blueprints/service/entities/bulk", json={"entities": entities})

        assert [(each["index"], each["identifier"]) for each in answer["entities"]] == [(0, "a"), (1, "b")]
        assert answer["errors"] == []
        assert responder.upserted_entities == entities

    @pytest.mark.asyncio
    async def test_a_single_upsert(self) -> None:
        responder = PortMockResponder({})
        await json_of(responder, "POST", "/v1/blueprints/service/entities", json={"identifier": "a"})

        assert responder.upserted_entities == [{"identifier": "a", "blueprint": "service"}]

    @pytest.mark.asyncio
    @pytest.mark.parametrize("path", ["/v1/entities/search", "/v1/blueprints/entities/datasource-entities"])
    async def test_the_entities_that_exist_already(self, path: str) -> None:
        existing = [{"identifier": "a", "blueprint": "service"}]

        assert (await json_of(PortMockResponder({}), "POST", path, json={}))["entities"] == []
        responder = PortMockResponder({}, search_entities_response=existing)
        assert (await json_of(responder, "POST", path, json={}))["entities"] == existing

    @pytest.mark.asyncio
    @pytest.mark.parametrize("mapping", [{}, None])
    async def test_the_entities_that_a_test_put_there_as_the_integrations_own(
        self, mapping: dict[str, Any] | None
    ) -> None:
        foreign = {"identifier": "b", "blueprint": "service", "$datasource": "port-ocean/other/1/other/exporter"}
        responder = PortMockResponder(mapping, "mine", entities=[{"identifier": "a", "blueprint": "service"}, foreign])
        asked = {"datasource_prefix": "port-ocean/test/", "datasource_suffix": "/mine/exporter"}

        found = await json_of(responder, "POST", "/v1/blueprints/entities/datasource-entities", json=asked)

        assert [entity["identifier"] for entity in found["entities"]] == ["a"]

    @pytest.mark.asyncio
    async def test_deletions_which_are_kept(self) -> None:
        responder = PortMockResponder({})
        await json_of(responder, "DELETE", "/v1/blueprints/service/entities/a%2Fb+c")
        await json_of(responder, "POST", "/v1/blueprints/team/bulk/entities/delete", json={"entities": ["x", "y"]})

        assert responder.deleted_entities == [
            {"identifier": "a/b c", "blueprint": "service"},
            {"identifier": "x", "blueprint": "team"},
            {"identifier": "y", "blueprint": "team"},
        ]
        assert responder.deleted_entity_ids == ["a/b c", "x", "y"]

    @pytest.mark.asyncio
    async def test_seeded_blueprints_and_empty_ones_under_any_other_name(self) -> None:
        responder = PortMockResponder({}, blueprints={"service": {"identifier": "service", "title": "A service"}})

        assert (await json_of(responder, "GET", "/v1/blueprints/service"))["blueprint"]["title"] == "A service"
        assert (await json_of(responder, "GET", "/v1/blueprints/other"))["blueprint"]["schema"] == {"properties": {}}

    @pytest.mark.asyncio
    async def test_a_migration_that_is_complete(self) -> None:
        responder = PortMockResponder({})
        started = await json_of(responder, "DELETE", "/v1/blueprints/service/all-entities")
        migration = await json_of(responder, "GET", f"/v1/migrations/{started['migrationId']}")

        assert migration["migration"]["status"] == "COMPLETE"

    @pytest.mark.asyncio
    async def test_no_feature_flags(self) -> None:
        answer = await json_of(PortMockResponder({}), "GET", "/v1/organization")

        assert answer["organization"]["featureFlags"] == []

    @pytest.mark.asyncio
    async def test_a_refusal_of_what_port_does_not_know(self) -> None:
        responder = PortMockResponder({})
        response = await call(responder.transport, f"{BASE_URL}/v1/nonsense")

        assert response.status_code == 404
        assert response.json()["error"] == "unknown_call"


class TestTransport:
    @pytest.mark.asyncio
    async def test_calls_are_logged_with_their_answers(self) -> None:
        responder = PortMockResponder({})
        await json_of(responder, "POST", "/v1/entities/search", json={"rules": []})
        await json_of(responder, "GET", "/v1/organization")

        (search,) = responder.transport.calls_for("/entities/search")
        assert search.to_dict()["request_body"] == {"rules": []}
        assert search.to_dict()["response_body"]["entities"] == []
        assert len(responder.transport.calls) == 2

    @pytest.mark.asyncio
    async def test_a_route_of_the_test_comes_before_the_program(self) -> None:
        responder = PortMockResponder({})
        responder.transport.add_route("GET", "/v1/organization", {"status_code": 500}, times=1)
        statuses = [(await call(responder.transport, f"{BASE_URL}/v1/organization")).status_code for _ in range(2)]

        assert statuses == [500, 200]
        assert [each.response.status_code for each in responder.transport.calls] == statuses

    @pytest.mark.asyncio
    async def test_a_delay_of_a_route_is_waited_for(self) -> None:
        responder = PortMockResponder({})
        responder.transport.add_route("GET", "/v1/organization", {"delay": 0.05})
        started = time.monotonic()
        await call(responder.transport, f"{BASE_URL}/v1/organization")

        assert time.monotonic() - started >= 0.05

    @pytest.mark.asyncio
    async def test_a_streamed_request_is_kept_and_logged(self) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield b'{"identifier": '
            yield b'"a"}'

        responder = PortMockResponder({})
        await json_of(responder, "POST", "/v1/blueprints/service/entities", content=body())

        assert responder.upserted_entities == [{"identifier": "a", "blueprint": "service"}]
        assert responder.transport.calls[0].to_dict()["request_body"] == {"identifier": "a"}

    @pytest.mark.asyncio
    async def test_printing_its_log_shows_the_calls_to_port(self) -> None:
        responder = PortMockResponder({})
        await json_of(responder, "GET", "/v1/organization")

        assert responder.transport.print_call_log().splitlines() == [
            "HTTP Call Log (1 calls):",
            f"  [0] GET {BASE_URL}/v1/organization → 200",
        ]

    @pytest.mark.asyncio
    async def test_what_was_upserted_lasts_from_client_to_client_and_no_responder_sees_another(self) -> None:
        first, second = PortMockResponder({}), PortMockResponder({})
        for identifier in ("a", "b"):
            await json_of(first, "POST", "/v1/blueprints/service/entities", json={"identifier": identifier})

        assert [entity["identifier"] for entity in first.upserted_entities] == ["a", "b"]
        assert second.upserted_entities == []


class TestSeedAndCaptures:
    def test_the_seed_is_one_that_the_port_mock_reads(self) -> None:
        existing = [{"identifier": "a", "blueprint": "service"}]
        responder = PortMockResponder(make_mapping(), "mine", {"service": {"title": "A service"}}, existing)
        seed = read_seed(responder.seed("my-type"))

        assert (seed.integration_identifier, seed.integration_type) == ("mine", "my-type")
        assert (seed.mapping, seed.blueprints) == (make_mapping(), {"service": {"title": "A service"}})
        assert seed.search_entities_response == existing

    def test_a_seed_with_anything_else_would_be_refused(self) -> None:
        with pytest.raises(WrongShapeError):
            read_seed({**PortMockResponder({}).seed("my-type"), "more": 1})

    def test_what_is_not_given_is_empty(self) -> None:
        assert PortMockResponder({"resources": []}).seed("test") == {
            "integration": {"identifier": "test-integration", "type": "test"},
            "mapping": {"resources": []},
            "blueprints": {},
            "entities": [],
            "strict": False,
            "faults": [],
            "expired_token": False,
        }

    def test_captures_are_kept_in_the_lists_that_a_test_holds(self) -> None:
        responder = PortMockResponder({})
        upserted, deleted = responder.upserted_entities, responder.deleted_entities
        log = [RequestLog(make_request(f"{BASE_URL}/v1/organization"), httpx.Response(200))]
        for identifiers in (["a", "b"], ["c"]):
            captures = {
                "upserted_entities": [{"identifier": each} for each in identifiers],
                "deleted_entities": [{"identifier": each, "blueprint": "service"} for each in identifiers],
                "rejected_entities": [],
            }
            responder.keep(captures, log)

        assert upserted == [{"identifier": "c"}]
        assert deleted == [{"identifier": "c", "blueprint": "service"}]
        assert responder.deleted_entity_ids == ["c"]
        assert responder.transport.calls == log

    def test_rejected_entities_are_those_of_the_last_resync(self) -> None:
        responder = PortMockResponder({})
        for identifier in ("a", "b"):
            rejection = {"identifier": identifier, "blueprint": "service", "entity": {}, "status": 422}
            rejections = [{**rejection, "error": "invalid_request", "message": "wrong"}]
            responder.keep({"upserted_entities": [], "deleted_entities": [], "rejected_entities": rejections}, [])

        assert responder.rejected_entities == [RejectedEntity("b", "service", {}, 422, "invalid_request", "wrong")]

    @pytest.mark.asyncio
    async def test_what_is_refused_in_this_process_is_rejected_too(self) -> None:
        responder = PortMockResponder({})
        body = {"entities": [{"identifier": "a"}, "nonsense"]}
        async with make_client(responder) as port:
            await port.post("/v1/blueprints/service/entities/bulk", json=body)

        assert [(each.identifier, each.status) for each in responder.rejected_entities] == [("a", 422)]


class TestStrict:
    BLUEPRINT = {"identifier": "service", "schema": {"properties": {"n": {"type": "number"}}}, "relations": {}}  # noqa: RUF012

    @pytest.mark.asyncio
    async def test_rules_are_the_same_in_this_process(self) -> None:
        responder = PortMockResponder({}, blueprints={"service": self.BLUEPRINT}, port="strict")
        body = {
            "entities": [{"identifier": "a", "properties": {"n": "1"}}, {"identifier": "b", "properties": {"n": 1}}]
        }
        answer = await json_of(responder, "POST", "/v1/blueprints/service/entities/bulk?upsert=true", json=body)

        assert [error["index"] for error in answer["errors"]] == [0]
        assert [each.identifier for each in responder.rejected_entities] == ["a"]
        assert [each["identifier"] for each in responder.entities] == ["b"]

    def test_port_is_strict_or_lenient(self) -> None:
        with pytest.raises(ValueError, match="port must be 'lenient' or 'strict', not 'loose'"):
            PortMockResponder({}, port="loose")  # type: ignore[arg-type] # the point

    def test_a_wrong_blueprint_is_named(self) -> None:
        responder = PortMockResponder({}, blueprints={"service": {"schema": []}}, port="strict")  # type: ignore[dict-item]

        with pytest.raises(SeedError, match=r"blueprints\.service\.schema must be an object"):
            responder.checked_seed("test")

    def test_whoever_wants_no_rules_does_not_load_them(self) -> None:
        program = "import sys, harness.pytest_plugin.plugin, harness; sys.exit('jsonschema' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
