"""Stubs mean to WireMock what routes mean to this process."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import InterceptTransport
from harness.routes.transport import raw_content, response_of
from harness.stubs.mappings import LARGE, LENGTH_HEADER, PASS_HEADER, ROUTE_NUMBER, from_routes
from tests.unit.harness.factories import make_request

PASSED_ON = {PASS_HEADER: {"absent": True}}


def stubs_of(pattern: Any = "?x", answer: Any = None, **options: Any) -> list[dict[str, Any]]:
    transport = InterceptTransport()
    transport.add_route(options.pop("method", "GET"), pattern, {} if answer is None else answer, **options)
    return from_routes(transport._routes)


def answer_of(answer: Any) -> dict[str, Any]:
    """The answer of the stub of a route whose pattern takes one stub."""
    (stub,) = stubs_of("", answer)
    response: dict[str, Any] = stub["response"]
    return response


def as_sent(response: httpx.Response) -> tuple[int, bytes, dict[str, list[str]]]:
    headers: dict[str, list[str]] = {}
    for name, value in response.headers.multi_items():
        if name != "content-length":
            headers.setdefault(name, []).append(value)
    return response.status_code, raw_content(response), headers


def as_stubbed(stub: dict[str, Any]) -> tuple[int, bytes, dict[str, list[str]]]:
    content = base64.b64decode(stub["base64Body"]) if "base64Body" in stub else stub.get("body", "").encode()
    headers: dict[str, list[str]] = {}
    for name, values in stub["headers"].items():
        if name == LENGTH_HEADER:  # the front takes it out
            continue
        headers.setdefault(name.lower(), []).extend(values)
    return stub["status"], content, headers


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
header_values = st.text("abcXYZ019 ;=/-", min_size=1).map(str.strip)
names = st.sampled_from(["Content-Type", "content-type", "Link", "X-Count", "Content-Length"])
answers = st.fixed_dictionaries(
    {},
    optional={
        "json": json_values,
        "body": st.text() | st.binary() | st.none(),
        "status_code": st.integers(200, 599),
        "headers": st.dictionaries(names, header_values | st.lists(header_values, max_size=3)),
    },
)


@settings(
    max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(answers)
def test_a_stub_answers_what_its_route_answers(answer: dict[str, Any]) -> None:
    assert as_stubbed(answer_of(answer)) == as_sent(response_of(answer, make_request()))


@pytest.mark.parametrize(
    "make",
    [
        lambda: httpx.Response(201, json={"id": "é"}),
        lambda: httpx.Response(204),
        lambda: httpx.Response(200, content=b"\xff\x00"),
        lambda: httpx.Response(200, headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]),
        lambda: httpx.Response(200, content=gzip.compress(b"hello"), headers={"content-encoding": "gzip"}),
    ],
)
def test_a_stub_answers_with_an_httpx_response_as_it_is(make: Callable[[], httpx.Response]) -> None:
    assert as_stubbed(answer_of(make())) == as_sent(make())


def test_the_length_of_an_answer_is_left_to_wiremock_unless_it_states_another() -> None:
    answer = answer_of(httpx.Response(200, headers={"Content-Length": "99", "Transfer-Encoding": "chunked", "X": "1"}))

    assert answer["headers"] == {"x": ["1"], LENGTH_HEADER: ["99"]}
    assert answer_of({"body": "abc", "headers": {"content-length": "3"}})["headers"] == {}
    assert answer_of({"body": "abc", "headers": {"Content-Length": "many"}})["headers"] == {}


@pytest.mark.parametrize(
    ("answer", "body", "length"),
    [
        ({"body": "abcdef"}, "abc", "6"),
        ({"json": [1, 2, 3]}, "[1, ", "9"),
        ({"body": "a"}, "", "1"),
        ({}, "", "1"),
        ({"body": "abc", "headers": {"Content-Length": "50"}}, "abc", "50"),
        ({"body": "abcd", "headers": {"Content-Length": "3"}}, "ab", "3"),
    ],
)
def test_an_answer_that_is_truncated_states_more_than_it_sends(answer: dict[str, Any], body: str, length: str) -> None:
    stub = answer_of({**answer, "fault": "truncated"})

    assert (stub["status"], stub.get("body", "")) == (200, body)
    assert stub["headers"][LENGTH_HEADER] == [f"{length} truncated"]


def test_header_values_are_a_character_a_byte() -> None:
    headers = answer_of({"headers": {"X-A": ["é", b"\xe9\x80"], "X-B": 5}})["headers"]
    assert headers == {"X-A": ["\xc3\xa9", "\xe9\x80"], "X-B": ["5"]}
    response = httpx.Response(200, headers=[(b"X-A", b"\xff"), (b"x-a", "日".encode())])
    assert answer_of(response)["headers"] == {"x-a": ["\xff", "\xe6\x97\xa5"]}


def test_text_is_stubbed_as_text_and_bytes_as_base64() -> None:
    assert answer_of({"body": "é"}) == {"status": 200, "body": "é", "headers": {}}
    assert answer_of({"body": b"\xff"}) == {"status": 200, "base64Body": "/w==", "headers": {}}
    assert answer_of({}) == {"status": 200, "headers": {}}


def test_a_delay_is_in_milliseconds() -> None:
    assert answer_of({"delay": 0.25})["fixedDelayMilliseconds"] == 250
    assert "fixedDelayMilliseconds" not in answer_of({"delay": 0})


@pytest.mark.parametrize(
    ("fault", "stubbed"),
    [
        ("connection_reset", "CONNECTION_RESET_BY_PEER"),
        ("empty", "EMPTY_RESPONSE"),
        ("garbage", "RANDOM_DATA_THEN_CLOSE"),
    ],
)
def test_a_fault_is_all_of_an_answer(fault: str, stubbed: str) -> None:
    assert answer_of({"fault": fault, "status_code": 500}) == {"fault": stubbed}
    assert answer_of({"fault": fault, "delay": 1}) == {"fault": stubbed, "fixedDelayMilliseconds": 1000}


def test_the_first_route_has_the_highest_priority_and_all_know_their_number() -> None:
    transport = InterceptTransport().add_route("GET", "", {}).add_route("GET", "b/c", {}).add_route("GET", "", {})

    stubs = from_routes(transport._routes)
    assert [(stub["priority"], stub["metadata"]) for stub in stubs] == [
        (1, {ROUTE_NUMBER: 0}),
        (2, {ROUTE_NUMBER: 1}),
        (2, {ROUTE_NUMBER: 1}),
        (3, {ROUTE_NUMBER: 2}),
    ]


def test_routes_that_were_added_later_go_on_counting() -> None:
    transport = InterceptTransport().add_route("GET", "", {})

    (stub,) = from_routes(transport._routes, 7)
    assert (stub["priority"], stub["metadata"]) == (8, {ROUTE_NUMBER: 7})


@pytest.mark.parametrize(("method", "stubbed"), [("GET", "GET"), ("post", "POST"), (None, "ANY")])
def test_the_method_is_wiremocks(method: str | None, stubbed: str) -> None:
    (stub,) = stubs_of("", method=method)

    assert stub["request"]["method"] == stubbed


def test_a_pattern_takes_a_stub_for_each_way_in_which_it_can_match() -> None:
    assert [stub["request"] for stub in stubs_of("b/c", {"json": 1})] == [
        {"method": "GET", "urlPattern": ".*b/c.*"},
        {"method": "GET", "urlPattern": "/c.*", "headers": {"Host": {"matches": ".*b"}}},
    ]
    assert stubs_of("^/no-url-begins-so") == []


@pytest.mark.parametrize(
    ("pattern", "answer", "times"),
    [
        ("", lambda _request: {}, None),
        ("", {}, 2),
        (lambda _request: True, {}, None),
        (re.compile("/a(?=b)"), {}, None),
    ],
    ids=["a callable", "times", "a predicate", "a pattern that cannot be said"],
)
def test_what_wiremock_cannot_express_goes_to_the_test_process(pattern: Any, answer: Any, times: int | None) -> None:
    transport = InterceptTransport().add_route("GET", pattern, answer, times=times)

    (stub,) = from_routes(transport._routes, 3)
    assert stub["request"] == {"method": "GET", "urlPattern": ".*", "headers": PASSED_ON}
    assert stub["response"] == {
        "proxyBaseUrl": "http://port-mock:8002/3/{{request.scheme}}/{{urlEncode request.host}}/{{request.port}}",
        "transformers": ["response-template"],
    }


@pytest.mark.parametrize("answer", [{"json": 1}, httpx.Response(200)])
def test_what_wiremock_can_express_does_not(answer: Any) -> None:
    transport = InterceptTransport().add_route("GET", r"/items/\d+$", answer)

    stubs = from_routes(transport._routes)
    assert stubs
    assert not any("proxyBaseUrl" in stub["response"] for stub in stubs)


def test_what_goes_to_the_test_process_is_as_narrow_as_its_pattern() -> None:
    assert [stub["request"] for stub in stubs_of("b/c", lambda _request: {})] == [
        {"method": "GET", "urlPattern": ".*b/c.*", "headers": PASSED_ON},
        {"method": "GET", "urlPattern": "/c.*", "headers": {"Host": {"matches": ".*b"}, **PASSED_ON}},
    ]


@pytest.mark.parametrize(
    "make", [lambda size: {"body": "x" * size}, lambda size: httpx.Response(200, content=b"x" * size)]
)
def test_a_large_body_is_left_to_the_test_process(make: Callable[[int], Any]) -> None:
    assert answer_of(make(LARGE))["body"] == "x" * LARGE
    assert "proxyBaseUrl" in answer_of(make(LARGE + 1))
