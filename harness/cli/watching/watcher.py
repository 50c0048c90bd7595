"""Runs again whenever something changes: never two at once, and never without the last change."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, aclosing
from dataclasses import replace

from harness.cli.watching import new_stubs
from harness.cli.watching.changes import changes
from harness.cli.watching.files import Watched
from harness.cli.watching.keys import QUIT
from harness.cli.watching.screen import Screen
from harness.diagnosis.accepted import Accepted
from harness.diagnosis.difference import Outcome, compare
from harness.diagnosis.explained_run import explained
from harness.diagnosis.outcome import outcome_of
from harness.options import settings_in_force
from harness.running.directory_run import Asked, DirectoryRun, Run
from harness.stubs.folder import place_for
from sandbox.errors import EngineError, EngineUnreachableError, ResyncCrashedError, SandboxError
from sandbox.pool import pool
from sandbox.settings import Settings

# How long a run may continue after something has changed: its result is worth having, unless it hangs.
_GRACE_SECONDS = 10.0
_AGAIN = "requested"
_NAME = "the last run"
_ANOTHER_POOL = "with another pool"
_ENGINE_IS_BACK = "the engine is back"
_ENGINE_SECONDS = 2.0


class Watcher:
    """Watches a directory, and shows how each change affects its resync.

    Args:
        asked: What to resync.
        screen: Who shows it.
        busy: What shows that a run goes on.
        settings: How the sandbox runs; by default as elsewhere, but with a fork for each resync, which is quick.
    """

    def __init__(
        self,
        asked: Asked,
        screen: Screen,
        busy: Callable[[str], AbstractContextManager[None]],
        settings: Settings | None = None,
    ) -> None:
        in_force = settings or settings_in_force()
        if "isolation" not in in_force.model_fields_set:
            in_force = in_force.model_copy(update={"isolation": "fork"})
        self._runs = DirectoryRun(asked, in_force)
        # A folder that is there now is missed when it has gone.
        self._runs.asked = replace(asked, stubs=self._runs.folders() or None)
        self._screen = screen
        self._busy = busy
        root = self._runs.stubs_root or place_for(self._runs.directory, in_force.mappings)
        folders = self._runs.folders() or [self._runs.directory.name]
        self._folder = root / folders[-1]
        self._watched = Watched(self._runs.directory, root, folders, asked.mapping)
        self._accepted = Accepted(self._runs.directory, self._runs.folders(), asked)
        self._due: set[str] = set()
        self._keys: list[str] = []
        self._woken = asyncio.Event()
        self._is_cut = False
        self._has_lost_pool = False
        self._absent: asyncio.Task[None] | None = None
        self._last: Run | None = None
        self._outcome: Outcome | None = None

    def press(self, key: str) -> None:
        """Take a key."""
        self._keys.append(key)
        self._woken.set()

    async def watch(self) -> None:
        """Run, and run again, until :data:`QUIT` is pressed or until it is cancelled."""
        watching = asyncio.create_task(self._look())
        running = asyncio.create_task(self._run({"the first run"}))
        since: float | None = None
        try:
            while self._act():
                if running.done():
                    running.result()
                    since = None
                    if self._due:
                        due, self._due = self._due, set()
                        running = asyncio.create_task(self._run(due))
                elif self._due:
                    since = since or time.monotonic()
                    if time.monotonic() - since > _GRACE_SECONDS:
                        self._is_cut, since = True, time.monotonic()
                        await asyncio.to_thread(self._runs.cut)
                        continue  # it may have ended in the meantime
                if watching.done():
                    watching.result()
                waking = asyncio.create_task(self._woken.wait())
                seconds = None if running.done() else 0.1 if self._due else None
                await asyncio.wait(
                    {waking, watching, *([] if running.done() else [running])},
                    timeout=seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                waking.cancel()
                self._woken.clear()
        finally:
            tasks = [watching, running, *([self._absent] if self._absent else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        async with aclosing(changes(self._watched)) as found:
            async for paths in found:
                self._due |= {self._watched.shown(path) for path in paths}
                self._woken.set()

    def _act(self) -> bool:
        """Do what the keys say; returns whether to go on."""
        keys, self._keys = self._keys, []
        for key in keys:
            if key == QUIT:
                return False
            try:
                if key == "r":
                    self._due.add(_AGAIN)
                elif key == "s":
                    self._write_stubs()
                elif key == "a":
                    self._accept()
            except SandboxError as error:
                self._screen.error(error)
        return True

    def _write_stubs(self) -> None:
        if self._last is None or not self._last.unanswered:
            self._screen.say("every request has a stub")
            return
        file = new_stubs.add(self._folder, self._last.unanswered)
        # Not once more, if the key is pressed twice; the file itself is a change, for which it runs again.
        self._last = replace(self._last, unanswered=[])
        self._screen.say(f"written to {self._watched.shown(file)}: fill in the answer there", "green")

    def _accept(self) -> None:
        if self._outcome is None:
            self._screen.say("there is nothing to accept yet")
            return
        self._accepted.write(self._outcome)
        self._screen.say(f"accepted: {self._shown_snapshot()}", "green")

    def _shown_snapshot(self) -> str:
        return str(self._accepted.file.relative_to(self._runs.directory))

    async def _run(self, why: set[str]) -> None:
        """One run; whatever goes wrong is shown, and the next change triggers another."""
        self._is_cut = False
        with contextlib.ExitStack() as busy:
            busy.enter_context(self._busy("resyncing"))
            try:
                read = await asyncio.to_thread(self._runs.read)
                async with self._runs.running(read=read) as run:
                    told = await explained(self._runs, run)
                    busy.close()
                    self._screen.begin(why)
                    self._show(told)
                self._has_lost_pool = False
            except Exception as error:  # noqa: BLE001 # whatever it is, the next change may fix it
                busy.close()
                self._screen.begin(why)
                await self._fail(error)
        self._screen.keys(self._last)

    def _show(self, run: Run) -> None:
        before, self._outcome = self._outcome, outcome_of(_NAME, run.result)
        if before is None:
            self._screen.first(run)
        else:
            self._screen.since(run, compare(before, self._outcome))
        self._last = run
        difference = self._accepted.difference(self._outcome)
        if difference is not None:
            self._screen.accepted(difference, self._shown_snapshot())

    async def _fail(self, error: Exception) -> None:
        if self._is_cut and isinstance(error, ResyncCrashedError):
            self._screen.say("stopped: something changed during the resync", "yellow")
        elif isinstance(error, SandboxError):
            self._screen.error(error)
        else:  # a file that vanished while it was read
            self._screen.error(SandboxError(f"{type(error).__name__}: {error}", remedy="save it again, or press r."))
        if isinstance(error, EngineError):  # perhaps the pool daemon was stopped: there is another, or a local pool
            await asyncio.to_thread(pool.close_of_this_process)
            if isinstance(error, EngineUnreachableError):
                self._screen.say("it runs again once the engine answers", "yellow")
                self._absent = self._absent or asyncio.create_task(self._await_engine())
            elif not self._has_lost_pool:
                self._due.add(_ANOTHER_POOL)
            self._has_lost_pool = True

    async def _await_engine(self) -> None:
        from sandbox.engine import engine  # noqa: PLC0415 # Docker's client takes a while to import

        while True:
            if await asyncio.to_thread(engine.answers):
                break
            await asyncio.sleep(_ENGINE_SECONDS)
        self._absent = None
        self._due.add(_ENGINE_IS_BACK)
        self._woken.set()
