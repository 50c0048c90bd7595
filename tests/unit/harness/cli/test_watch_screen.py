"""What the screen of `watch` shows: a run, what has changed since, and what could not run."""

from __future__ import annotations

import json

import pytest

from harness.cli.watching.json_lines import JsonLines
from harness.cli.watching.screen import Screen
from harness.diagnosis.difference import Difference, compare
from harness.diagnosis.outcome import outcome_of
from harness.running.directory_run import Run
from sandbox.errors import IntegrationError
from tests.unit.harness.runs import make_console, make_entity, make_run, make_third_party_call, printed


def since(before: Run, after: Run, *, is_terminal: bool = False) -> list[str]:
    console = make_console(is_terminal=is_terminal)
    screen = Screen(console, has_keys=is_terminal)
    screen.since(after, compare(outcome_of("before", before.result), outcome_of("now", after.result)))
    screen.keys(after)
    return [line.rstrip() for line in printed(console).splitlines() if line.strip()]


def with_calls(run: Run) -> Run:
    run.result.calls = run.calls
    return run


def test_entities_and_calls_are_compared() -> None:
    before = with_calls(make_run(make_entity("a", size=1), make_entity("b")))
    after = with_calls(make_run(make_entity("a", size=2), make_entity("c"), calls=[make_third_party_call("/v2/new")]))

    assert since(before, after) == [
        "Entities",
        "- service b",
        "+ service c",
        "~ service a",
        "    properties.size: 1 → 2",
        "Calls",
        "- GET https://api.example.com/v2/items → 200",
        "+ GET https://api.example.com/v2/new → 200",
        "ok: 2 entities, 1 call, 1.2 s",
    ]
    assert since(after, after) == ["no difference from the previous run", "ok: 2 entities, 1 call, 1.2 s"]


def test_keys_are_those_that_do_something_now() -> None:
    lacking = make_run(calls=[make_third_party_call("/a", 404, None)])

    assert since(make_run(), make_run(), is_terminal=True)[-1] == "r re-run · a accept the entities · q quit"
    assert since(lacking, lacking, is_terminal=True)[-1] == "r re-run · s write the missing stubs · q quit"


def test_what_could_not_run_is_told_with_the_end_of_why() -> None:
    console = make_console()
    frames = "".join(f'  File "<frozen importlib._bootstrap>", line {number}, in x\n' for number in range(9))
    detail = (
        f'Traceback:\n{frames}  File "/home/someone/things/main.py", line 3\n    def x(:\nSyntaxError: invalid syntax'
    )
    Screen(console, has_keys=False).error(IntegrationError("It does not start.", remedy="fix it.", detail=detail))

    assert printed(console).splitlines() == [
        "not run: It does not start.",
        "What to do: fix it.",
        "  | Traceback:",
        '  |   File "/home/someone/things/main.py", line 3',
        "  |     def x(:",
        "  | SyntaxError: invalid syntax",
    ]


def test_a_program_reads_one_document_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    before, after = make_run(make_entity("a", size=1)), make_run(make_entity("a", size=2))
    lines = JsonLines()
    lines.begin({"the first run"})
    lines.first(before)
    lines.keys(before)
    lines.begin({"b.yaml", "a.yaml"})
    lines.since(after, compare(outcome_of("before", before.result), outcome_of("now", after.result)))
    lines.accepted(Difference(added=["service a"]), "accepted.json")
    lines.keys(after)
    lines.begin({"main.py"})
    lines.error(IntegrationError("It does not start.", remedy="fix it."))
    lines.keys(None)

    first, second, failed = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["because"], first["since"], first["accepted"]) == (["the first run"], None, None)
    assert second["because"] == ["a.yaml", "b.yaml"]
    assert second["since"]["entities"]["changed"] == {
        "service a": [{"path": "properties.size", "before": 1, "after": 2}]
    }
    assert second["accepted"] == {"file": "accepted.json", "added": ["service a"], "removed": [], "changed": {}}
    assert failed["error"] == {"what": "It does not start.", "remedy": "fix it.", "detail": ""}


@pytest.mark.parametrize("is_terminal", [False, True])
def test_why_it_ran_is_said_in_one_line(*, is_terminal: bool) -> None:
    console = make_console(is_terminal=is_terminal)
    Screen(console, has_keys=False).begin({"main.py", "a.json", "c.json", "b.json", "z" * 100})

    (line,) = printed(console).splitlines()
    assert "a.json, b.json, c.json and 2 more" in line


def test_differences_to_the_snapshot_are_shown_and_that_there_are_none() -> None:
    console = make_console()
    screen = Screen(console, has_keys=False)
    screen.accepted(Difference(added=["service b"]), "tests/snapshots/things.json")
    screen.accepted(Difference(), "tests/snapshots/things.json")

    assert printed(console).splitlines() == [
        "Different from the snapshot tests/snapshots/things.json",
        "+ service b",
        "matches the snapshot tests/snapshots/things.json",
    ]
