"""Which files a resync depends on, and that their changes are reported, however they changed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from harness.cli.watching.changes import changes
from harness.cli.watching.files import Watched
from tests.unit.harness.factories import write

SECONDS = 10


def make_watched(folder: Path, *, inside: bool = False, mapping: Path | None = None) -> Watched:
    things = folder / "things"
    root = (things if inside else folder) / "wiremock-mappings"
    write(things / "main.py", "")
    write(root / "things" / "a.json", "{}")
    write(root / "other" / "a.json", "{}")
    return Watched(things, root, ["things"], mapping)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("stubs/things/a.json", True),
        ("stubs/things/__files/x.bin", True),
        ("stubs/things", True),
        ("stubs", True),
        ("stubs/other/a.json", False),
        ("stubs/things/.a.json.swp", False),
        ("stubs/things/a.json~", False),
        ("things/main.py", True),
        ("things/.port/spec.yaml", True),
        ("things/.port", True),
        ("things/pyproject.toml", True),
        ("things/.env", False),
        ("things/.port/resources/discovery.json", False),
        ("things/tests/test_things.py", False),
        ("things/__pycache__/main.pyc", False),
        ("things/.venv/lib/x.py", False),
        ("things/4913", False),
        ("elsewhere/main.py", False),
    ],
)
def test_what_is_of_interest(tmp_path: Path, path: str, *, inside: bool, expected: bool) -> None:
    root = "things/wiremock-mappings" if inside else "wiremock-mappings"
    found = tmp_path / path.replace("stubs", root, 1) if path.startswith("stubs") else tmp_path / path

    assert make_watched(tmp_path, inside=inside).is_of_interest(found) is expected


def test_a_root_below_another_is_watched_with_it(tmp_path: Path) -> None:
    mapping = write(tmp_path / "mapping.yml", "")

    assert make_watched(tmp_path / "a", mapping=mapping).roots == [
        tmp_path / "a" / "things",
        tmp_path / "a" / "wiremock-mappings",
        mapping,
    ]
    assert make_watched(tmp_path / "b", inside=True).roots == [tmp_path / "b" / "things"]


def test_paths_are_shown_in_short(tmp_path: Path) -> None:
    watched = make_watched(tmp_path)

    assert watched.shown(tmp_path / "things" / ".port" / "spec.yaml") == ".port/spec.yaml"
    assert watched.shown(tmp_path / "wiremock-mappings" / "things" / "a.json") == "things/a.json"
    assert watched.shown(tmp_path / "x") == str(tmp_path / "x")


class Told:
    """What was told so far."""

    def __init__(self) -> None:
        self._paths: set[Path] = set()
        self._new = asyncio.Event()

    def add(self, paths: set[Path]) -> None:
        self._paths |= paths
        self._new.set()

    async def of(self, path: Path) -> None:
        """Wait until it was told of a path; then forget all."""
        async with asyncio.timeout(SECONDS):
            while path not in self._paths:
                self._new.clear()
                await self._new.wait()
        self._paths.clear()


@asynccontextmanager
async def watching(watched: Watched) -> AsyncIterator[Told]:
    told = Told()

    async def watch() -> None:
        async for paths in changes(watched):
            told.add(paths)

    task = asyncio.create_task(watch())
    await asyncio.sleep(0)
    try:
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.asyncio
async def test_each_way_to_save_is_told(tmp_path: Path) -> None:
    watched = make_watched(tmp_path, mapping=write(tmp_path / "mapping.yml", "a"))
    stub, mapping = tmp_path / "wiremock-mappings" / "things" / "a.json", tmp_path / "mapping.yml"
    async with watching(watched) as told:
        stub.write_text("at once, before anything is watched")
        await told.of(stub)
        stub.write_text("in place")
        await told.of(stub)
        write(stub.with_suffix(".new"), "replaced").replace(stub)
        await told.of(stub)
        stub.unlink()
        await told.of(stub)
        for content in ("b", "c"):
            write(tmp_path / "new.yml", content).replace(mapping)
            await told.of(mapping)


@pytest.mark.asyncio
async def test_a_save_in_a_linked_folder_is_told_by_its_name_there(tmp_path: Path) -> None:
    folder, watched = tmp_path / "wiremock-mappings" / "things", make_watched(tmp_path)
    for name in ("first", "second"):
        write(tmp_path / "elsewhere" / name / "deep" / "b.json", "{}")
    (folder / "first").symlink_to(tmp_path / "elsewhere" / "first")
    async with watching(watched) as told:
        await asyncio.sleep(1)  # until it is watched
        saved = write(tmp_path / "elsewhere" / "first" / "deep" / "b.json", "[]")
        await told.of(saved)
        assert watched.shown(saved) == "things/first/deep/b.json"
        (folder / "second").symlink_to(tmp_path / "elsewhere" / "second")
        await told.of(folder / "second")
        await asyncio.sleep(1)
        second = write(tmp_path / "elsewhere" / "second" / "deep" / "b.json", "[]")
        await told.of(second)


@pytest.mark.asyncio
async def test_a_folder_that_goes_and_comes_is_told_and_watched_again(tmp_path: Path) -> None:
    root = tmp_path / "wiremock-mappings"
    stub = root / "things" / "a.json"
    async with watching(make_watched(tmp_path)) as told:
        for folder in (root / "things", root):
            for move in (False, True):
                if move:
                    folder.rename(tmp_path / "away")
                    await told.of(folder)
                    (tmp_path / "away").rename(folder)
                else:
                    shutil.copytree(folder, tmp_path / "copy")
                    shutil.rmtree(folder)
                    await told.of(folder)
                    shutil.copytree(tmp_path / "copy", folder)
                    shutil.rmtree(tmp_path / "copy")
                await told.of(folder)
                stub.write_text(f"{folder} {move}")
                await told.of(stub)


@pytest.mark.asyncio
async def test_what_nobody_reads_is_not_told(tmp_path: Path) -> None:
    async with watching(make_watched(tmp_path)) as told:
        write(tmp_path / "things" / "tests" / "snapshots" / "things.json", "{}")
        write(tmp_path / "things" / "sedAbCdE", "{}").unlink()
        await asyncio.sleep(1)
        assert told._paths == set()
