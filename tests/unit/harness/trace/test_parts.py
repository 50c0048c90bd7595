"""The small parts of a trace: its log, its file, what was expected, and the pack of what is shown on demand."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from harness.diagnosis.difference import Outcome, compare
from harness.trace import expected
from harness.trace.file import file_of, keep
from harness.trace.log_lines import read
from harness.trace.model import LogLine
from harness.trace.pack import Pack
from tests.upstream.traces import make_entity, make_item

MIDNIGHT = datetime(2026, 1, 2, tzinfo=UTC).timestamp()


def test_a_line_of_the_log_has_a_moment_a_level_and_a_text() -> None:
    lines = [
        "printed before",
        "00:00:01.250 | INFO     | Resync was triggered",
        "  File x, line 3",
        "\x1b[32m00:00:02.5004\x1b[0m | \x1b[1mWARNING \x1b[0m| with | bars",
        "23:59:59.999 | ERROR    | of the day before",
    ]
    assert read(lines, MIDNIGHT) == [
        LogLine(MIDNIGHT, "", "printed before"),
        LogLine(MIDNIGHT + 1.25, "INFO", "Resync was triggered"),
        LogLine(MIDNIGHT + 1.25, "", "  File x, line 3"),
        LogLine(MIDNIGHT + 2.5004, "WARNING", "with | bars"),
        LogLine(MIDNIGHT - 0.001, "ERROR", "of the day before"),
    ]


def test_a_snapshot_that_does_not_hold_is_a_difference(snapshot: SnapshotAssertion) -> None:
    assert expected.of_fixtures({"snapshot": snapshot, "other": 3}) == []
    strict = snapshot()
    strict.update_snapshots = False
    assert strict != {"size": 4}
    (difference,) = expected.of_fixtures({"snapshot": strict})
    assert "test_a_snapshot_that_does_not_hold_is_a_difference" in difference.title
    assert any(line.startswith("+") and "4" in line for line in difference.lines)
    (execution,) = strict.executions.values()
    execution.success = True  # syrupy would count it in the summary of this run


def test_a_difference_is_that_of_lines() -> None:
    lines = expected.between("x", "a\nb\nc", "a\nB\nc").lines
    assert lines[2:] == ["@@ -1,3 +1,3 @@", " a", "-b", "+B", " c"]


@pytest.mark.parametrize("parameter", ["x/../../y", "…", "a" * 300, "<&>\"'"])
def test_the_file_of_a_test_is_a_name_of_its_own(
    request: pytest.FixtureRequest, parameter: str, tmp_path: Path
) -> None:
    file = file_of(request.node.nodeid, tmp_path)
    assert file.parent == tmp_path
    assert file.name.startswith("tests.unit.harness.trace.test_parts.py.test_the_file_of_a_test_is")
    assert len(file.name) < 200
    assert keep(parameter, file).read_text() == parameter


def test_the_file_of_a_test_without_parameters_is_plain(request: pytest.FixtureRequest) -> None:
    name = "tests.unit.harness.trace.test_parts.py.test_the_file_of_a_test_without_parameters_is_plain.html"
    assert file_of(request.node.nodeid, Path()).name == name


def test_a_folder_for_traces_is_nothing_for_git_and_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    keep("x", tmp_path / "ours" / "x.html")
    keep("x", tmp_path / "theirs" / "x.html", is_ours=False)
    assert {path.name for path in (tmp_path / "ours").iterdir()} == {".gitignore", "x.html"}
    assert {path.name for path in (tmp_path / "theirs").iterdir()} == {"x.html"}


def test_a_pack_keeps_a_value_once_in_pieces_that_are_not_large() -> None:
    pack = Pack()
    numbers = [pack.add({"n": number % 50, "text": "x" * 20_000}) for number in range(100)]
    assert numbers == [*range(50), *range(50)]
    assert pack.starts()[0] == 0
    assert len(pack.texts()) == len(pack.starts()) > 3
    assert max(map(len, pack.texts())) < 330_000


def test_entities_that_are_other_than_accepted_say_so_each_and_together() -> None:
    before = [make_entity(make_item(name, size=1)).entity for name in ("same", "gone", "other")]
    entities = [make_entity(make_item(name, size=1 if name == "same" else 2)) for name in ("same", "other", "new")]
    after = [each.entity for each in entities]
    found = compare(Outcome("accepted", before), Outcome("now", after)).differences["entities"]
    difference = expected.of_accepted("Accepted", found, entities)
    assert difference.lines == [
        "-thing gone",
        "+thing new",
        "@@ thing other",
        "-properties.size: 1",
        "+properties.size: 2",
    ]
    assert [each.otherwise for each in entities] == [[], ["-properties.size: 1", "+properties.size: 2"], []]
