"""Lists are cut, and what counts them or leads on from them fits what is left."""

from __future__ import annotations

from typing import Any

import pytest

from harness.replay.answers import Answer, turns
from harness.replay.truncate import Cut, cut, end

SIX = [{"id": number} for number in range(6)]
TWO = SIX[:2]


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (SIX, TWO),
        (["a", "b", "c"], ["a", "b"]),
        ({"items": SIX, "total": 6}, {"items": TWO, "total": 2}),
        ({"data": {"nodes": SIX, "totalCount": 6}}, {"data": {"nodes": TWO, "totalCount": 2}}),
        ({"results": SIX, "meta": {"total": "6", "page": 1}}, {"results": TWO, "meta": {"total": "2", "page": 1}}),
        ({"name": "shop/api", "tags": ["a", "b", "c"]}, {"name": "shop/api", "tags": ["a", "b"]}),
        ({"id": 7, "labels": SIX, "total": 6}, {"id": 7, "labels": SIX, "total": 6}),
        ([{"id": 1, "labels": ["a", "b", "c"]}], [{"id": 1, "labels": ["a", "b", "c"]}]),
        ({"total": 6, "price": 7}, {"total": 6, "price": 7}),
        ({"items": TWO, "total": 2}, {"items": TWO, "total": 2}),
        ("text", "text"),
        (None, None),
    ],
)
def test_the_lists_that_an_answer_is_about_are_cut(body: Any, left: Any) -> None:
    assert cut(answer(body), Cut.LISTS).body == left
    assert cut(answer(body), Cut.NOTHING).body == body


def test_only_lists_of_objects_are_cut_where_the_others_are_data() -> None:
    both = {"tags": ["a", "b", "c"], "items": SIX}
    assert cut(answer(both), Cut.OBJECTS).body == {"tags": ["a", "b", "c"], "items": [SIX[0], SIX[-1]]}


def test_errors_and_counters_in_headers() -> None:
    assert cut(answer(SIX, 422), Cut.LISTS).body == SIX
    assert cut(answer(SIX, x_total="6", x_total_pages="3", etag="6"), Cut.LISTS).headers == {
        "x-total": "2",
        "x-total-pages": "1",
        "etag": "6",
    }


@pytest.mark.parametrize(
    ("first", "last", "ended"),
    [
        (
            {"items": TWO, "next": "https://x/2", "offset": 0, "limit": 2},
            {"items": [], "next": None, "offset": 4, "limit": 2},
            {"items": TWO, "next": None, "offset": 0, "limit": 2},
        ),
        ({"items": TWO, "nextPageToken": "t"}, {"items": []}, {"items": TWO}),
        ({"items": TWO}, {"items": [], "isLast": True}, {"items": TWO, "isLast": True}),
        (
            {"d": {"n": TWO, "pageInfo": {"hasNextPage": True, "endCursor": "1"}}},
            {"d": {"n": [], "pageInfo": {"hasNextPage": False, "endCursor": "3"}}},
            {"d": {"n": TWO, "pageInfo": {"hasNextPage": False, "endCursor": "3"}}},
        ),
        (TWO, [], TWO),
    ],
)
def test_the_first_page_ends_as_the_last_one_did(first: Any, last: Any, ended: Any) -> None:
    assert end(answer(first), answer(last)).body == ended


def test_a_link_leads_nowhere_but_back() -> None:
    link = '<https://x/?page=2>; rel="next", <https://x/?page=9>; rel="last", <https://x/?page=1>; rel="first"'
    assert end(answer([], link=link), answer([])).headers == {"link": '<https://x/?page=1>; rel="first"'}
    assert end(answer([], link="<https://x/?a=1,2>; rel=next", x_next_page="2"), answer([])).headers == {}
    assert end(answer([], x_next_page="2"), answer([], x_next_page="")).headers == {"x-next-page": ""}


def test_answers_that_say_the_same_are_one_turn() -> None:
    first, again = (
        answer({"a": 1}, date="Mon", x_ratelimit_remaining="9"),
        answer({"a": 1}, date="Tue", x_ratelimit_remaining="8"),
    )
    assert [(turn.answer, turn.times) for turn in turns([first, again])] == [(first, None)]
    assert [turn.times for turn in turns([first, again, answer({"a": 2}), answer({"a": 1})])] == [2, 1, None]
