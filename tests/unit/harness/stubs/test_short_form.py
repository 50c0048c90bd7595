"""The short form converts to WireMock's JSON and back, and what it cannot express stays unchanged."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stubs import short_file
from harness.stubs.short_back import from_stubs
from harness.stubs.short_form import ShortFormError, to_stubs
from harness.stubs.short_schema import fits
from harness.stubs.yaml_places import read_yaml
from tests.unit.harness.short_entries import entries

ROOT = Path(__file__).parents[4]


def stubs_of(some: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [stub for number, entry in enumerate(some) for stub in to_stubs(entry, f"test#{number + 1}")]


def stub(request: dict[str, Any] | None = None, response: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    return {
        **rest,
        "request": {"method": "GET", "urlPath": "/a"} if request is None else request,
        "response": response or {"status": 200},
    }


@given(st.lists(entries, min_size=1, max_size=4))
def test_there_and_back_it_is_the_same(some: list[dict[str, Any]]) -> None:
    assert fits(some)
    made = stubs_of(some)
    back = from_stubs(made)

    assert not any("wiremock" in entry for entry in back)
    assert stubs_of(back) == made
    assert from_stubs(stubs_of(back)) == back


@given(st.lists(entries, min_size=1, max_size=3))
def test_written_and_read_it_is_the_same(tmp_path_factory: pytest.TempPathFactory, some: list[dict[str, Any]]) -> None:
    file = tmp_path_factory.mktemp("stubs") / "a.yaml"
    file.write_text(short_file.write(some, "schema.json"), encoding="utf-8")

    assert [placed.stub for placed in short_file.read(file, "test")] == stubs_of(some)


@pytest.mark.parametrize(
    ("entry", "request_part"),
    [
        ({"url": "/a"}, {"method": "ANY", "urlPath": "/a"}),
        ({"url": "/a?b=1&c"}, {"method": "ANY", "url": "/a?b=1&c"}),
        ({"url": "/a/{id}"}, {"method": "ANY", "urlPathTemplate": "/a/{id}"}),
        (
            {"url": "https://h.example:81/a"},
            {"method": "ANY", "scheme": "https", "host": {"equalTo": "h.example"}, "port": 81, "urlPath": "/a"},
        ),
        ({"url": "http://h"}, {"method": "ANY", "scheme": "http", "host": {"equalTo": "h"}, "urlPath": "/"}),
        ({"url": {"matches": "/a/.*"}}, {"method": "ANY", "urlPathPattern": "/a/.*"}),
        ({"url": {"matches": "/a.*", "with_query": True}}, {"method": "ANY", "urlPattern": "/a.*"}),
        ({"url": {"equals": "/a", "with_query": True}}, {"method": "ANY", "url": "/a"}),
        ({"host": {"contains": "h"}}, {"method": "ANY", "host": {"contains": "h"}}),
        ({"query": {"a": "1"}}, {"method": "ANY", "queryParameters": {"a": {"equalTo": "1"}}}),
        ({"headers": {"a": {"absent": True}}}, {"method": "ANY", "headers": {"a": {"absent": True}}}),
        ({"body": "x"}, {"method": "ANY", "bodyPatterns": [{"equalTo": "x"}]}),
        (
            {"body": [{"form": {"a": "1"}}, {"contains": "a"}]},
            {"method": "ANY", "formParameters": {"a": {"equalTo": "1"}}, "bodyPatterns": [{"contains": "a"}]},
        ),
        (
            {"body": {"jsonpath": "$.a", "contains": "x"}},
            {"method": "ANY", "bodyPatterns": [{"matchesJsonPath": {"expression": "$.a", "contains": "x"}}]},
        ),
    ],
)
def test_what_a_request_must_be(entry: dict[str, Any], request_part: dict[str, Any]) -> None:
    assert to_stubs({**entry, "response": {}}, "") == [{"request": request_part, "response": {"status": 200}}]


@pytest.mark.parametrize(
    ("answer", "response"),
    [
        (
            {"json": [1]},
            {"status": 200, "jsonBody": [1], "headers": {"Content-Type": "application/json"}},
        ),
        ({"json": None}, {"status": 200, "body": "null", "headers": {"Content-Type": "application/json"}}),
        ({"json": {}, "headers": {"content-type": None}}, {"status": 200, "jsonBody": {}}),
        ({"file": "a.json", "status": 404}, {"status": 404, "bodyFileName": "a.json"}),
        ({"body": ""}, {"status": 200}),
        ({"delay": 0.1, "fault": "garbage"}, {"fixedDelayMilliseconds": 100, "fault": "RANDOM_DATA_THEN_CLOSE"}),
        (
            {"body": "{{request.path}}", "template": True},
            {"status": 200, "body": "{{request.path}}", "transformers": ["response-template"]},
        ),
    ],
)
def test_what_it_is_answered_with(answer: dict[str, Any], response: dict[str, Any]) -> None:
    assert to_stubs({"response": answer}, "") == [{"request": {"method": "ANY"}, "response": response}]


def test_times_is_a_chain_of_states() -> None:
    made = to_stubs({"url": "/a", "times": 2, "response": {"status": 429}}, "f#1")

    assert [(each["scenarioName"], each["requiredScenarioState"], each["newScenarioState"]) for each in made] == [
        ("times of f#1", "Started", "1"),
        ("times of f#1", "1", "2"),
    ]


@pytest.mark.parametrize(
    "cannot",
    [
        stub({"method": "PURGE", "urlPath": "/a"}),
        stub({"method": "GET", "urlPath": "a b"}),
        stub({"urlPath": "/a/{b}"}),
        stub({"cookies": {"a": {"equalTo": "b"}}}),
        stub({"headers": {"a": {"equalTo": "b", "caseInsensitive": True}}}),
        stub({"headers": {"a": {"equalTo": 5}}}),
        stub({"queryParameters": {"a": {"hasExactly": [{"equalTo": "1"}]}}}),
        stub({"port": 81}),
        stub({"host": {"contains": "a"}, "port": 81}),
        stub({"bodyPatterns": [{"equalToJson": "{not json"}]}),
        stub({"bodyPatterns": [{"equalToXml": "<a/>"}]}),
        stub(None, {"status": 100}),
        stub(None, {"status": 200, "headers": {"a": 5}}),
        stub(None, {"status": 200, "base64Body": "aGk="}),
        stub(None, {"proxyBaseUrl": "http://h"}),
        stub(None, {"fault": "MALFORMED_RESPONSE_CHUNK"}),
        stub(None, {"status": 200, "fixedDelayMilliseconds": "5"}),
        stub(scenarioName="mine", requiredScenarioState="Started", newScenarioState="1"),
        stub(scenarioName="times of me", requiredScenarioState="1", newScenarioState="3"),
        stub(metadata={"by": "hand"}),
        stub(priority=-1),
        stub(postServeActions=[]),
    ],
    ids=lambda each: json.dumps(each)[:60],
)
def test_what_it_cannot_say_stays_as_it_is(cannot: dict[str, Any]) -> None:
    assert from_stubs([cannot]) == [{"wiremock": cannot}]
    assert stubs_of(from_stubs([cannot])) == [cannot]


@pytest.mark.parametrize(
    ("said", "entry"),
    [
        (stub({"urlPath": "/a"}, {}), {"url": "/a", "response": {}}),
        (stub({"method": "get", "urlPath": "/a"}), {"method": "GET", "url": "/a", "response": {}}),
        (stub(id="1", uuid="1", persistent=True, insertionIndex=3), {"method": "GET", "url": "/a", "response": {}}),
        (stub(metadata={"file": "a.json", "line": 3}), {"method": "GET", "url": "/a", "response": {}}),
        (
            stub({"bodyPatterns": [{"equalToJson": '{"a": 1}', "ignoreArrayOrder": False}]}),
            {"body": {"json": {"a": 1}}, "response": {}},
        ),
        (
            stub(None, {"status": 200, "headers": {"A": ["1"]}}),
            {"method": "GET", "url": "/a", "response": {"headers": {"A": "1"}}},
        ),
        (
            stub(None, {"jsonBody": {}}),
            {"method": "GET", "url": "/a", "response": {"json": {}, "headers": {"Content-Type": None}}},
        ),
    ],
)
def test_what_goes_without_saying_is_not_said(said: dict[str, Any], entry: dict[str, Any]) -> None:
    assert from_stubs([said]) == [entry]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "wiremock-mappings" / "oci-registry").glob("*.json")), ids=lambda file: file.name
)
def test_every_stub_of_the_example_can_be_said(file: Path) -> None:
    content = json.loads(file.read_text())
    there = content.get("mappings", [content])

    back = from_stubs(there)
    assert not any("wiremock" in entry for entry in back)
    assert stubs_of(back) == there


@pytest.mark.parametrize(
    ("entry", "what", "remedy"),
    [
        ({"url": "v2/items"}, "'v2/items' is not the path of a URL", "did you mean /v2/items, or https://v2/items?"),
        (
            {"url": r"/v2/\d+"},
            r"'/v2/\\d+' is not the path of a URL",
            "for a regular expression write url: {matches: …}",
        ),
        ({"url": "/a#b"}, "'/a#b' is not the path of a URL", "leave out # and what follows: it is never sent"),
        ({"url": "/café"}, "'/café' is not the path of a URL", "write it as it is sent: /caf%C3%A9"),
        ({"url": "/{a}?b=1"}, "a url with {placeholders} cannot have a query", "move the query to query"),
        ({"url": {"with_query": True}}, "url needs either equals or matches", "write one of them"),
        ({"url": "https://h/a", "host": "h"}, "the url names the host already", "leave out host"),
        ({"host": "h/x"}, "'h/x' is not a host", "write a name, with or without a port: api.example.com:8443"),
        ({"body": {"json": 1, "contains": "a"}}, "contains, json do not go together", "a body has one of json"),
        ({"response": {"delay": 0.0001}}, "0.0001 s is not a whole number of milliseconds", "round it"),
    ],
)
def test_an_entry_that_says_nothing_is_refused(entry: dict[str, Any], what: str, remedy: str) -> None:
    with pytest.raises(ShortFormError) as raised:
        to_stubs({"response": {}, **entry}, "")
    assert raised.value.what == what
    assert raised.value.remedy.startswith(remedy)


def test_a_person_can_read_what_is_written() -> None:
    written = short_file.write(
        [{"url": "/a", "query": {"page": "2", "q": "yes"}, "response": {"body": "two\nlines\n"}}, {"response": {}}]
    )

    assert written == (
        "- url: /a\n  query:\n    page: 2\n    q: 'yes'\n  response:\n    body: |\n      two\n      lines\n"
        "\n- response: {}\n"
    )
    assert read_yaml(Path("a.yaml"), written).value[0]["query"]["page"] == 2
