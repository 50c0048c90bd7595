"""What no other run will have never tells requests apart; what an answer or the configuration gave does."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from harness.replay.origins import Origins
from harness.replay.patterns import group
from harness.replay.recording import Recorded
from harness.replay.replay_plan import Finder, plan
from harness.replay.request_features import TextPattern
from harness.replay.truncate import Cut
from harness.replay.volatile import Volatile
from tests.unit.harness.recordings import answer_of, get, post

RECORDED_AT = "2026-11-21T10:30:00+00:00"


def steady(requests: list[Recorded], config: dict[str, Any] | None = None, at: str = RECORDED_AT) -> list[Any]:
    """What is left of the features of requests to one path, without that there is no body."""
    (endpoint,) = group(requests)
    found = Volatile(requests, Origins(requests, config), at).steady(endpoint.pattern, endpoint.members)
    return [{".".join(key[1:]): value for key, value in found[each].items() if len(key) > 1} for each in found]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("since=2026-11-21T10:29:00Z", []),
        ("since=2026-10-22T10:29:58.123456%2B00:00", []),
        ("since=2026-10-22", []),
        ("since=2026/10/22+10:29", []),
        ("since=20261022T102958Z", []),
        ("since=Thu,+22+Oct+2026+10:29:58+GMT", []),
        ("until=2027-11-21", []),
        ("since=2026-11-21T10:29:00", []),
        ("since=2025-01-01T00:00:00Z", ["since"]),
        ("since=1970-01-01", ["since"]),
        ("t=1795257000", []),
        ("t=1795257000123", []),
        ("t=1792665000.25", []),
        ("id=1234567890", ["id"]),
        ("start_date=2015-01-01", ["start_date"]),
        ("date=2015-02-01T00:00:00Z", ["date"]),
        ("ts=1420070400", ["ts"]),
        ("ts=1795257000", []),
        ("exp=20150301", ["exp"]),
        ("X-Amz-Date=20261121T102958Z", []),
        ("version=2026-13-41", ["version"]),
        ("phone=49301795257000123", ["phone"]),
        ("run=6f9619ff-8b86-4d01-b42d-00cf4fc964ff", []),
        ("nonce=a&X-Amz-Date=b&X-Amz-Signature=c&page=2", ["page"]),
    ],
)
def test_values_of_the_run_are_left_out(query: str, left: list[str]) -> None:
    (found,) = steady([get(f"/x?{query}")])
    assert list(found) == left


def test_without_the_moment_of_the_recording_no_moment_is_of_the_run() -> None:
    (found,) = steady([get("/x?since=2026-11-21T10:29:00Z")], at="")
    assert list(found) == ["since"]


def test_what_the_configuration_or_an_earlier_answer_has_stays() -> None:
    assert steady([get("/x?since=2026-10-22T00:00:00Z")], {"start": "2026-10-22"}) == [
        {"since": ("2026-10-22T00:00:00Z",)}
    ]
    job = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
    assert steady([get("/x", {"jobs": [{"id": job}]}), get(f"/x?job={job}")])[1] == {"job": (job,)}
    assert steady([get(f"/x?job={job}"), get("/x", {"jobs": [{"id": job}]})])[0] == {}


@pytest.mark.parametrize("name", ["date", "start_date", "fromTs", "exp"])
def test_constant_moments_are_routes_of_their_own(name: str) -> None:
    recorded = [get(f"/x?{name}=2015-0{month}-01", {"n": month}) for month in (1, 2, 3)]
    planned = plan(recorded, Cut.NOTHING, RECORDED_AT)
    answers = [answer_of(planned, get(f"/x?{name}=2015-0{month}-01")) for month in (3, 1, 2)]
    assert [each.body for each in answers if each is not None] == [{"n": 3}, {"n": 1}, {"n": 2}]


def test_what_the_mapping_has_stays() -> None:
    roles = ["6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "0b0a1c2d-8b86-4d01-b42d-00cf4fc96400"]
    told = {"config": {}, "mapping": {"resources": [{"selector": {"roles": roles, "query": "true"}}]}}
    found = steady([get(f"/x?role={each}") for each in roles], told)
    assert [each["role"] for each in found] == [(each,) for each in roles]


def test_of_a_text_with_a_moment_in_it_the_rest_tells() -> None:
    one, two = steady(
        [
            get("/x?jql=project%3DA+AND+updated%3E%3D%222026-10-22+10:29%22"),
            get("/x?jql=project%3DB+AND+updated%3E%3D%222026-10-22+10:29%22"),
        ]
    )
    assert one != two
    (pattern,) = one["jql"]
    assert isinstance(pattern, TextPattern)
    assert pattern.fits('project=A AND updated>="2027-01-01 08:00"')
    assert not pattern.fits('project=B AND updated>="2027-01-01 08:00"')


def test_another_random_value_in_each_request_is_a_nonce_and_the_same_one_is_not() -> None:
    some = [hashlib.sha256(each.encode()).hexdigest()[:20] for each in "abc"]
    assert steady([get(f"/x?salt={each}&n=1") for each in some]) == [{"n": ("1",)}] * 3
    assert len(steady([get(f"/x?hash={each}") for each in [*some, some[0]]])[0]) == 1


def test_ids_of_json_rpc_are_left_out() -> None:
    call = {"jsonrpc": "2.0", "id": 7, "method": "things"}
    assert steady([post("/rpc", call)]) == [{"jsonrpc": '"2.0"', "method": '"things"'}]
    assert steady([post("/rpc", {"id": 7, "method": "things"})]) == [{"id": "7", "method": '"things"'}]


def test_headers_count_where_an_answer_gave_their_value() -> None:
    asked = {"x-continuation": "abc12", "x-client": "abc", "authorization": "Bearer abc12"}
    first = get("/x", [], headers={"x-continuation": "abc12"}, request_headers={"x-client": "abc"})
    assert steady([first, get("/x", request_headers=asked)]) == [{}, {"x-continuation": ("abc12",)}]


REPLAYS = [
    # (recorded, replayed 40 days later)
    ("/report?from=2026-10-22&to=2026-11-21", "/report?from=2026-12-01&to=2026-12-31"),
    ("/reports/2026-11-21", "/reports/2026-12-31"),
    ("/runs/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/log", "/runs/0b0a1c2d-8b86-4d01-b42d-00cf4fc96400/log"),
    ("/q?q=created:%3E2026-10-22+is:open", "/q?q=created:%3E2026-12-01+is:open"),
]


@pytest.mark.parametrize("how", [Cut.LISTS, Cut.NOTHING])
@pytest.mark.parametrize(("before", "after"), REPLAYS)
def test_a_window_of_time_is_answered_on_any_later_day(before: str, after: str, how: Cut) -> None:
    other = before.replace("is:open", "is:closed").replace("report", "other").replace("runs", "others")
    recorded = [get(before, {"n": 1}), get(other, {"n": 2})]
    answer = answer_of(plan(recorded, how, RECORDED_AT), get(after))
    assert answer is not None
    assert answer.body == {"n": 1}


def test_windows_that_follow_each_other_are_answered_in_their_order() -> None:
    recorded = [
        get(f"/events?from=2026-{month:02}-21T10:29:59Z&to=2026-{month + 1:02}-21T10:29:59Z", [{"id": month}])
        for month in (8, 9, 10)
    ]
    planned = plan(recorded, Cut.NOTHING, RECORDED_AT)
    (route,) = planned.routes
    assert [turn.answer.body[0]["id"] for turn in route.turns] == [8, 9, 10]
    assert Finder(planned.routes).find(get("/events?from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z")) is route


def test_text_bodies_are_compared_without_what_is_of_the_run() -> None:
    soap = "<e><id>6f9619ff-8b86-4d01-b42d-00cf4fc964ff</id><t>2026-11-21T10:29:59Z</t><get>{}</get></e>"
    later = "<e><id>0b0a1c2d-8b86-4d01-b42d-00cf4fc96400</id><t>2026-12-31T08:00:00.5Z</t><get>{}</get></e>"
    recorded = [post("/soap", soap.format(name), name) for name in ("users", "teams")]
    planned = plan(recorded, Cut.NOTHING, RECORDED_AT)
    assert [answer_of(planned, post("/soap", later.format(name))).body for name in ("users", "teams")] == [
        "users",
        "teams",
    ]


def test_lists_in_a_body_are_compared_without_what_is_of_the_run() -> None:
    def asked(kind: str, since: str) -> dict[str, Any]:
        return {"filter": [{"term": kind}, {"range": {"gte": since}}]}

    recorded = [post("/search", asked(kind, "2026-10-22T10:29:59Z"), [kind]) for kind in "ab"]
    planned = plan(recorded, Cut.NOTHING, RECORDED_AT)
    found = [answer_of(planned, post("/search", asked(kind, "2026-12-01T08:00:00Z"))).body for kind in "ab"]
    assert found == [["a"], ["b"]]


def test_constants_that_come_from_nowhere_may_tell_requests_apart() -> None:
    boards = ["6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "0c0a7e2e-3f6b-4f0e-9a35-6a1d3c1c5b7d"]
    requests = [get(f"/x?board={board}", {"of": board[:1]}) for board in boards]
    assert plan(requests, Cut.NOTHING, RECORDED_AT).orders() == 1
    kept = plan(requests, Cut.NOTHING, RECORDED_AT, is_chance_kept=True)
    assert kept.orders() == 0
    assert [answer_of(kept, request).body for request in requests] == [{"of": "6"}, {"of": "0"}]
