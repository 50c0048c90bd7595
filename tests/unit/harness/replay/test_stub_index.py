"""The stand-ins for an API are compared with it: missing, unused or outdated routes and stub files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness import cli
from harness.replay import stub_index
from harness.replay.drift import Drift
from harness.replay.generate import TEST
from harness.replay.recording import Recorded, read
from harness.replay.stub_index import StubIndexError
from tests.unit.harness.recordings import discovery as recording_of
from tests.unit.harness.recordings import get, integration, post, upserts

THINGS = [{"id": number, "name": f"thing {number}", "tags": ["a"]} for number in range(3)]
FORMS = ["python", "stubs"]


def requests() -> list[Recorded]:
    return [
        *(get(f"/things?page={page}", THINGS[page : page + 1]) for page in range(3)),
        *(get(f"/things/{each['id']}", each) for each in THINGS),
        *(post("/graphql", {"operationName": name}, {"data": {name: 1}}) for name in ("People", "Places")),
        get("/job", {"status": "queued"}),
        get("/job", {"status": "done"}),
        get("/limited", {"message": "slow down"}, 429),
        get("/limited", [THINGS[0]]),
        get("/missing", {"message": "no"}, 404),
        get("/empty", None, 204),
    ]


def generated(folder: Path, form: str) -> Path:
    """An integration with a recording, and what was generated of it."""
    content = recording_of(requests(), port_requests=upserts({"identifier": "1"}))
    directory = integration(folder / "things", content)
    (directory / "wiremock-mappings").mkdir()
    options = ["generate", "--full", "--no-replay", "--as", form, str(directory)]
    done = CliRunner().invoke(cli.main, options)
    assert done.exit_code == 0, done.output
    return directory


def drifts(directory: Path, fresh: list[Recorded] | None = None) -> list[Drift]:
    old = read(directory).requests
    found = stub_index.of(directory, "things", None)
    assert found
    return stub_index.compare(found, old, old if fresh is None else fresh)


def edit(directory: Path, before: str, after: str) -> None:
    """Edit the routes, or the stubs, as a person does."""
    stubs = list(directory.glob("wiremock-mappings/things/*.json"))
    (file,) = stubs or [directory / TEST]
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


@pytest.mark.parametrize("form", FORMS)
def test_what_was_generated_of_it_is_as_the_recording(form: str, tmp_path: Path) -> None:
    assert drifts(generated(tmp_path, form)) == []


@pytest.mark.parametrize("form", FORMS)
def test_other_data_are_no_drift(form: str, tmp_path: Path) -> None:
    fresh = [get("/things?page=0", [{"id": 7, "name": "x", "tags": []}]), get("/things/7", THINGS[0]), *requests()[6:]]
    assert drifts(generated(tmp_path, form), fresh) == []


@pytest.mark.parametrize("form", FORMS)
def test_an_endpoint_for_which_there_is_nothing(form: str, tmp_path: Path) -> None:
    directory = generated(tmp_path, form)
    edit(directory, "/job", "/work")
    found = [(each.kind, each.endpoint) for each in drifts(directory)]
    assert ("no stub", "GET api.example.com/job") in found
    # And nobody calls what took its place, which is said with its place.
    (unused, *_) = [each for each in drifts(directory) if each.kind == "unused stub"]
    assert "/work" in unused.endpoint
    assert unused.place.partition(":")[0].endswith((".py", ".json"))


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_that_a_person_made_otherwise(form: str, tmp_path: Path) -> None:
    directory = generated(tmp_path, form)
    edit(directory, '"status": "queued"', '"status": 1')
    assert drifts(directory) == []  # its second answer still is as it was
    edit(directory, '"status": "done"', '"status": 2')
    (found,) = drifts(directory)
    assert (found.kind, found.endpoint, found.place) == ("changed type", "GET api.example.com/job", ".status")
    assert (found.before, found.after) == ("number", "text")


@pytest.mark.parametrize("form", FORMS)
def test_a_status_that_is_not_so(form: str, tmp_path: Path) -> None:
    directory = generated(tmp_path, form)
    edit(directory, "404", "403")
    found = drifts(directory)
    assert [(each.kind, each.before, each.after) for each in found] == [("changed status", "403", "404")]


def test_a_test_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    directory = generated(tmp_path, "python")
    (directory / TEST).write_text("import no_such_module")
    with pytest.raises(StubIndexError, match=r"test_integration_resync.py cannot be read: ModuleNotFoundError"):
        stub_index.of(directory, "things", None)


def test_a_stub_folder_of_its_name_will_do_and_nothing_is_nothing(tmp_path: Path) -> None:
    directory = generated(tmp_path, "stubs")
    count = len(stub_index.of(directory, "things", None))
    (directory / TEST).unlink()
    assert len(stub_index.of(directory, "things", None)) == count > 0
    assert stub_index.of(directory, "others", None) == []
    assert stub_index.compare([], requests(), requests()) == []


def test_a_callable_answers_nothing_that_could_be_compared(tmp_path: Path) -> None:
    directory = generated(tmp_path, "python")
    text = (directory / TEST).read_text()
    answer: dict[str, Any] = {"json": {"status": "queued"}}
    assert json.dumps(answer) in text
    (directory / TEST).write_text(text.replace(json.dumps(answer), "lambda _: {'json': {}}"))
    assert drifts(directory) == []
