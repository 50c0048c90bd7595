"""Pages are found by following what answers give into the next request, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.replay.origins import Origins
from harness.replay.recording import Recorded
from harness.replay.replay_plan import Finder, Plan, plan
from harness.replay.request_features import features_of
from harness.replay.truncate import Cut
from tests.unit.harness.recordings import get, post

SIZE, ITEMS = 10, 34
Ask = Callable[[Any, Any], Recorded | None]


def _id(number: int) -> str:
    return f"thing-{number:03}"


def mango(body: Any, _: Any) -> Recorded | None:
    if body is not None and not body["docs"]:
        return None
    after = {"$gt": body["docs"][-1]["_id"]} if body else {"$gt": None}
    return post("/_find", {"selector": {"_id": after}, "limit": SIZE})


def short(body: Any, _: Any) -> Recorded | None:
    if body is None:
        return get("/things?n=10")
    return get(f"/things?n=10&beyond={body['docs'][-1]['_id']}") if len(body["docs"]) == SIZE else None


def header(body: Any, headers: Any) -> Recorded | None:
    if body is None:
        return get("/things")
    token = headers.get("x-more")
    return get("/things", request_headers={"x-more": token}) if token else None


def token(body: Any, _: Any) -> Recorded | None:
    if body is None:
        return post("/list", {"Max": SIZE})
    return post("/list", {"Max": SIZE, "Ahead": body["Ahead"]}) if body["Ahead"] else None


def search_after(body: Any, _: Any) -> Recorded | None:
    if body is None:
        return post("/_search", {"sort": ["_id"]})
    if not body["docs"]:
        return None
    return post("/_search", {"sort": ["_id"], "search_after": body["docs"][-1]["sort"]})


WAYS: dict[str, Ask] = {each.__name__: each for each in (mango, short, header, token, search_after)}


def served(ask: Ask, items: int = ITEMS) -> Iterator[Recorded]:
    asked = ask(None, None)
    start = 0
    while asked is not None:
        page = range(start, min(start + SIZE, items))
        more = start + SIZE < items
        body = {"docs": [{"_id": _id(each), "sort": [each * 7, _id(each)]} for each in page]}
        body["Ahead"] = f"token{start}" if more else ""
        headers: dict[str, Any] = {"x-more": f"token{start}"} if more else {}
        yield Recorded(asked.method, asked.url, asked.request_headers, asked.request_body, 200, headers, body)
        asked = ask(body, headers)
        start += SIZE


def replayed(ask: Ask, planned: Plan) -> list[str]:
    """The items that a client reads of a plan."""
    finder, found = Finder(planned.routes), []
    asked = ask(None, None)
    for _ in range(20):
        if asked is None:
            return found
        route = finder.find(asked)
        assert route is not None, f"{asked.method} {asked.url} {asked.request_body} has no route"
        answer = route.turns[0].answer
        found += [each["_id"] for each in answer.body["docs"]]
        asked = ask(answer.body, answer.headers)
    raise AssertionError("it does not end")


@pytest.mark.parametrize("items", [0, 5, 10, 20, 34])
@pytest.mark.parametrize("way", WAYS)
def test_a_replay_of_everything_gives_everything(way: str, items: int) -> None:
    planned = plan(list(served(WAYS[way], items)), Cut.NOTHING)
    assert replayed(WAYS[way], planned) == [_id(each) for each in range(items)]


@pytest.mark.parametrize("items", [5, 10, 20, 34])
@pytest.mark.parametrize("way", WAYS)
def test_what_is_cut_still_ends_and_gives_a_part(way: str, items: int) -> None:
    planned = plan(list(served(WAYS[way], items)), Cut.LISTS)
    found = replayed(WAYS[way], planned)
    assert 2 <= len(found) <= 4
    assert set(found) <= {_id(each) for each in range(items)}
    assert sum(len(route.turns) for route in planned.routes) <= 2


@pytest.mark.parametrize("way", WAYS)
def test_pages_of_which_only_objects_are_cut_still_lead_on(way: str) -> None:
    planned = plan(list(served(WAYS[way])), Cut.OBJECTS)
    found = replayed(WAYS[way], planned)
    assert set(found) <= {_id(each) for each in range(ITEMS)}


def followed(requests: list[Recorded]) -> list[str]:
    members = list(range(len(requests)))
    asked = {each: features_of(requests[each]) for each in members}
    return [".".join(key[1:]) for key in Origins(requests).paging(members, asked)]


def test_a_tree_is_no_chain_of_pages() -> None:
    tree = [
        get("/nodes", [{"id": "root1"}, {"id": "root2"}]),
        get("/nodes?parent=root1", [{"id": "leaf1"}]),
        get("/nodes?parent=root2", [{"id": "leaf2"}]),
        get("/nodes?parent=leaf1", []),
    ]
    assert followed(tree) == []


def test_one_short_value_is_chance_and_two_at_the_same_place_are_not() -> None:
    pages = [
        get("/x", {"up": 2, "items": []}),
        get("/x?p=2", {"up": 3, "items": []}),
        get("/x?p=3", {"up": 0, "items": []}),
    ]
    assert followed(pages) == ["p"]
    assert followed(pages[:2]) == []


def test_a_link_in_a_header_leads_on() -> None:
    first = get("/x", [], headers={"link": '<https://api.example.com/x?c=abcd>; rel="next"'})
    assert followed([first, get("/x?c=abcd", [])]) == ["c"]


def test_an_xml_answer_leads_on() -> None:
    first = get("/x", "<r><item>1</item><NextMarker>abcd/1</NextMarker></r>")
    assert followed([first, get("/x?c=abcd/1", "<r></r>")]) == ["c"]
