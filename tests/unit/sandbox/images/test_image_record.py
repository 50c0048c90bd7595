"""What is remembered of the images that are needed: for each engine, whole or not at all."""

import json
import multiprocessing
from pathlib import Path

import pytest

from sandbox.engine import engine
from sandbox.images.image_record import Engine, ImageRecord, User, Uses, engine_of, seconds_of
from tests.unit.sandbox.factories import engine_at, fake_engine, make_settings

ONE, OTHER = "ocean-sandbox/it:1", "ocean-sandbox/it:2"


def make_record(tmp_path: Path, identity: str = "a") -> ImageRecord:
    return ImageRecord(make_settings(tmp_path), Engine(identity, 0.0))


def make_user(tmp_path: Path, name: str = "it", variant: str = "") -> User:
    return User(name, str(tmp_path), variant)


def test_what_was_noted_is_read_again(tmp_path: Path) -> None:
    record, user, other = make_record(tmp_path), make_user(tmp_path), make_user(tmp_path, variant="x")

    record.note({user: ONE, other: ONE}, 1.0)
    record.note({user: OTHER}, 2.0)
    record.note_stages(ONE, ["b", "a", "b"])

    uses = make_record(tmp_path).read()
    assert uses == Uses({user: {ONE: 1.0, OTHER: 2.0}, other: {ONE: 1.0}}, {ONE: ["a", "b"]})
    assert uses.current(since=0.0) == {ONE, OTHER}
    assert uses.current(since=1.5) == {OTHER}
    assert uses.last() == {ONE: 1.0, OTHER: 2.0}


def test_going_back_makes_the_earlier_one_current_again(tmp_path: Path) -> None:
    record, user = make_record(tmp_path), make_user(tmp_path)
    for at, tag in enumerate([ONE, OTHER, ONE]):
        record.note({user: tag}, float(at))

    assert record.read().current(since=0.0) == {ONE}


def test_each_engine_has_its_own(tmp_path: Path) -> None:
    make_record(tmp_path, "a").note({make_user(tmp_path): ONE}, 1.0)

    assert make_record(tmp_path, "b").read() == Uses()


@pytest.mark.parametrize(
    "content", [b"", b'{"tags": [', b"[]", b"{}", b'{"tags": [["it"]], "stages": {}}', b'{"tags": 1}', b"\xff"]
)
def test_one_that_cannot_be_understood_is_as_none_and_is_written_anew(content: bytes, tmp_path: Path) -> None:
    record, user = make_record(tmp_path), make_user(tmp_path)
    record.path.parent.mkdir()
    record.path.write_bytes(content)

    assert record.read() == Uses()
    record.note({user: ONE}, 1.0)
    assert record.read().last() == {ONE: 1.0}


def test_what_is_gone_is_forgotten_but_not_what_is_needed_lately(tmp_path: Path) -> None:
    record, user, gone = make_record(tmp_path), make_user(tmp_path), make_user(tmp_path, "gone")
    record.note({user: ONE, gone: ONE}, 1.0)
    record.note({user: OTHER}, 9.0)
    record.note_stages(ONE, ["a"])
    record.note_stages(OTHER, ["b"])

    record.forget({ONE}, before=5.0)
    assert record.read() == Uses({user: {OTHER: 9.0}}, {OTHER: ["b"]})

    record.forget({OTHER}, before=5.0)
    assert record.read() == Uses({user: {OTHER: 9.0}}, {})


def _note(cache: str, number: int) -> None:
    make_record(Path(cache)).note({User("it", cache, str(number)): f"ocean-sandbox/it:{number}"}, float(number))


def test_processes_that_note_at_once_lose_nothing(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.starmap(_note, [(str(tmp_path), number) for number in range(20)])

    assert make_record(tmp_path).read().last() == {f"ocean-sandbox/it:{number}": float(number) for number in range(20)}
    assert sorted(path.name for path in (tmp_path / "cache").iterdir() if path.name.startswith(".")) == []
    assert json.loads(make_record(tmp_path).path.read_bytes())["stages"] == {}


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("2026-11-26T16:16:47.669117428Z", 1795709807.669117),
        ("2026-11-26T17:16:47+01:00", 1795709807.0),
        ("0001-01-01T00:00:00Z", 0.0),
        ("", 0.0),
        ("soon", 0.0),
    ],
)
def test_times_are_read_as_the_engine_writes_them(moment: str, seconds: float) -> None:
    assert seconds_of(moment) == pytest.approx(seconds)


def test_two_engines_of_one_machine_are_told_apart_though_they_share_an_id() -> None:
    found = []
    for root in ("/var/lib/docker", "/elsewhere", "/elsewhere"):
        info = {"ID": "A:B", "DockerRootDir": root, "SystemTime": "2031-01-01T00:00:00Z"}
        with fake_engine({"GET /info": (200, info)}) as stand_in, engine_at(stand_in.address):
            found.append(engine_of(engine.client()))

    assert found[0].identity != found[1].identity == found[2].identity
    assert abs(found[0].now() - seconds_of("2031-01-01T00:00:00Z")) < 60
