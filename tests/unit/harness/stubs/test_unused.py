"""Routes and stub files that answered nothing."""

from __future__ import annotations

import re

import pytest

from harness import InterceptTransport, UnusedStub
from harness.stubs.mappings import ROUTE_NUMBER
from harness.stubs.unused import unused_stubs
from tests.unit.harness.factories import call, make_journal_entry, make_stub


def answered_by(**stub: object) -> dict[str, object]:
    return {**make_journal_entry(), "stubMapping": stub}


def test_a_route_that_wiremock_answered_is_used_and_the_other_is_not() -> None:
    routes = InterceptTransport().add_route("GET", "/a", {}).add_route(None, "/b", {}, times=2).routes

    (unused,) = unused_stubs(routes, [], [answered_by(metadata={ROUTE_NUMBER: 0})])
    assert unused == UnusedStub(unused.source, "ANY /b (times=2)")
    assert re.fullmatch(r"route 2 of the test \(test_unused\.py:\d+\)", unused.source)


@pytest.mark.asyncio
async def test_a_route_that_the_test_process_answered_has_counted_for_itself() -> None:
    transport = InterceptTransport().add_route("GET", "items", lambda _: {})
    await call(transport)

    assert unused_stubs(transport.routes, [], []) == []


def test_each_kind_of_pattern_can_be_read() -> None:
    def of_a_page(_request: object) -> bool:
        return True

    transport = InterceptTransport().add_route("GET", of_a_page, {}).add_route("GET", re.compile("a+"), {})

    assert [each.request for each in unused_stubs(transport.routes, [], [])] == [
        f"GET where of_a_page, {__file__}:{of_a_page.__code__.co_firstlineno}",
        "GET a+",
    ]


def test_a_stub_file_is_told_by_its_id() -> None:
    used, unused = ({**make_stub(f"/{name}"), "id": name, "metadata": {"file": f"{name}.json"}} for name in "ab")

    assert list(map(str, unused_stubs([], [used, unused], [answered_by(id="A")]))) == ["b.json: GET /b"]


def test_a_request_that_nobody_answered_uses_nothing() -> None:
    routes = InterceptTransport().add_route("GET", "/a", {}).routes

    assert len(unused_stubs(routes, [], [make_journal_entry()])) == 1
