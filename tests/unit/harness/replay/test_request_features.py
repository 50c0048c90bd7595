"""What a request asks besides its path is taken apart, and as little of it as possible distinguishes the answers."""

from __future__ import annotations

from typing import Any

import pytest

from harness.replay.recording import Recorded
from harness.replay.request_features import Key, Question, features_of, is_paging, telling
from tests.unit.harness.recordings import API, get, post

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("request_", "features"),
    [
        (get("/x?a=1&b=&a=%C3%BC+2"), {("query", "a"): ("1", "ü 2"), ("query", "b"): ("",), ("body",): ("none", "")}),
        (
            post("/x", {"a": {"b": [1], "c": None, "d": {}}, "e": "f"}),
            {
                ("json", "a"): "{}",
                ("json", "a", "b"): "[1]",
                ("json", "a", "d"): "{}",
                ("json", "e"): '"f"',
                ("body",): ("object", ""),
            },
        ),
        (post("/x", [{"a": 1}]), {("body",): ("json", '[{"a": 1}]')}),
        (post("/x", "text"), {("body",): ("text", "text")}),
        (post("/x", {"$base64": "AA==", "content_type": None}), {("body",): ("base64", "AA==")}),
        (post("/x", "q=a+b", request_headers=FORM), {("form", "q"): ("a b",), ("body",): ("text", "q=a+b")}),
        (
            Recorded("GET", f"{API}/x", {"accept": ["a", "b"], "authorization": "c"}),
            {("header", "accept"): ("a", "b"), ("body",): ("none", "")},
        ),
    ],
)
def test_features(request_: Recorded, features: dict[Key, Any]) -> None:
    assert features_of(request_) == features


@pytest.mark.parametrize(
    "name", ["page", "pageNumber", "page[number]", "next_token", "startAt", "offset", "after", "cursor"]
)
def test_words_for_pages(name: str) -> None:
    assert is_paging(("query", name))


@pytest.mark.parametrize("name", ["page_size", "per_page", "pageSize", "limit", "q", "name", "maxResults"])
def test_words_for_something_else(name: str) -> None:
    assert not is_paging(("query", name))


def asked(answer: str, path: str = "x", **features: str) -> Question:
    return Question((path,), {("query", name): (value,) for name, value in features.items()}, answer)


def test_as_little_as_possible_tells_questions_apart() -> None:
    assert telling([asked("1", a="1", b="1"), asked("1", a="2", b="1")]) == []
    assert telling([asked("1", a="1", b="1"), asked("2", a="2", b="1")]) == [("query", "a")]
    assert telling([asked("1", z="1", page="1"), asked("2", z="2", page="2")]) == [("query", "page")]
    both = [asked(f"{a}{b}", a=a, b=b) for a in "12" for b in "12"]
    assert telling(both) == [("query", "a"), ("query", "b")]
    assert telling([asked("1", "x", a="1"), asked("2", "y", a="2")]) == []
    assert telling([asked("1", a="1"), asked("2")]) == [("query", "a")]


def test_two_features_that_tell_only_together() -> None:
    alike = {("1", "1"): "even", ("1", "2"): "odd", ("2", "1"): "odd", ("2", "2"): "even"}
    assert len(telling([asked(answer, a=a, b=b) for (a, b), answer in alike.items()])) == 2
