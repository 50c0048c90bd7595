"""Requests to one URL are told apart by their operation, and a stub that is suggested matches on it."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest

from harness import InterceptTransport, RequestLog, asks
from harness.routes.operations import asked, label_of, operation_of
from harness.stubs.short_form import to_stubs
from harness.stubs.unmatched import route_for
from harness.stubs.unmatched_requests import unanswered

URL = "https://api.example.com/graphql"
TEAMS = {"operationName": "Teams", "query": "query Teams { teams { id } }", "variables": {}}


def post(body: Any = None, **request: Any) -> httpx.Request:
    return httpx.Request("POST", URL, **({} if body is None else {"json": body}), **request)


@pytest.mark.parametrize(
    ("request_", "label"),
    [
        (post(TEAMS), "query Teams"),
        (post({"query": "# all\nmutation Add($a: Int) { add(a: $a) }"}), "mutation Add"),
        (post({"query": "{ me: viewer { login } }"}), "query { viewer }"),
        (post({"operationName": "B", "query": "query A { a } subscription B { b }"}), "subscription B"),
        (post([TEAMS, {"query": "query C { c }"}]), "query Teams, query C"),
        (post({"jsonrpc": "2.0", "method": "item.get", "id": 1}), "item.get"),
        (post({"Limit": 1}, headers={"X-Amz-Target": "DynamoDB_20120810.Scan"}), "DynamoDB_20120810.Scan"),
        (post("<a/>", headers={"SOAPAction": '"urn:x/GetItems"'}), "GetItems"),
        (post(data={"Action": "DescribeRegions", "Version": "1"}), "DescribeRegions"),
    ],
)
def test_an_operation_is_named_and_the_suggestions_match_on_it(request_: httpx.Request, label: str) -> None:
    assert label_of(request_) == f"POST {URL} ({label})"
    (found,) = unanswered([RequestLog(request_, httpx.Response(404))], [])
    (stub,) = to_stubs(found.entry(), "")
    assert {"bodyPatterns", "headers", "formParameters"} & stub["request"].keys()
    transport = InterceptTransport()
    exec(route_for(request_), {"transport": transport, "asks": asks, "re": re})  # noqa: S102 # what a person pastes
    assert transport.find_route(request_)
    assert not transport.find_route(post({"operationName": "Other", "query": "query Other { x }"}))


@pytest.mark.parametrize(
    "request_",
    [
        httpx.Request("GET", URL),
        post({"query": "status = open"}),
        post({"query": "a { b", "limit": 3}),
        post([]),
        post([1]),
        post(content=b"\xff{"),
        post(data={"Version": "1"}),
    ],
)
def test_what_has_none_has_none(request_: httpx.Request) -> None:
    assert operation_of(request_) is None


def test_each_operation_is_an_unmatched_request_of_its_own() -> None:
    members = {"operationName": "Members", "query": "query Members { m }"}
    calls = [
        RequestLog(post({**each, "variables": {"a": n}}), httpx.Response(404))
        for n, each in enumerate([TEAMS, members, TEAMS])
    ]

    found = unanswered(calls, [])
    assert [(each.label, each.times) for each in found] == [
        (f"POST {URL} (query Teams)", 2),
        (f"POST {URL} (query Members)", 1),
    ]
    assert "operationName: Members" in found[1].stub()


def test_a_query_of_many_spaces_takes_no_time() -> None:
    query = "query Teams {" + " " * 20_000 + "teams }"
    began = time.process_time()

    operation = operation_of(httpx.Request("POST", "https://api.test/graphql", json={"query": query}))

    assert operation is not None
    assert operation.label == "query Teams"
    assert time.process_time() - began < 2


def test_batches_that_differ_only_in_ids_and_variables_are_the_same() -> None:
    def batch(number: int, method: str = "list") -> httpx.Request:
        parts = [{"jsonrpc": "2.0", "method": method, "params": [number], "id": number + each} for each in range(2)]
        return httpx.Request("POST", "https://api.test/rpc", json=parts)

    assert len({asked(batch(number)) for number in range(100)}) == 1
    assert asked(batch(1)) != asked(batch(1, "count"))
