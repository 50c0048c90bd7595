"""A replay's unmatched requests say what must not tell requests apart, and only that."""

from __future__ import annotations

from typing import Any

from harness.replay.discriminators import describe, to_leave_out
from harness.replay.recording import Recorded
from harness.replay.replay_plan import plan
from harness.replay.truncate import Cut
from tests.unit.harness.recordings import answer_of, get, post


def after_trying(recorded: list[Recorded], unmatched: list[Recorded], how: Cut = Cut.NOTHING) -> tuple[Any, Any]:
    """What to leave out, and the answers to the unmatched requests then."""
    planned = plan(recorded, how)
    assert [answer_of(planned, each) for each in unmatched] == [None] * len(unmatched)
    found = to_leave_out(planned, unmatched, recorded)
    again = plan(recorded, how, without=found)
    answers = [answer_of(again, each) for each in unmatched]
    return sorted(".".join(key) for _, key in found), [None if each is None else each.body for each in answers]


def test_a_parameter_that_was_made_up_is_left_out_and_the_next_one_tells() -> None:
    recorded = [get("/x?a=17&team=t", ["t"]), get("/x?a=83&team=u", ["u"])]
    unmatched = [get("/x?a=4&team=t"), get("/x?a=5&team=u")]
    assert after_trying(recorded, unmatched) == (["query.a"], [["t"], ["u"]])


def test_a_field_of_a_body_too() -> None:
    recorded = [post("/x", {"a": {"salt": 17}, "team": team}, [team]) for team in "tu"]
    recorded[1].request_body["a"]["salt"] = 18
    unmatched = [post("/x", {"a": {"salt": 5}, "team": team}) for team in "tu"]
    assert after_trying(recorded, unmatched) == (["json.a.salt"], [["t"], ["u"]])


def test_a_segment_of_a_path_too() -> None:
    assert after_trying([get("/runs/17/log", "it")], [get("/runs/4/log")]) == (["segment.1"], ["it"])
    assert after_trying([get("/run-a17/log", "it")], [get("/run-a4/log")]) == (["segment.0"], ["it"])
    assert after_trying([get("/users/log", "it")], [get("/teams/log")]) == ([], [None])


def test_what_an_answer_has_or_what_was_recorded_is_not_made_up() -> None:
    recorded = [get("/x?id=1", {"ids": [1, 2, 3]}), get("/x?id=2", {"n": 2}), get("/x?id=3", {"n": 3})]
    planned = plan(recorded, Cut.NOTHING)
    assert to_leave_out(planned, [], recorded) == frozenset()
    assert to_leave_out(planned, [get("/x?id=2")], recorded) == frozenset()
    assert to_leave_out(planned, [get("/y/z/1")], recorded) == frozenset()


def test_a_request_is_described_by_what_differs() -> None:
    planned = plan([get("/x?a=1&b=1", 1), get("/x?a=2&b=1", 2)], Cut.NOTHING)
    assert describe(planned, get("/x?a=3")) == ("GET https://api.example.com/x?a=3: query a is 3, recorded: 1")
    assert describe(planned, get("/y")).endswith("/y: no request to this path was recorded")
