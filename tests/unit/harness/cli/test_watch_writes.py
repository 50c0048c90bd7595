"""What `watch` writes at the press of a key: a stub beside what a person wrote, and the entities that are accepted."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from harness import RequestLog
from harness.cli.watching import new_stubs
from harness.diagnosis.accepted import Accepted, SnapshotError
from harness.diagnosis.difference import Change, Outcome
from harness.running.directory_run import Asked
from harness.stubs import folder as stub_files
from harness.stubs.unmatched_requests import unanswered
from tests.unit.harness.factories import make_request, write

BY_HAND = "# mine\n- url: /a\n  response: {json: {}}  # odd  spacing"


def missing(*paths: str) -> list[object]:
    calls = [RequestLog(make_request(f"https://api.example.com{path}"), httpx.Response(404)) for path in paths]
    return list(unanswered(calls, []))


def add(folder: Path, *paths: str) -> Path:
    return new_stubs.add(folder, missing(*paths))  # type: ignore[arg-type]


def paths_of(folder: Path) -> list[str]:
    return [stub["request"]["urlPath"] for stub in stub_files.load(folder.name, folder.parent, folder.parent)]


def test_a_stub_is_written_where_there_was_none(tmp_path: Path) -> None:
    folder = tmp_path / "things"

    assert add(folder, "/a", "/b") == folder / "unanswered.yaml"
    assert paths_of(folder) == ["/a", "/b"]


def test_what_a_person_wrote_stays_to_the_byte(tmp_path: Path) -> None:
    folder = tmp_path / "things"
    file = write(folder / "unanswered.yaml", BY_HAND)

    assert add(folder, "/b") == file
    assert add(folder, "/c") == file
    assert file.read_text().startswith(f"{BY_HAND}\n\n- method: GET\n")
    assert paths_of(folder) == ["/a", "/b", "/c"]
    assert [path.name for path in folder.iterdir()] == ["unanswered.yaml"]


@pytest.mark.parametrize("content", ["- url: [", "[{url: /a, response: {json: {}}}]\n", "a: 1\n", b"\xff\xfe"])
def test_a_file_that_is_none_to_add_to_is_left_alone(tmp_path: Path, content: str | bytes) -> None:
    folder = tmp_path / "things"
    file = write(folder / "unanswered.yaml", content)
    before = file.read_bytes()

    assert add(folder, "/b") == folder / "unanswered-2.yaml"
    assert file.read_bytes() == before


def outcome(*entities: dict[str, object]) -> Outcome:
    return Outcome("now", entities=list(entities))


def test_what_is_accepted_is_what_others_are_compared_with(tmp_path: Path) -> None:
    accepted = Accepted(tmp_path, ["base", "over/slow"], Asked(tmp_path, kind="tag"))
    one = {"identifier": "a", "blueprint": "service", "properties": {"size": 1, "name": "ü"}}
    assert accepted.file == tmp_path / "tests" / "snapshots" / "base+over-slow.tag.json"
    assert accepted.difference(outcome(one)) is None

    accepted.write(outcome(one))
    assert json.loads(accepted.file.read_text()) == {"entities": [one]}
    assert "ü" in accepted.file.read_text()
    same = accepted.difference(outcome(one))
    assert same is not None
    assert not same

    other = accepted.difference(outcome({**one, "properties": {"size": 2, "name": "ü"}}, {**one, "identifier": "b"}))
    assert other is not None
    assert other.added == ["service b"]
    assert other.changed == {"service a": [Change("properties.size", 1, 2)]}


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"entities": 1}', '{"entities": [1]}'])
def test_a_snapshot_that_is_none_is_told(tmp_path: Path, content: str) -> None:
    accepted = Accepted(tmp_path, ["things"], Asked(tmp_path))
    write(accepted.file, content)

    with pytest.raises(SnapshotError, match=r"things\.json is not a snapshot"):
        accepted.difference(outcome())
