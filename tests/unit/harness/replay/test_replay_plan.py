"""A plan answers what was recorded as it was recorded, and what was cut still finishes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.replay.recording import Recorded
from harness.replay.replay_plan import Finder, plan
from harness.replay.truncate import Cut
from tests.unit.harness.recordings import API, Pager, answer_of, documented, get, post

NAMES = st.sampled_from(["page", "after", "sort", "q"])
VALUES = st.sampled_from(["", "1", "2", "10", "a b", "a/b", "ü"])
QUERIES = st.lists(st.tuples(NAMES, VALUES), max_size=3)
SEARCHES = st.fixed_dictionaries(
    {"operationName": st.sampled_from(["A", "B"])},
    optional={"variables": st.dictionaries(NAMES, VALUES | st.none() | st.lists(VALUES, max_size=2), max_size=2)},
)


def _url(path: list[str], query: list[tuple[str, str]]) -> str:
    import urllib.parse  # noqa: PLC0415

    return f"{API}/{'/'.join(path)}{'?' if query else ''}{urllib.parse.urlencode(query)}"


PATHS = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=1, max_size=3)
GETS = st.builds(lambda path, query, number: get(_url(path, query), {"n": number}), PATHS, QUERIES, st.integers(1, 3))
POSTS = st.builds(
    lambda path, asked, number: post(f"/{path}", asked, {"n": number}),
    st.sampled_from("ab"),
    SEARCHES | st.sampled_from(["text", None]),
    st.integers(1, 3),
)
REQUESTS = st.lists(GETS | POSTS, min_size=1, max_size=25)


@given(REQUESTS)
@settings(deadline=None)
def test_each_request_is_answered_by_one_route_with_what_it_got(requests: list[Recorded]) -> None:
    routes = plan(requests, Cut.NOTHING).routes

    for request in requests:
        (route,) = [each for each in routes if each.matches(request)]
        assert request.body in [turn.answer.body for turn in route.turns]


@given(REQUESTS)
@settings(deadline=None)
def test_in_the_recorded_order_everything_is_answered_as_recorded(requests: list[Recorded]) -> None:
    finder = Finder(plan(requests, Cut.NOTHING).routes)
    given_: dict[int, int] = {}

    for request in requests:
        route = finder.find(request)
        assert route is not None
        number = given_[id(route)] = given_.get(id(route), 0) + 1
        ends = [sum(turn.times or 10**6 for turn in route.turns[: index + 1]) for index in range(len(route.turns))]
        turn = next(turn for turn, end in zip(route.turns, ends, strict=True) if number <= end)
        assert turn.answer.body == request.body


@given(REQUESTS)
@settings(deadline=None)
def test_what_is_cut_still_has_a_route_for_each_endpoint(requests: list[Recorded]) -> None:
    cut = plan(requests, Cut.LISTS)
    assert {route.endpoint for route in cut.only([]).routes} == {route.endpoint for route in cut.routes}


@pytest.mark.parametrize("style", Pager.STYLES)
@given(items=st.integers(0, 40), size=st.integers(1, 7))
@settings(deadline=None)
def test_a_replay_of_everything_gives_everything(style: str, items: int, size: int) -> None:
    pager = Pager(style, size)
    whole = plan(list(pager.served(items)), Cut.NOTHING)
    assert pager.read(whole, most=100) == ([{"id": number} for number in range(items)], True)


@pytest.mark.parametrize("style", Pager.STYLES)
@given(items=st.integers(0, 40), size=st.integers(1, 7))
@settings(deadline=None)
def test_a_cut_replay_ends_with_a_part_of_it(style: str, items: int, size: int) -> None:
    pager = Pager(style, size)
    served = list(pager.served(items))
    read, has_ended = pager.read(plan(served, Cut.LISTS), most=3)  # two pages, and the end

    assert has_ended
    assert read[:2] == [{"id": number} for number in range(items)][: min(2, size)] or items == 0
    assert all(each["id"] < items for each in read)
    assert len(read) <= 4


def test_the_documents_example() -> None:
    routes = plan(documented(), Cut.LISTS).routes
    assert [(str(route.pattern), route.turns[0].answer.status) for route in routes] == [
        ("GET api.example.com/orgs/my-org/installation", 200),
        ("GET api.example.com/orgs/my-org/repos", 200),
        ("GET api.example.com/repos/my-org/repo-1/contents/CODEOWNERS", 404),
        ("GET api.example.com/repos/my-org/*/contents/README.md", 200),
    ]


def test_what_changed_between_identical_calls_is_a_sequence() -> None:
    busy = get("/job", {"message": "slow down"}, 429, headers={"retry-after": "1"})
    requests = [
        busy,
        get("/job", {"status": "queued"}),
        get("/job", {"status": "queued"}),
        get("/job", {"status": "done"}),
    ]
    (route,) = plan(requests, Cut.LISTS).routes

    assert [(turn.answer.status, turn.answer.body, turn.times) for turn in route.turns] == [
        (429, {"message": "slow down"}, 1),
        (200, {"status": "queued"}, 2),
        (200, {"status": "done"}, None),
    ]
    assert route.turns[0].answer.headers == {"retry-after": "1"}


def test_graphql_operations_and_variables_are_told_apart() -> None:
    def asked(name: str, after: str | None) -> dict[str, Any]:
        return {"operationName": name, "query": f"query {name}", "variables": {"after": after, "first": 50}}

    requests = [
        post("/graphql", asked(name, after), {"data": {name: after}})
        for name in ("People", "Things")
        for after in (None, "x")
    ]
    routes = plan(requests, Cut.NOTHING).routes

    assert len(routes) == 4
    assert {key for route in routes for key, _ in route.telling} == {
        ("json", "operationName"),
        ("json", "variables", "after"),
    }


def test_a_value_of_the_run_does_not_tell_requests_apart() -> None:
    requests = [
        get(f"/events?until=2026-11-21T10:2{number}:00Z&nonce=n{number}&_=17951{number}", [number])
        for number in range(3)
    ]
    (route,) = plan(requests, Cut.NOTHING, "2026-11-21T10:30:00+00:00").routes
    assert [turn.answer.body for turn in route.turns] == [[0], [1], [2]]


def test_repositories_with_different_answers_keep_their_own() -> None:
    requests = [get(f"/repos/{number}", {"id": number, "name": "x"}) for number in range(5)]
    assert [str(route.pattern) for route in plan(requests, Cut.NOTHING).routes] == [
        f"GET api.example.com/repos/{number}" for number in range(5)
    ]
    cut = plan(requests, Cut.LISTS)
    used = cut.only([requests[3]])
    assert [(route.pattern.path, route.is_catch_all) for route in used.routes] == [
        ("/repos/3", False),
        ("/repos/*", True),
    ]
    assert answer_of(used, requests[3]).body == {"id": 3, "name": "x"}
    assert answer_of(used, requests[4]).body == {"id": 0, "name": "x"}


def test_the_catch_all_answers_with_2xx_if_any_did() -> None:
    requests = [get(f"/repos/{number}", {"id": number}, 404 if number < 3 else 200) for number in range(5)]
    (catch_all,) = [route for route in plan(requests, Cut.LISTS).routes if route.is_catch_all]
    assert catch_all.turns[0].answer.body == {"id": 3}


def test_reachable_is_what_an_answer_that_is_left_speaks_of() -> None:
    requests = [get("/things", [{"id": number} for number in range(9)])]
    requests += [get(f"/things/{number}", {"id": number, "owner": f"/users/u{number} x"}) for number in range(9)]
    requests += [get(f"/users/u{number}%20x", {"login": f"u{number}"}) for number in range(9)]
    left = [route.pattern.path for route in plan(requests, Cut.LISTS).reachable().routes]
    assert left == ["/things", "/things/0", "/things/1", "/users/u0%20x", "/users/u1%20x", "/things/*", "/users/*"]


def many(count: int) -> list[Recorded]:
    """So many requests: pages, details of each item, searches and files."""
    found = []
    for number in range(count // 4):
        item = {"id": number, "name": f"thing-{number}", "tags": ["a", "b", "c"], "owner": {"id": number % 7}}
        after = str(number) if number else None
        info = {"hasNextPage": number < count // 4 - 1, "endCursor": str(number + 1)}
        found += [
            get(f"/things?page={number + 1}&per_page=5", [{**item, "id": number * 5 + each} for each in range(5)]),
            get(f"/things/{number}", item),
            get(f"/things/{number}/readme", "read me"),
            post(
                "/graphql", {"query": "q", "variables": {"after": after}}, {"data": {"nodes": [item], "pageInfo": info}}
            ),
        ]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("how", list(Cut))
def test_ten_thousand_requests_are_planned_in_seconds(how: Cut) -> None:
    requests = many(10_000)
    began = time.process_time()
    made = plan(requests, how)
    finder = Finder(made.routes)
    if how is Cut.NOTHING:
        assert all(json.dumps(finder.find(each).turns[0].answer.body) == json.dumps(each.body) for each in requests)  # type: ignore[union-attr]
    assert time.process_time() - began < 10
