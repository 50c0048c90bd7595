"""What is reported of an unmatched request: the nearest stub, what differs, a route to paste."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness import InterceptTransport
from harness.stubs.unmatched import explain
from tests.unit.harness.factories import call, make_request, make_stub

URL = "https://api.example.com/v2/items?page=2"


def explained(transport: InterceptTransport | None = None, *stubs: dict[str, Any], **request: Any) -> list[str]:
    """The lines that explain a request to `URL`."""
    asked = make_request(**{"url": URL, **request})
    files = [{**stub, "metadata": {"file": f"{number}.json"}} for number, stub in enumerate(stubs)]
    lines = explain(asked, (transport or InterceptTransport()).routes, files).splitlines()
    return [re.sub(r" \(test_unmatched\.py:\d+\)", " (here)", line) for line in lines]


def test_it_names_the_request_and_has_a_route_to_paste() -> None:
    assert explained() == [
        "No route matched: GET https://api.example.com/v2/items?page=2",
        "There are no stubs.",
        "A route that would answer it:",
        '    transport.add_route("GET", "api.example.com/v2/items", {"json": {}})',
    ]


@pytest.mark.parametrize(
    ("route", "differs"),
    [
        (("POST", "/v2/items"), "method GET is not POST"),
        (("GET", "/v1/items"), "path segment 1 'v2' is not 'v1'"),
        (("GET", r"/v2/item/\d+"), "path segment 2 'items' is not 'item'"),
        (("GET", "/V2/items"), "path segment 1 'v2' is not 'V2'"),
    ],
)
def test_the_nearest_route_and_what_differs(route: tuple[str, str], differs: str) -> None:
    transport = InterceptTransport().add_route("GET", "/zzz", {}).add_route(*route, {})

    assert explained(transport)[1:4] == [
        "The nearest stub is route 2 of the test (here):",
        f"    {route[0]} {route[1]}",
        f"    differs: {differs}",
    ]


@pytest.mark.asyncio
async def test_a_route_that_is_used_up_is_the_nearest() -> None:
    transport = InterceptTransport().add_route("GET", "/v2/item", {}, times=1).add_route("POST", "/v2/items", {})
    await call(transport, URL)

    assert explained(transport)[1:4] == [
        "The nearest stub is route 1 of the test (here):",
        "    GET /v2/item (times=1)",
        "    differs: it has answered already, times=1",
    ]


def test_where_nothing_is_like_it_nothing_is_named() -> None:
    assert explained(InterceptTransport().add_route("GET", "/zzz", {}))[1] == "No stub comes close."


def test_a_predicate_that_said_no_is_named_before_what_is_nothing_like_it() -> None:
    transport = InterceptTransport().add_route("GET", "/zzz", {}).add_route(None, lambda _: False, {})

    assert explained(transport)[3] == "    differs: the predicate returned false"


@pytest.mark.parametrize(
    ("request_", "differs"),
    [
        ({"urlPath": "/v2/item"}, "path segment 2 'items' is not 'item'"),
        ({"url": "/v2/items"}, "the query is 'page=2', and must be absent"),
        ({"urlPathPattern": "/v2/items/[0-9]+"}, "the path ends before '[0-9]+'"),
        ({"urlPattern": "/v2/items[?]page=1"}, "query parameter 'page' is '2', not '1'"),
        ({"host": {"equalTo": "b.example"}}, "host 'api.example.com' is not 'b.example'"),
        ({"queryParameters": {"limit": {"equalTo": "1"}}}, "query parameter 'limit' is missing"),
        ({"queryParameters": {"page": {"matches": "[^2]"}}}, "query parameter 'page' is '2', for which the stub has {\"matches\": \"[^2]\"}"),
        ({"headers": {"Accept": {"contains": "json"}}}, "header 'Accept' is '*/*', for which the stub has {\"contains\": \"json\"}"),
        ({"headers": {"accept": {"absent": True}}}, "header 'accept' is '*/*', and must be absent"),
        ({"cookies": {"a": {"equalTo": "1"}}}, 'perhaps cookies, for which the stub has {"a": {"equalTo": "1"}}'),
        ({"urlPathTemplate": "/v2/{x}/y"}, "the path ends before 'y'"),
        ({"headers": {"accept": {"doesNotMatch": "a"}}}, "perhaps header 'accept', for which the stub has {\"doesNotMatch\": \"a\"}"),
        ({"queryParameters": None, "urlPath": "/v2/item"}, "path segment 2 'items' is not 'item'"),
        ({"bodyPatterns": [{"equalTo": "x"}]}, "body is '', not 'x'"),
    ],
)  # fmt: skip
def test_the_nearest_stub_file_and_what_differs(request_: dict[str, Any], differs: str) -> None:
    path = {} if any(key.startswith("url") for key in request_) else {"urlPath": "/v2/items"}
    stub = {"request": {"method": "GET", **path, **request_}, "response": {}}

    lines = explained(None, make_stub("/zzz"), stub, headers={"accept": "*/*"})
    assert lines[1] == "The nearest stub is 1.json:"
    assert lines[3] == f"    differs: {differs}"
