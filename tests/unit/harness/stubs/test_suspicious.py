"""What WireMock takes and nobody means is a warning at its place; what is meant is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness import cli
from harness.stubs.check import Finding, check
from tests.unit.harness.factories import make_stub, write
from tests.unit.harness.suspicious_stubs import MEANT, NEVER, NOT_AS_MEANT, TEMPLATED


def found(folder: Path, stub: dict[str, Any]) -> list[Finding]:
    (folder / "a.json").write_text(json.dumps({"mappings": [stub]}, indent=1))
    return check(folder)


@pytest.mark.parametrize(("stub", "pointer", "what"), [(stub, pointer, what) for stub, _, pointer, what in NEVER])
def test_a_stub_that_never_answers(tmp_path: Path, stub: dict[str, Any], pointer: str, what: str) -> None:
    findings = found(tmp_path, stub)

    assert {(each.kind, each.pointer) for each in findings} == {("suspicious", f"/mappings/0{pointer}")}
    assert what in findings[0].message
    assert all(each.is_warning and each.line > 1 for each in findings)


@pytest.mark.parametrize(("answer", "pointer", "what"), [each[:3] for each in NOT_AS_MEANT])
def test_an_answer_that_is_another(tmp_path: Path, answer: dict[str, Any], pointer: str, what: str) -> None:
    first = found(tmp_path, {"request": {"url": "/a"}, "response": answer})[0]

    assert (first.kind, first.pointer) == ("suspicious", f"/mappings/0{pointer}")
    assert what in first.message


@pytest.mark.parametrize("stub", MEANT)
def test_what_is_meant(tmp_path: Path, stub: dict[str, Any]) -> None:
    assert found(tmp_path, stub) == []


def test_what_was_probably_meant(tmp_path: Path) -> None:
    answer = {"body": "{{uper 'x'}}", **TEMPLATED}
    header = {"equalTo": "A", "caseInsensitve": True}
    findings = found(tmp_path, {"request": {"url": "a", "headers": {"X": header}}, "response": answer})

    assert [each.remedy for each in findings] == [
        "write /a",
        "did you mean `caseInsensitive`?",
        "did you mean upper?",
    ]


def test_a_body_file_that_nobody_fills_in(tmp_path: Path) -> None:
    write(tmp_path / "a.json", make_stub(response={"bodyFileName": "a.txt"}))
    write(tmp_path / "b.json", make_stub("/b", response={"bodyFileName": "a.txt", **TEMPLATED}))
    write(tmp_path / "__files" / "a.txt", "at {{now}}")

    (first,) = check(tmp_path)
    assert (Path(first.file).name, first.pointer) == ("a.json", "/response/bodyFileName")
    assert "{{now}} of a.txt" in first.message


def test_a_state_may_be_set_by_another_stub_of_the_folder_or_of_one_below(tmp_path: Path) -> None:
    waits = {"scenarioName": "s", "requiredScenarioState": "done"}
    sets = {"scenarioName": "s", "newScenarioState": "done"}
    write(tmp_path / "a" / "a.json", make_stub("/a", **waits))
    write(tmp_path / "b" / "b.json", make_stub("/b", **sets))

    assert [each.kind for each in check(tmp_path / "a")] == ["suspicious"]
    assert check(tmp_path / "a", [tmp_path / "b"]) == []
    write(tmp_path / "a" / "c.json", make_stub("/c", **sets, requiredScenarioState="Started"))
    assert check(tmp_path / "a") == []


def test_a_state_without_a_scenario_says_nothing(tmp_path: Path) -> None:
    (only,) = found(tmp_path, {**make_stub(), "newScenarioState": "x"})
    assert only.message == "`newScenarioState` has no effect without `scenarioName`"


def test_in_the_short_form_it_is_at_its_entry(tmp_path: Path) -> None:
    write(
        tmp_path / "a.yaml",
        "- url: /a\n  response:\n    body: at {{now}}\n"
        "- wiremock:\n    request:\n      urlPath: /b?c\n    response: {}\n",
    )
    assert [(each.line, each.pointer) for each in check(tmp_path)] == [
        (1, "/0"),
        (6, "/1/wiremock/request/urlPath"),
    ]


def test_a_warning_alone_does_not_fail(tmp_path: Path) -> None:
    write(tmp_path / "a.json", make_stub("a"))
    done = CliRunner().invoke(cli.main, ["stubs", "check", str(tmp_path)])

    assert done.exit_code == 0
    assert f"{tmp_path}/a.json:1: warning: the stub never answers: `urlPath` must begin with /" in done.output
    assert "1 finding (1 warning)" in done.output
    (tmp_path / "b.json").write_text('{"request": {"urll": "/b"}, "response": {}}')
    done = CliRunner().invoke(cli.main, ["stubs", "check", str(tmp_path)])
    assert done.exit_code == 1
    assert "2 findings (1 warning)" in done.output


def test_each_thing_that_is_wrong_is_a_finding_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps({"request": {"urll": "/", "method": 5}, "response": {"fault": "NOPE"}}, indent=1)
    )
    assert [(each.line, each.pointer) for each in check(tmp_path)] == [
        (3, "/request/urll"),
        (4, "/request/method"),
        (7, "/response/fault"),
    ]


def test_two_stubs_of_one_id_are_a_finding(tmp_path: Path) -> None:
    identifier = "b8e4a3c2-5a1f-4c0e-9d3b-2f6a7c8d9e0f"
    write(tmp_path / "a.json", make_stub("/a", id=identifier))
    write(tmp_path / "b.json", make_stub("/b", uuid=identifier.upper()))

    (only,) = check(tmp_path)
    assert (only.kind, Path(only.file).name, only.line) == ("invalid", "b.json", 1)
    assert f"this stub has the id of {tmp_path}/a.json:1" in only.message
