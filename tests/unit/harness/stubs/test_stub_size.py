"""Checking takes time in proportion to what there is: long words, many stubs."""

import base64
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stubs.check import check
from harness.stubs.cover import Covering, covers
from harness.stubs.leaks import leaks
from tests.unit.harness.factories import write

# What was quadratic took a minute for each of these, and takes tenths of a second; a busy machine may be ten times slower.
SECONDS = 10
LETTERS = 40_000
STUBS = 2_000
MATCHERS = [{"equalTo": "1"}, {"equalTo": "12"}, {"contains": "1"}, {"matches": ".*"}]
requests = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["GET", "POST", "ANY", "GET_OR_HEAD"]),
        **{key: st.sampled_from(["/a", "/a?x=1", "/a/b"]) for key in ("url", "urlPath")},
        **{
            key: st.sampled_from([".*", "/a.*", "/a/?", "/a/*b", "/a/[a-z]"])
            for key in ("urlPattern", "urlPathPattern")
        },
        "urlPathTemplate": st.sampled_from(["/{x}", "/a/{x}"]),
        "headers": st.dictionaries(st.sampled_from(["A", "a", "B"]), st.sampled_from(MATCHERS), max_size=2),
        "queryParameters": st.dictionaries(st.just("x"), st.sampled_from(MATCHERS), max_size=1),
        "bodyPatterns": st.lists(st.sampled_from([{"contains": "a"}, {"equalToJson": {"a": 1}}]), max_size=2),
        "host": st.sampled_from([{"equalTo": "H"}, {"equalTo": "h"}, {"matches": ".*"}]),
        "scheme": st.sampled_from(["http", "https"]),
    },
)


@given(st.lists(requests, max_size=12))
def test_the_first_that_covers_a_stub_is_found_as_if_each_were_tried(some: list[dict[str, Any]]) -> None:
    earlier = Covering(some)
    for number, request in enumerate(some):
        plain = next((before for before in range(number) if covers(some[before], request)), None)
        assert earlier.find(request) == plain
        earlier.add(number, request)


@pytest.mark.parametrize(
    "text",
    [
        "a" * LETTERS,
        base64.b64encode(bytes(range(256)) * 117).decode(),
        (bytes(range(256)) * 78).hex(),
        "eyJ" * (LETTERS // 3),
        "a:" * (LETTERS // 2),
        "mailto:" * (LETTERS // 7),
        "1_" * (LETTERS // 2),
    ],
    ids=["letters", "base64", "hex", "tokens", "names", "addresses", "numbers"],
)
def test_a_long_word_is_looked_through_once(text: str) -> None:
    began = time.monotonic()
    leaks(text)

    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize(
    "request_of",
    [
        lambda number: {"urlPath": f"/{number}"},
        lambda number: {"urlPath": "/a", "bodyPatterns": [{"matchesJsonPath": f"$.a{number}"}]},
        lambda number: {"urlPathPattern": f"/a/{number}/[0-9]+"},
        lambda number: {"urlPath": "/a", "host": {"equalTo": f"h{number}.example.com"}},
        lambda _: {"urlPath": "/a"},
    ],
    ids=["paths", "bodies", "patterns", "hosts", "same"],
)
def test_many_stubs_are_compared_with_those_alone_that_can_cover_them(tmp_path: Path, request_of: Any) -> None:
    stubs = [{"request": request_of(number), "response": {}} for number in range(STUBS)]
    write(tmp_path / "a.json", {"mappings": stubs})
    began = time.monotonic()
    check(tmp_path)

    assert time.monotonic() - began < 2 * SECONDS
