"""What a directory asks for is read again each time, unless options replace it."""

from pathlib import Path

import pytest

from harness import MappingError, StubFileError
from harness.running.directory_run import Asked, DirectoryRun
from tests.unit.harness.factories import make_mapping, make_stub, write

SPEC = "configurations: [{name: apiUrl, type: url, required: true}]"


def directory(folder: Path) -> Path:
    things = folder / "things"
    write(things / ".port" / "spec.yaml", SPEC)
    write(things / ".port" / "resources" / "port-app-config.yml", make_mapping())
    write(folder / "wiremock-mappings" / "things" / "a.json", make_stub())
    return things


def test_nothing_but_the_directory_need_be_named(tmp_path: Path) -> None:
    things = directory(tmp_path)
    run = DirectoryRun(Asked(things))
    read = run.read()

    assert read.file == things / ".port" / "resources" / "port-app-config.yml"
    assert read.mapping == make_mapping()
    assert (read.folders, len(read.stubs), read.port) == (["things"], 1, "lenient")
    assert read.config["integration"]["config"] == {"api_url": "https://api-url.example.com"}

    write(things / ".port" / "resources" / "blueprints.json", [])
    write(tmp_path / "wiremock-mappings" / "things" / "b.json", make_stub("/b"))
    assert (len(run.read().stubs), run.read().port) == (2, "strict")


def test_what_is_named_counts(tmp_path: Path) -> None:
    things = directory(tmp_path)
    mapping = write(tmp_path / "other.yml", {"resources": [{"kind": "a"}, {"kind": "b"}]})
    write(tmp_path / "wiremock-mappings" / "over" / "a.json", make_stub())
    asked = Asked(things, "b", mapping, ["things", "over"], ["apiUrl=https://x.example"], "strict")
    read = DirectoryRun(asked).read()

    assert (read.file, read.mapping) == (mapping, {"resources": [{"kind": "b"}]})
    assert (read.folders, len(read.stubs), read.port) == (["things", "over"], 2, "strict")
    assert read.config["integration"]["config"] == {"api_url": "https://x.example"}


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    things = directory(tmp_path)

    with pytest.raises(MappingError, match="has no resource of kind 'thing'") as raised:
        DirectoryRun(Asked(things, kind="thing")).read()
    assert raised.value.remedy == "available kinds: service."
    with pytest.raises(StubFileError, match="There is no stub folder 'nosuch'"):
        DirectoryRun(Asked(things, stubs=["nosuch"])).read()


def test_without_stubs_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    things = directory(tmp_path / "one").rename(tmp_path / "lonely")

    assert DirectoryRun(Asked(things)).read().stubs == []
