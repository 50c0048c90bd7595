"""A folder of WireMock's is taken over so that the same stubs answer; its files stay as they are where they can."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.imports.wiremock_folder import are_disjoint, same_order
from harness.stubs.check import check
from tests.unit.harness.factories import make_stub
from tests.unit.harness.imports.documents import run, write


def stub(name: str, priority: int | None = None, **request: Any) -> dict[str, Any]:
    return {"request": request, "response": {"body": name}, **({"priority": priority} if priority is not None else {})}


def priorities(folder: Path) -> dict[str, Any]:
    read = [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]
    stubs = [each for content in read for each in content.get("mappings", [content])]
    return {each["response"]["body"]: each.get("priority") for each in stubs}


def test_files_are_copied_and_only_older_stubs_get_another_priority(tmp_path: Path) -> None:
    root, target = tmp_path / "wiremock", tmp_path / "stubs"
    text = "// a comment\n{'request': {'url': '/alone'}, 'response': {'bodyFileName': 'deep/a.bin'}}"
    write(root / "mappings" / "alone.json", text)
    write(
        root / "mappings" / "sub" / "two.json",
        {"mappings": [stub("old", urlPathPattern="/x.*"), stub("new", url="/x1")]},
    )
    write(root / "__files" / "deep" / "a.bin", "body")
    write(root / "mappings" / "README.md", "text")
    write(root / "extensions" / "a.jar", "text")

    done = run(root, "-o", target)

    assert (target / "alone.json").read_text() == text
    assert (target / "__files" / "deep" / "a.bin").read_text() == "body"
    assert priorities(target / "sub") == {"old": 6, "new": None}
    assert "WireMock folder: 3 of 5 stubs or files taken" in done.stdout
    assert "mappings/README.md, extensions" in done.stderr
    assert check(target) == []


def test_pairs_in_different_files_are_named_since_wiremock_reads_them_in_any_order(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.json", stub("a", urlPath="/x"))
    write(tmp_path / "in" / "b.json", stub("b", urlPathPattern="/.*"))

    done = run(tmp_path / "in", "-o", tmp_path / "out", code=1)

    assert "either stub may answer there; here the one of the last path does: a.json and b.json (ANY /x)" in done.stderr
    assert "never answers" in done.stdout


@pytest.mark.parametrize(
    ("stubs", "changed"),
    [
        ([stub("a", url="/x"), stub("b", url="/y")], {}),
        ([stub("a", url="/x"), stub("b", url="/x")], {0: 6}),
        ([stub("a", url="/x"), stub("a", url="/x")], {}),
        ([stub("a", url="/x"), stub("b", url="/x"), stub("c", url="/x")], {0: 7, 1: 6}),
        ([stub("a", url="/x"), stub("b", url="/x"), stub("later", 6)], {0: 6, 2: 7}),
        ([stub("first", 1), stub("a", url="/x"), stub("b", url="/x")], {1: 6}),
        ([stub("first", 4, url="/x"), stub("second", 4, url="/x"), stub("a", url="/x")], {0: 5, 2: 6}),
        ([stub("a", url="/x"), stub("b", 5, url="/x"), stub("c", 0, url="/x")], {0: 6}),
    ],
)
def test_priorities_keep_all_other_orders(stubs: list[dict[str, Any]], changed: dict[int, int]) -> None:
    assert same_order(stubs) == changed


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"method": "GET"}, {"method": "POST"}, True),
        ({"method": "GET_OR_HEAD"}, {"method": "HEAD"}, False),
        ({"method": "GET"}, {}, False),
        ({"host": {"equalTo": "a"}}, {"host": {"equalTo": "b"}}, True),
        ({"host": {"equalTo": "a"}}, {"host": {"equalTo": "A"}}, False),
        ({"url": "/a?b=1"}, {"url": "/a?b=2"}, True),
        ({"url": "/a?b=1"}, {"urlPath": "/a"}, False),
        ({"url": "/a?b=1"}, {"urlPath": "/a", "queryParameters": {"b": {"equalTo": "2"}}}, True),
        ({"urlPath": "/a"}, {"urlPathPattern": "/b.*"}, True),
        ({"urlPath": "/a/1"}, {"urlPathTemplate": "/a/{id}"}, False),
        ({"urlPath": "/a/1/2"}, {"urlPathTemplate": "/a/{id}"}, True),
        ({"url": "/a"}, {"urlPattern": "/a\\?.*"}, True),
        ({"urlPath": "/a"}, {"urlPattern": "/a\\?.*"}, False),
        ({"urlPath": "/a"}, {"urlPathPattern": "/\\p{Lower}++"}, False),
        ({"headers": {"X-A": {"equalTo": "1"}}}, {"headers": {"x-a": {"equalTo": "2"}}}, True),
        ({"headers": {"X-A": {"equalTo": "1"}}}, {"headers": {"x-a": {"absent": True}}}, True),
        ({"headers": {"X-A": {"equalTo": "1"}}}, {"headers": {"x-a": {"contains": "2"}}}, False),
    ],
)
def test_what_no_request_matches_both_of(one: dict[str, Any], other: dict[str, Any], *, expected: bool) -> None:
    stubs = [{"request": each, "response": {}} for each in (one, other)]
    assert are_disjoint(*stubs) is expected
    assert are_disjoint(*reversed(stubs)) is expected


def test_states_of_one_scenario_exclude_each_other() -> None:
    one = {"request": {}, "response": {}, "scenarioName": "s", "requiredScenarioState": "Started"}
    assert are_disjoint(one, {**one, "requiredScenarioState": "next"})
    assert not are_disjoint(one, {**one, "scenarioName": "t", "requiredScenarioState": "next"})


def test_what_wiremock_would_not_start_with_is_refused(tmp_path: Path) -> None:
    same = "b8e4a3c2-5a1f-4c0e-9d3b-2f6a7c8d9e0f"
    write(tmp_path / "in" / "mappings" / "a.json", {**make_stub("/a"), "id": same})
    write(tmp_path / "in" / "mappings" / "b.json", {**make_stub("/b"), "id": same.upper()})

    assert "b.json: a stub has the id" in run(tmp_path / "in", "-o", tmp_path / "out", code=3).stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_wrong_is_left_out_and_named(tmp_path: Path) -> None:
    write(tmp_path / "in" / "mappings" / "a.json", make_stub("/a"))
    write(tmp_path / "in" / "mappings" / "b.json", {**make_stub("/b"), "oops": 1})

    assert "see `stubs check`: b.json:1: " in run(tmp_path / "in", "-o", tmp_path / "out").stderr


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "in" / "mappings").mkdir(parents=True)
    assert "holds no stub files" in run(tmp_path / "in", "-o", tmp_path / "out", code=3).stderr
