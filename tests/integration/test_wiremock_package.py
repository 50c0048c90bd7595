"""Stubs and clients of the ``wiremock`` package, with the real WireMock of a sandbox."""

import asyncio
from pathlib import Path

import pytest
from wiremock import client
from wiremock.constants import DEFAULT_BASE_URL, Config

from harness import BaseIntegrationTest, IntegrationTestHarness, InterceptTransport
from harness.routes.wiremock_models import Mapping, stub_of
from harness.stubs.wiremock_client import WireMockClient

from .factories import API, integration, make_harness, mapping, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

HOST = API.removeprefix("https://")
READS_TWO = f"""
    things = (await http_async_client.get("{API}/things")).json()
    others = (await http_async_client.get("https://other.example/things")).json()
    yield things + others
"""
# Every field that WireMock 3.13 knows, but for what excludes another, and for files.
WHOLE = {
    "id": "b8e4a3c2-5a1f-4c0e-9d3b-2f6a7c8d9e0f",
    "name": "whole",
    "priority": 3,
    "persistent": False,
    "insertionIndex": 7,
    "scenarioName": "login",
    "requiredScenarioState": "Started",
    "newScenarioState": "done",
    "metadata": {"team": "things", "nested": {"list": [1, {"deep": True}]}},
    "postServeActions": [{"name": "webhook", "parameters": {"url": "http://hook.example", "method": "POST"}}],
    "serveEventListeners": [{"name": "webhook", "parameters": {"url": "http://hook.example", "method": "PUT"}}],
    "request": {
        "scheme": "https",
        "host": {"equalTo": HOST},
        "port": 8443,
        "clientIp": {"equalTo": "10.0.0.1"},
        "method": "POST",
        "urlPathTemplate": "/things/{id}",
        "pathParameters": {"id": {"matches": "[0-9]+"}},
        "queryParameters": {
            "page": {"equalTo": "1", "caseInsensitive": True},
            "tag": {"hasExactly": [{"equalTo": "a"}]},
        },
        "formParameters": {"name": {"contains": "x"}},
        "headers": {"Accept": {"or": [{"equalTo": "a"}, {"absent": True}]}},
        "cookies": {"session": {"doesNotMatch": ".*no.*"}},
        "basicAuth": {"username": "user", "password": "test-password"},
        "bodyPatterns": [{"equalToJson": '{"a": 1}', "ignoreArrayOrder": True, "ignoreExtraElements": True}],
        "multipartPatterns": [{"name": "file", "matchingType": "ALL", "bodyPatterns": [{"contains": "x"}]}],
        "customMatcher": {"name": "none", "parameters": {"a": [1]}},
    },
    "response": {
        "status": 202,
        "statusMessage": "Fine",
        "headers": {"X-Many": ["a", "b"]},
        "jsonBody": {"a": [1, None, {"b": ""}]},
        "fixedDelayMilliseconds": 5,
        "delayDistribution": {"type": "lognormal", "median": 1.5, "sigma": 0.25, "maxValue": 9.0},
        "chunkedDribbleDelay": {"numberOfChunks": 2, "totalDuration": 10},
        "proxyBaseUrl": "http://proxied.example",
        "proxyUrlPrefixToRemove": "/v1",
        "additionalProxyRequestHeaders": {"X-Added": "1"},
        "removeProxyRequestHeaders": ["X-Removed"],
        "transformers": ["response-template"],
        "transformerParameters": {"a": {"b": 1}},
    },
}


def stub(path: str, *things: int, host: str | None = None, **fields: object) -> Mapping:
    """A stub for one host, or for all, that lists things."""
    request = {"method": "GET", "urlPath": path, **({"host": {"equalTo": host}, "scheme": "https"} if host else {})}
    return Mapping(request=request, response={"status": 200, "jsonBody": [{"id": each} for each in things]}, **fields)


