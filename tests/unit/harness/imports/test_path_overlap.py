"""Two stubs whose paths cannot be the same are told apart by what is literal in them, quickly where there are thousands."""

import random
import re
import time
from typing import Any

import pytest

from harness.imports.path_overlap import overlap, prefix, segments
from harness.imports.wiremock_folder import same_order


def may_meet(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return overlap((prefix(one), segments(one)), (prefix(other), segments(other)))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/a.b", "/a"),
        ("/ab*", "/a"),
        ("/ab?c", "/a"),
        ("/ab{2}", "/a"),
        ("/ab+", "/a"),
        (r"/a\.b\.?", "/a.b"),
        (r"/a\-b/.*", "/a-b/"),
        ("(?i)/a", ""),
        ("^/a/b$", "/a/b"),
        ("/a|/b", ""),
        (r"\Q/a\E", ""),
        (".*", ""),
        ("", ""),
        ("/a%20b", "/a"),
        (r"/a\d+", "/a"),
        ("/a(b|c)", ""),
        ("/a[bc]", "/a"),
    ],
)
def test_what_paths_begin_with(pattern: str, expected: str) -> None:
    assert prefix({"urlPathPattern": pattern}) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"urlPathPattern": "/a/[^/]+"}, {"urlPathPattern": "/b/[^/]+"}, False),
        ({"urlPathPattern": "/a/.*"}, {"urlPathPattern": "/a/b/.*"}, True),
        ({"urlPathPattern": "/a/[^/]+/x"}, {"urlPathPattern": "/a/[^/]+/y"}, False),
        ({"urlPathPattern": "/a/[^/]+/x"}, {"urlPathPattern": r"/a/\d+/x"}, True),
        ({"urlPathPattern": "/a/[^/]+"}, {"urlPathPattern": "/a/[^/]+/y"}, False),
        ({"urlPathPattern": "/a/.+"}, {"urlPathPattern": "/a/[^/]+/y"}, True),
        ({"urlPathTemplate": "/a/{x}"}, {"urlPathTemplate": "/a/{y}"}, True),
        ({"urlPathTemplate": "/a/{x}"}, {"urlPathTemplate": "/a/{x}/b"}, False),
        ({"urlPathTemplate": "/a/{x}"}, {"urlPattern": "/b.*"}, False),
        ({"urlPathTemplate": "/a/{x}"}, {"urlPattern": ".*"}, True),
        ({"urlPath": "/a.b"}, {"urlPathPattern": r"/a\..*"}, True),
        ({"url": "/a?b=c"}, {"urlPathPattern": "/a"}, True),
        ({"url": "/a?b=c"}, {"urlPattern": "/b.*"}, False),
        ({}, {"urlPathPattern": "/a"}, True),
        ({}, {}, True),
    ],
)
def test_which_may_be_the_same(one: dict[str, Any], other: dict[str, Any], *, expected: bool) -> None:
    assert may_meet(one, other) is expected
    assert may_meet(other, one) is expected


def test_no_path_is_of_two_that_do_not_overlap() -> None:
    chance = random.Random(1)  # noqa: S311 # no secret
    parts = ["/", "a", "b", "/", "[^/]+", r"\d+", ".*", "b?", "a*", r"\.", "(a|b)", "1", "/a"]
    apart = 0
    for _ in range(5_000):
        one, other = ("/" + "".join(chance.choices(parts, k=chance.randint(0, 5))) for _ in range(2))
        if not may_meet({"urlPathPattern": one}, {"urlPathPattern": other}):
            apart += 1
            paths = ("/" + "".join(chance.choices("/ab1./", k=chance.randint(0, 5))) for _ in range(20))
            assert not [path for path in paths if re.fullmatch(one, path) and re.fullmatch(other, path)]
    assert apart > 1_000


@pytest.mark.parametrize("pattern", ["/item{}x/.*", "/a/b/{}x[0-9]*", "/{}x/[^/]+/b", "/{}x(/y)?"])
def test_thousands_of_patterns_that_do_not_overlap_keep_their_priorities_quickly(pattern: str) -> None:
    stubs = [{"request": {"urlPathPattern": pattern.format(n)}, "response": {"body": str(n)}} for n in range(3_000)]
    start = time.process_time()
    assert same_order(stubs) == {}
    assert time.process_time() - start < 5  # it was over a minute


def test_a_thousand_patterns_that_all_overlap_are_put_in_order_in_seconds() -> None:
    stubs = [{"request": {"urlPathPattern": f".*/items/{n}.*"}, "response": {"body": str(n)}} for n in range(1_000)]
    start = time.process_time()
    assert same_order(stubs)[0] == 1_004
    assert time.process_time() - start < 10  # it was half a minute
