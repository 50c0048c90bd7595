"""Changes in an API since the recording are reported; changes in its data are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings

from harness import cli
from harness.recording.discovery_file import PLACE
from harness.replay.drift import Drift, compare
from harness.replay.recording import Recorded, Recording
from harness.replay.verify import Verification
from tests.unit.harness.recordings import Pager, discovery, documented, get, integration, post
from tests.unit.harness.replay.test_replay_plan import REQUESTS

THINGS = "GET api.example.com/things"


def drift(old: Any, fresh: Any) -> list[str]:
    """The differences of two bodies of one endpoint."""
    return [f"{each.kind}: {each}" for each in compare([get("/things", old)], [get("/things", fresh)])]


@given(REQUESTS)
@settings(deadline=None)
def test_what_is_the_same_is_no_drift(requests: list[Recorded]) -> None:
    assert compare(requests, requests) == []


@pytest.mark.parametrize(
    ("old", "fresh", "said"),
    [
        ([{"id": 1, "name": "x"}], [{"id": 2}], ["missing field: [].name: text → nothing"]),
        ([{"id": 1}], [{"id": 2, "name": "x"}], ["new field: [].name: nothing → text"]),
        ([{"id": 1}], [{"id": "1"}], ["changed type: [].id: number → text"]),
        ([{"id": 1}], [{"id": None}], ["changed type: [].id: number → null"]),
        (
            {"a": {"b": [1]}},
            {"a": {"b": {"c": 1}}},
            ["changed type: .a.b: list → object"],
        ),
        ([{"id": 1}], {"items": [{"id": 1}]}, ["changed type: .: list → object"]),
        ([{"id": 1, "name": None}], [{"id": 1, "name": "x"}], []),
        ([{"id": 1}], [], []),
        ([], [{"id": 1}], []),
        ([{"id": 1, "nick": "a"}, {"id": 2}], [{"id": 3}], []),
        ([{"id": 1}, {"id": 2}, {"id": 3}], [{"id": 4}], []),
        ({"by_id": {"17": 1, "18": 2}}, {"by_id": {"19": 1}}, []),
        ({"tags": []}, {"tags": ["a"]}, []),
        ({"price": 1}, {"price": 1.5}, []),
    ],
)
def test_fields_and_types(old: Any, fresh: Any, said: list[str]) -> None:
    assert drift(old, fresh) == said


def test_other_statuses() -> None:
    (found,) = compare([get("/things", [])], [get("/things", {"message": "no"}, 403)])
    assert (found.kind, found.endpoint, found.before, found.after) == ("changed status", THINGS, "200", "403")
    (found,) = compare([get(f"/things/{n}", {"id": n}) for n in range(5)], [get("/things/9", {"message": "gone"}, 410)])
    assert (found.kind, found.before, found.after) == ("changed status", "200", "410")


def test_that_it_is_busy_today_is_no_drift() -> None:
    busy = get("/things", {"message": "slow down"}, 429)
    assert compare([get("/things", [{"id": 1}])], [busy, get("/things", [{"id": 2}])]) == []


def test_endpoints_without_a_stub_and_stubs_without_a_call() -> None:
    gone, new = get("/v1/things", [{"id": 1}]), get("/v2/list/things", {"items": []}, 200)
    found = compare([gone, get("/other", {})], [new, get("/other", {})])
    assert [(each.kind, each.endpoint) for each in found] == [
        ("unused stub", "GET api.example.com/v1/things"),
        ("no stub", "GET api.example.com/v2/list/things"),
    ]


def test_operations_of_graphql_are_endpoints_of_their_own() -> None:
    def asked(name: str, body: Any) -> Recorded:
        return post("/graphql", {"operationName": name, "query": "q"}, {"data": body})

    old = [asked("A", {"a": 1}), asked("B", {"b": 1})]
    (found,) = compare(old, [asked("A", {"a": "1"}), asked("B", {"b": 1})])
    assert (found.endpoint, found.place) == ("POST api.example.com/graphql A", ".data.a")


@pytest.mark.parametrize("style", Pager.STYLES)
def test_more_data_on_more_pages_is_no_drift(style: str) -> None:
    pager = Pager(style, 3)
    assert compare(list(pager.served(7)), list(pager.served(16))) == []


@pytest.mark.parametrize(
    ("old", "fresh"), [("short", "link"), ("link", "cursor"), ("offset", "cursor"), ("pages", "offset")]
)
def test_other_pages_are_drift(old: str, fresh: str) -> None:
    found = compare(list(Pager(old, 3).served(7)), list(Pager(fresh, 3).served(7)))
    assert "changed pagination" in {each.kind for each in found}


def test_a_report_for_people_and_one_for_machines() -> None:
    old = Recording("things", "2026-11-21T10:30:00+00:00", {}, {}, [], documented(), None)
    same = Verification(old, old, [])
    assert same.report() == (
        "The API of things has not changed since the recording (2026-11-21T10:30:00+00:00): 5 requests today, 5 in the recording."
    )
    assert same.to_json()["is_same"] is True
    other = Verification(
        old, old, [Drift("missing field", THINGS, "[].name", "text"), Drift("no stub", "GET x/y", after="1 request")]
    )
    assert other.report().splitlines()[1:6] == [
        "",
        "GET api.example.com/things",
        "  missing field  [].name: text → nothing",
        "",
        "GET x/y",
    ]
    assert other.to_json()["drift"][0] == {
        "kind": "missing field",
        "endpoint": THINGS,
        "place": "[].name",
        "before": "text",
        "after": "",
    }


@pytest.mark.parametrize(
    ("has_recording", "said"), [(False, "There is no recording"), (True, "There are no credentials")]
)
def test_without_anything_to_compare_it_says_so(has_recording: bool, said: str, tmp_path: Path) -> None:  # noqa: FBT001
    directory = integration(tmp_path, discovery())
    if not has_recording:
        (directory / PLACE).unlink()
    done = CliRunner().invoke(cli.main, ["verify", str(directory)])
    assert done.exit_code == 3
    assert done.output.startswith(f"ocean-sandbox: {said}")
    assert "What to do: " in done.output
