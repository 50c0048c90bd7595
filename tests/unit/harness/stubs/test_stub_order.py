"""`stubs check` names the stubs that plain WireMock would have answer in another order, and only those."""

from pathlib import Path
from typing import Any

import pytest

from harness.stubs.check import check
from harness.stubs.order import decided_otherwise
from tests.unit.harness.factories import write


def stub(url: str, body: str, **fields: Any) -> dict[str, Any]:
    key = "urlPathPattern" if "*" in url else "urlPath"
    return {"request": {"method": "GET", key: url}, "response": {"body": body}, **fields}


NARROW, WIDE, ALL = stub("/a/1", "narrow"), stub("/a/.*", "wide"), stub(".*", "all")
WAITS = {"scenarioName": "s", "requiredScenarioState": "x"}


@pytest.mark.parametrize(
    ("stubs", "pairs"),
    [
        ([NARROW, WIDE], [(0, 1)]),
        ([NARROW, WIDE, ALL], [(0, 2), (1, 2)]),
        ([{**NARROW, "priority": 5}, WIDE], [(0, 1)]),
        ([{**NARROW, **WAITS}, WIDE], [(0, 1)]),
        ([stub("/a/1", "x", newScenarioState="y", scenarioName="s"), stub("/a/.*", "x")], [(0, 1)]),
        # Told as one that never answers.
        ([WIDE, NARROW], []),
        ([NARROW, NARROW], []),
        # By priority, in WireMock as well.
        ([{**NARROW, "priority": 4}, WIDE], []),
        ([NARROW, {**WIDE, "priority": 6}], []),
        # Alike, apart, or in its state only.
        ([NARROW, stub("/a/.*", "narrow")], []),
        ([NARROW, stub("/b/.*", "wide")], []),
        ([NARROW, {**WIDE, **WAITS}], []),
        ([], []),
    ],
)
def test_which_pairs_wiremock_decides_otherwise(stubs: list[dict[str, Any]], pairs: list[tuple[int, int]]) -> None:
    assert list(decided_otherwise(stubs)) == pairs


def test_they_are_warnings_at_the_first_and_say_how_to_have_it_alike(tmp_path: Path) -> None:
    write(tmp_path / "a.json", {"mappings": [NARROW]})
    write(tmp_path / "b.json", WIDE)

    (found,) = check(tmp_path)
    assert (found.kind, Path(found.file).name, found.is_warning) == ("order", "a.json", True)
    assert f"and {tmp_path}/b.json:1 (GET /a/.*) have the same priority" in found.message
    assert found.remedy.endswith("give the latter priority 6.")
    write(tmp_path / "b.json", {**WIDE, "priority": 6})
    assert check(tmp_path) == []


def test_the_short_form_which_wiremock_does_not_read_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "- url: /a/1\n  response: {}\n- url: {matches: /a/.*}\n  response: {body: x}\n")
    assert check(tmp_path) == []


def test_one_that_never_answers_here_would_answer_there(tmp_path: Path) -> None:
    write(tmp_path / "a.json", {"mappings": [WIDE, NARROW]})
    (found,) = check(tmp_path)
    assert found.kind == "unreachable"
    assert "; plain WireMock would let the newer one answer" in found.message