async def test_a_mapping_answers_as_in_wiremock_below_the_routes(tmp_path: Path) -> None:
    # What a predicate does not want goes on to WireMock's stubs, by way of the test process.
    transport = InterceptTransport().add_route(None, lambda request: request.url.path == "/no", {"json": []})
    transport.add_stub(stub("/things", 1, host=HOST, scenario_name="once", new_scenario_state="over"))
    transport.add_stub(stub("/things", 2, 3, host="other.example"))
    transport.add_stub(stub("/never"))
    async with started(integration(tmp_path, READS_TWO), transport, stubs=stub("/things", 9)) as harness:
        result = await harness.trigger_resync()

        assert result.errors == []
        assert sorted(values(result)) == ["1", "2", "3"]
        assert [each.source.rpartition("/")[2].partition(":")[0] for each in result.unused_stubs] == [
            "test_wiremock_package.py",
            "stubs[0] of the test",
        ]
        # The later of two alike wins, and a test may add it after the start.
        transport.add_stub(stub("/things", 4, host=HOST))
        assert sorted(values(await harness.trigger_resync())) == ["2", "3", "4"]


class TestOfAClass(BaseIntegrationTest):
    stubs = [stub("/things", 5)]  # noqa: RUF012 # as users write it

    @property
    def integration_path(self) -> str:
        return str(self.directory)

    def create_mapping_config(self) -> dict[str, object]:
        return mapping()

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path) -> None:
        self.directory = integration(tmp_path)

    async def test_its_stubs_may_be_mappings(self, harness: IntegrationTestHarness) -> None:
        assert list(values(await harness.trigger_resync())) == ["5"]


async def test_nothing_of_a_mapping_is_lost_on_its_way(tmp_path: Path) -> None:
    async with started(integration(tmp_path)) as harness:
        mappings, wiremock = harness.wiremock.Mappings, harness._third_party()
        wiremock.stub([WHOLE])
        in_wiremock = wiremock.mappings()
        assert [stub_of(each) for each in mappings.retrieve_all_mappings().mappings] == in_wiremock

        whole = mappings.retrieve_mapping(WHOLE["id"])
        mappings.delete_mapping(whole)
        created = mappings.create_mapping(whole)
        assert stub_of(created) == stub_of(whole)
        assert sorted(wiremock.mappings(), key=str) == sorted(in_wiremock, key=str)

        created.response.status = 201
        assert mappings.update_mapping(created).response.status == 201
        assert mappings.retrieve_mapping(created.id).request.host == {"equalTo": HOST}
        assert mappings.delete_mapping(created.id).status_code == 200
        with pytest.raises(client.NotFoundException):
            mappings.retrieve_mapping(created.id)


async def test_two_harnesses_at_once_have_each_its_own(tmp_path: Path) -> None:
    one = make_harness(integration(tmp_path / "one"), InterceptTransport(strict=False))
    other = make_harness(integration(tmp_path / "other"), InterceptTransport(strict=False))
    with pytest.raises(RuntimeError, match="Call start"):
        one.wiremock.Requests.get_all_received_requests()
    await asyncio.gather(one.start(), other.start())
    try:
        one.wiremock.Mappings.create_mapping(stub("/things", 1))
        other.wiremock.Mappings.create_mapping(stub("/things", 2))
        both = await asyncio.gather(one.trigger_resync(), other.trigger_resync())
        assert [list(values(result)) for result in both] == [["1"], ["2"]]

        # In threads, whose calls cross.
        def own(harness: IntegrationTestHarness) -> list[list[int]]:
            read = harness.wiremock.Mappings.retrieve_all_mappings
            return [[stub["id"] for stub in read().mappings[0].response.json_body] for _ in range(20)]

        crossed = await asyncio.gather(asyncio.to_thread(own, one), asyncio.to_thread(own, other))
        assert crossed == [[[1]] * 20, [[2]] * 20]
        assert Config.base_url == DEFAULT_BASE_URL
        assert client.Mappings.REST_CLIENT.base_url is None

        one.wiremock.Requests.reset_request_journal()
        assert one.wiremock.Requests.get_all_received_requests().meta.total == 0
        assert other.wiremock.Requests.get_all_received_requests(limit=1).meta.total > 0
    finally:
        kept = one.wiremock
        await asyncio.gather(one.shutdown(), other.shutdown())
    with pytest.raises(RuntimeError, match="is shut down"):  # perhaps another harness has its sandbox by now
        kept.Mappings.delete_all_mappings()


