"""Requests are grouped into endpoints, as the reference document says."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.replay.patterns import FEW, group
from harness.replay.recording import Recorded
from tests.unit.harness.recordings import documented, get

WORDS = st.sampled_from([*"abcdefg", "repos", "orgs", "1", "2", "a b", "%2F", ""])
BODIES = st.sampled_from([None, "text", [], [{"id": 1}], {"id": 1}, {"name": "x", "url": "y"}, {"message": "no"}])
REQUESTS = st.builds(
    Recorded,
    method=st.sampled_from(["GET", "POST"]),
    url=st.builds(
        lambda host, path: f"https://{host}.example/{'/'.join(path)}",
        st.sampled_from(["one", "two"]),
        st.lists(WORDS, min_size=1, max_size=4),
    ),
    status=st.sampled_from([200, 201, 404, 500]),
    body=BODIES,
)


def test_the_documents_example() -> None:
    assert [str(each.pattern) for each in group(documented())] == [
        "GET api.example.com/orgs/my-org/installation",
        "GET api.example.com/orgs/my-org/repos",
        "GET api.example.com/repos/my-org/repo-1/contents/CODEOWNERS",
        "GET api.example.com/repos/my-org/*/contents/README.md",
    ]


@given(st.lists(REQUESTS, min_size=1, max_size=30))
@settings(deadline=None)
def test_each_request_is_matched_by_its_own_pattern_and_by_no_other(requests: list[Recorded]) -> None:
    groups = group(requests)

    assert sorted(number for each in groups for number in each.members) == list(range(len(requests)))
    for each in groups:
        for number in each.members:
            assert [other.pattern for other in groups if other.pattern.matches(requests[number])] == [each.pattern]


@given(st.permutations(documented()))
@settings(deadline=None)
def test_the_order_of_the_requests_does_not_matter(requests: list[Recorded]) -> None:
    patterns = [each.pattern for each in group(requests)]
    assert patterns == [each.pattern for each in group(documented())]


@given(st.lists(REQUESTS, min_size=1, max_size=30))
@settings(deadline=None)
def test_the_specific_come_before_those_with_wildcards(requests: list[Recorded]) -> None:
    wildcards = [each.pattern.wildcards for each in group(requests)]
    assert wildcards == sorted(wildcards)


def test_three_values_that_lead_to_different_things_are_kept_apart() -> None:
    bodies = [{"id": 1}, [{"name": "x"}], "text"]
    requests = [get(f"/{name}", body) for name, body in zip(string.ascii_lowercase, bodies, strict=False)]
    assert [str(each.pattern) for each in group(requests)] == [f"GET api.example.com/{name}" for name in "abc"]


def test_more_values_are_a_wildcard() -> None:
    requests = [get(f"/things/{number}", {"id": number}) for number in range(FEW + 1)]
    (found,) = group(requests)
    assert found.pattern.path == "/things/*"
    assert found.is_uniform


def test_a_wildcard_over_different_things_says_so() -> None:
    bodies = [{"a": 1}, {"b": 1}, [], "text"]
    (found,) = group([get(f"/{number}", body) for number, body in enumerate(bodies)])
    assert not found.is_uniform


def test_hosts_and_methods_are_kept_apart() -> None:
    requests = [get("https://a.example/x"), get("https://b.example/x"), Recorded("HEAD", "https://a.example/x")]
    assert len(group(requests)) == 3
