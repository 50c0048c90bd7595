"""Whatever is wrong with a directory, watching continues: shown without an engine, since none of it gets that far."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from harness.cli.watching.screen import Screen
from harness.cli.watching.watcher import Watcher
from harness.running.directory_run import Asked
from tests.unit.harness.factories import make_mapping, make_stub, write

SECONDS = 10


class Shown:
    """A file of text that can be waited for."""

    def __init__(self) -> None:
        self.text = ""
        self._seen = 0
        self._new = asyncio.Event()

    def write(self, text: str) -> int:
        self.text += text
        self._new.set()
        return len(text)

    def flush(self) -> None:
        pass

    async def expect(self, text: str) -> None:
        """Wait for a text, after what was expected before."""
        async with asyncio.timeout(SECONDS):
            while (at := self.text.find(text, self._seen)) < 0:
                self._new.clear()
                await self._new.wait()
        self._seen = at + len(text)


@asynccontextmanager
async def watching(asked: Asked) -> AsyncIterator[tuple[Watcher, Shown, asyncio.Task[None]]]:
    shown = Shown()
    console = Console(file=shown, width=200)  # type: ignore[arg-type] # all that a console needs of a file
    watcher = Watcher(asked, Screen(console, has_keys=False), lambda _: contextlib.nullcontext())
    task = asyncio.create_task(watcher.watch())
    try:
        yield watcher, shown, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.asyncio
async def test_each_mistake_is_shown_and_the_next_save_is_seen(tmp_path: Path) -> None:
    things = tmp_path / "things"
    stub = write(tmp_path / "wiremock-mappings" / "things" / "a.json", make_stub())
    spec = write(things / ".port" / "spec.yaml", "configurations: []")
    mapping = things / ".port" / "resources" / "port-app-config.yml"
    async with watching(Asked(things)) as (_, shown, _):
        await shown.expect("--- ")
        await shown.expect("not run: There is no mapping at ")
        write(mapping, "resources: [")
        await shown.expect(f"not run: {mapping}:1:13: this is not valid YAML")
        write(mapping, make_mapping())
        # Everything is read; what is missing is the code.
        await shown.expect("it has no main.py")
        for content in ("{", '{"request": '):
            stub.write_text(content)
            await shown.expect(f"not run: {stub}:1:")
        stub.parent.rename(tmp_path / "away")
        await shown.expect("not run: There is no stub folder 'things'")
        (tmp_path / "away").rename(stub.parent)
        await shown.expect(f"not run: {stub}:1:")
        write(stub, make_stub())
        await shown.expect("it has no main.py")
        spec.write_text("configurations: 7")
        await shown.expect(f"not run: {spec} does not have")


@pytest.mark.asyncio
async def test_keys_for_which_there_is_nothing_to_do_say_so(tmp_path: Path) -> None:
    async with watching(Asked(tmp_path)) as (watcher, shown, task):
        await shown.expect("not run: There is no mapping at ")
        watcher.press("s")
        await shown.expect("every request has a stub")
        watcher.press("a")
        await shown.expect("there is nothing to accept yet")
        watcher.press("x")
        watcher.press("r")
        await shown.expect("requested")
        await shown.expect("not run: There is no mapping at ")
        watcher.press("q")
        await asyncio.wait_for(task, SECONDS)


@pytest.mark.asyncio
async def test_many_saves_are_one_run_or_a_few(tmp_path: Path) -> None:
    file = write(tmp_path / ".port" / "resources" / "port-app-config.yml", "a: 0")
    async with watching(Asked(tmp_path)) as (_, shown, _):
        await shown.expect("not run: ")
        for number in range(200):
            file.write_text(f"resources: [{number}")
        file.write_text("resources: 7\n")
        await shown.expect('"resources" is not a list: 7.')
        assert shown.text.count("not run: ") < 20