def _id_of(wiremock: WireMockClient, url: str) -> str:
    requests = wiremock.Requests.get_all_received_requests().requests
    return str(next(each.id for each in requests if each.request.absolute_url == url))


async def test_requests_near_misses_and_settings_are_the_sandboxs(tmp_path: Path) -> None:
    transport = InterceptTransport(strict=False).add_stub(stub("/thing", host=HOST))
    directory = integration(tmp_path, READS_TWO.replace(".json()", ".status_code").replace("+ others", "and []"))
    async with started(directory, transport) as harness:
        await harness.trigger_resync()
        wiremock = harness.wiremock
        assert len(wiremock.Requests.get_all_received_requests(limit=1).requests) == 1
        assert len(wiremock.Requests.get_all_received_requests().requests) == 2  # the limit was of that call
        unmatched = wiremock.Requests.get_unmatched_requests().requests
        assert [each.absolute_url for each in unmatched] == ["https://other.example/things", f"{API}/things"]
        (far, near) = wiremock.Requests.get_unmatched_requests_near_misses().near_misses
        assert near.stub_mapping.request.url_path == far.stub_mapping.request.url_path == "/thing"
        assert near.match_result.distance < far.match_result.distance
        asked = client.NearMissMatchRequest(url="/things", method="GET", absolute_url=f"{API}/things")
        (miss,) = wiremock.NearMisses.find_nearest_misses_by_request(asked).near_misses
        assert miss.stub_mapping.request.host == {"equalTo": HOST}
        pattern = client.NearMissMatchPatternRequest(url_path="/things", method="GET")
        assert wiremock.Requests.get_matching_request_count(pattern).count == 2
        (first, _) = wiremock.Requests.get_matching_requests(pattern).requests
        assert wiremock.Requests.get_request(_id_of(wiremock, first.absolute_url)).request.url == "/things"
        assert len(wiremock.NearMisses.find_nearest_misses_by_request_pattern(pattern).near_misses) > 0

        assert wiremock.Scenarios.reset_all_scenarios().status_code == 200
        wiremock.Mappings.create_mapping(stub("/team", metadata={"team": "a"}))
        removed = {"matchesJsonPath": {"expression": "$.team", "equalTo": "a"}}
        assert wiremock.Mappings.delete_mapping_by_metadata(removed).status_code == 200
        assert len(wiremock.Mappings.retrieve_all_mappings().mappings) == 2
        # Whoever empties the journal, or removes the sandbox's own last stub, hides no unmatched request.
        wiremock.Requests.reset_request_journal()
        assert len((await harness.trigger_resync()).unmatched) == 2
        assert wiremock.Mappings.reset_mappings().status_code == 200
        assert len((await harness.trigger_resync()).unmatched) == 2
        wiremock.Mappings.delete_all_mappings()
        assert len((await harness.trigger_resync()).unmatched) == 2

        wiremock.GlobalSettings.update_global_settings(client.GlobalSetting(fixed_delay=1_000))
        third_party = harness._third_party()
        third_party._control.call("POST", "/__admin/settings", {"fixedDelay": 1_000, "proxyPassThrough": True})
        third_party.reset()  # as before another harness leases it
        in_force = third_party._control.call("GET", "/__admin/settings").json()["settings"]
        assert in_force == {"proxyPassThrough": False}
