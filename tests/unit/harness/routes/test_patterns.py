"""What WireMock is told of a pattern means the same as the pattern."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from harness.routes.patterns import matchers
from harness.routes.transport import whole_url
from tests.unit.harness.factories import make_request

Pattern = str | re.Pattern[str]

HOSTS = ["a", "api.a.b", "a-b.c", "h:8080", "http.a:443", "https", "s", "0.0.0.1:1", "[::1]"]
URL_PIECES = ["/", "//", "a", "b", "v2", "http://a", "s:", ".", "-", "%20", ":8080", "?", "=", "&", "1", "A", "_", "@"]
TEXT_PIECES = ["a", "h", "s", "p", "/", "//", "://", "https", "http", ":", "api.a", "v2", "?", "8080", "A", "[", "é"]
ATOMS = [
    "a", "h", "p", "s", ":", "/", "/", "//", "://", "https", "http", "api", "v2", "8080", "A", "_", "-", "=",
    r"\.", r"\?", r"\[", ".", r"\d", r"\w", r"\W", r"\S", r"\s", r"\D", r"\b", "[a-z]", "[^a]", "[^/]", "[/:]",
    "[:/a]", r"[^\w]", "[./]+", "[^/]+", "[^?]+", "[^/:]", "[a-z/]*", ".*", ".+", ".*?", "(a|b)", "(?:ht|s)",
    "(?:s)?", "(?:a|/)", "(?=a)", "(?P<n>a)", "(?i:a)",
]  # fmt: skip
QUANTIFIERS = ["", "", "", "", "*", "+", "?", "{2}", "{1,2}", "*?", "+?", "{0}", "{2,}", "*+"]


def says(pattern: Pattern, url: str) -> bool | None:
    """Evaluate what WireMock is told as WireMock does; None where it cannot be told."""
    found = matchers(pattern)
    return None if found is None else any(matches(matcher, url) for matcher in found)


def matches(matcher: dict[str, Any], url: str) -> bool:
    assert matcher.keys() <= {"scheme", "headers", "urlPattern"}
    request = make_request(url)
    host = matcher.get("headers", {}).get("Host", {}).get("matches", ".*")
    return (
        matcher.get("scheme", request.url.scheme) == request.url.scheme
        and re.fullmatch(host, request.headers["host"]) is not None
        and re.fullmatch(matcher["urlPattern"], request.url.raw_path.decode()) is not None
    )


def holds(pattern: Pattern, url: str) -> bool:
    """Evaluate the pattern itself against the whole URL."""
    whole = whole_url(make_request(url))
    return pattern in whole if isinstance(pattern, str) else pattern.search(whole) is not None


def compiled(expression: str, flags: int = 0) -> re.Pattern[str] | None:
    try:
        return re.compile(expression, flags)
    except re.error:  # such as a quantifier after a quantifier
        return None


def urls() -> st.SearchStrategy[str]:
    def join(scheme: str, host: str, pieces: list[str]) -> str:
        path = "".join(pieces)
        return f"{scheme}://{host}{'' if path.startswith(('/', '?')) else '/'}{path}"

    pieces = st.lists(st.sampled_from(URL_PIECES), max_size=7)
    return st.builds(join, st.sampled_from(["http", "https"]), st.sampled_from(HOSTS), pieces)


@st.composite
def expressions(draw: st.DrawFn) -> re.Pattern[str]:
    items = draw(st.lists(st.tuples(st.sampled_from(ATOMS), st.sampled_from(QUANTIFIERS)), max_size=6))
    begin = draw(st.sampled_from(["", "", "", "^", r"\A"]))
    end = draw(st.sampled_from(["", "", "", "$", r"\Z"])) + draw(
        st.sampled_from(["", "", "", "", "", "|b", "|^a", "|/"])
    )
    flags = draw(st.sampled_from([0, 0, re.IGNORECASE, re.VERBOSE, re.MULTILINE, re.DOTALL, re.ASCII]))
    pattern = compiled(begin + "".join(map("".join, items)) + end, flags)
    assume(pattern is not None)
    assert pattern is not None
    return pattern


@st.composite
def parts_of_urls(draw: st.DrawFn) -> tuple[str, str]:
    """A URL and a piece of it, or nearly: most random patterns match nothing, these do."""
    url = draw(urls())
    whole = whole_url(make_request(url))
    begin = draw(st.integers(0, len(whole) - 1))
    return url, whole[begin : draw(st.integers(begin + 1, len(whole)))]


@st.composite
def expressions_of_urls(draw: st.DrawFn) -> tuple[str, re.Pattern[str]]:
    """A URL and an expression made of a piece of it: some of its characters became classes and repetitions."""
    url, part = draw(parts_of_urls())
    classes = st.sampled_from(["", "", "", "", ".", "[^/]+", ".*", r"\w", "[a-z/]+", r"\S", "[^?]*", "a", "/", r"\b"])
    expression = "".join(draw(classes) or re.escape(character) for character in part)
    expression = f"{draw(st.sampled_from(['', '', '^']))}{expression}{draw(st.sampled_from(['', '', '$']))}"
    return url, re.compile(expression, draw(st.sampled_from([0, re.IGNORECASE])))


def holds_together(pattern: Pattern, url: str) -> None:
    said = says(pattern, url)
    assume(said is not None)
    assert said == holds(pattern, url)


# Derandomized: a test of every change must not fail by chance (more examples are a matter of a number), nor because
# the machine is busy.
thorough = settings(
    max_examples=600,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@thorough
@given(st.lists(st.sampled_from(TEXT_PIECES), max_size=5).map("".join), urls())
@example("/api.a.b", "https://api.a.b/x")
@example("s://a/v", "https://a/v2")
@example("//", "https://a/")
def test_any_text_means_the_same_to_wiremock(text: str, url: str) -> None:
    holds_together(text, url)


@thorough
@given(parts_of_urls())
def test_a_text_of_the_url_is_found_wherever_it_lies(part: tuple[str, str]) -> None:
    url, text = part

    assert says(text, url) is True


@thorough
@given(expressions(), urls())
@example(re.compile(r"\b/v2"), "https://api.a/v2")
@example(re.compile("//[^/]+$"), "https://a//b")
@example(re.compile("[^/]+/[^/]+$"), "https://a/b")
@example(re.compile("S://A", re.IGNORECASE), "https://a/")
@example(re.compile("^$"), "https://a/")
def test_any_expression_means_the_same_to_wiremock(pattern: re.Pattern[str], url: str) -> None:
    holds_together(pattern, url)


@thorough
@given(expressions_of_urls())
def test_an_expression_of_the_url_means_the_same_to_wiremock(made: tuple[str, re.Pattern[str]]) -> None:
    url, pattern = made
    holds_together(pattern, url)


@pytest.mark.parametrize(
    "pattern",
    [
        "/api/items",
        "api.example.com/v2/projects",
        "https://",
        re.compile(r"/api/repos/\d+"),
        re.compile(r"/repos/my-org/[^/]+/contents/README\.md"),
        re.compile(r"/items\?page=[1-9]\d*&limit=\d{1,3}$"),
        re.compile(r"^https://api\.example\.com/v2/items$"),
        re.compile(r"^https?://[^/]+/v2/"),
        re.compile(r"api\.(dev|prod)\.example\.com"),
        re.compile("api.example.com/.*/items"),
        re.compile("/ITEMS", re.IGNORECASE),
        re.compile(r"(?i)/items"),
        re.compile(r"/a.+z"),
        re.compile(r"\bitems\b"),
    ],
    ids=str,
)
def test_the_patterns_that_tests_use_can_be_said(pattern: Pattern) -> None:
    assert matchers(pattern) is not None


@pytest.mark.parametrize(
    "expression",
    [
        "/a(?=b)", "/a(?!b)", r"(a)\1", "(/a|/b)", "(?:/a)?", "/{2}", ".{2,}", "/é", "/[a-é]", r"\Ba", "/(?i:a)",
        "a*+/", "^a|b", r"/a\nb", "[^/].?" * 9, "(?:a/)+", ".*x" * 30,
    ],
)  # fmt: skip
def test_what_cannot_be_said_exactly_is_left_to_the_test_process(expression: str) -> None:
    assert matchers(re.compile(expression)) is None


def test_an_empty_pattern_matches_everything() -> None:
    assert matchers("") == matchers(re.compile("")) == matchers(re.compile(".*")) == [{"urlPattern": ".*"}]


@pytest.mark.parametrize("expression", ["^/v2", "^$", r"\A\Z"])
def test_an_expression_that_can_match_no_url_has_no_matchers(expression: str) -> None:
    assert matchers(re.compile(expression)) == []


def test_a_text_is_matched_by_as_few_matchers_as_it_takes() -> None:
    assert matchers("?page=2") == [{"urlPattern": r".*\?page\=2.*"}]
    assert matchers("b/v2") == [
        {"urlPattern": ".*b/v2.*"},
        {"urlPattern": "/v2.*", "headers": {"Host": {"matches": ".*b"}}},
    ]
    assert matchers("s://h/v2") == [
        {"urlPattern": r".*s\://h/v2.*"},
        {"urlPattern": "//h/v2.*", "headers": {"Host": {"matches": r".*s\:"}}},
        {"urlPattern": "/v2.*", "scheme": "https", "headers": {"Host": {"matches": "h"}}},
    ]


def test_hosts_of_other_ports_and_schemes_do_not_match() -> None:
    assert says("https://h/v2", "https://h/v2") is True
    assert says("https://h/v2", "http://h/v2") is False
    assert says("https://h/v2", "https://h:8080/v2") is False
    assert says("https://h/v2", "https://h/other/v2") is False
