"""Reports changed files, however they changed: written in place, replaced, or removed with their folder and recreated."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from harness.cli.watching.files import Watched
from sandbox.errors import SandboxError

# An editor's save is several events; it counts as over this long after the last of them.
_QUIET_MS = 30
# With continuous saves, report at least this often.
_AT_MOST_MS = 250
# How often to check whether a watched folder is still the same one: the system does not say.
_LOOK_MS = 300


async def changes(watched: Watched) -> AsyncGenerator[set[Path], None]:
    """The changed paths, one set per save, until the iteration ends.

    Every change after the first step of the iteration is reported, if only by the name of its root.

    Args:
        watched: What is watched.
    """
    identities, state = watched.identities(), watched.state()
    while True:
        there = [root for root, identity in identities.items() if identity is not None]
        is_first = True
        try:
            async with aclosing(_batches(watched, there)) as batches:
                async for found in batches:
                    now = watched.identities()
                    changed = set(found)
                    changed |= {root for root, identity in now.items() if identity != identities.get(root, identity)}
                    if is_first and not changed:  # changes from before the watch began were not reported
                        later = watched.state()
                        changed = {path for path in later.keys() | state.keys() if later.get(path) != state.get(path)}
                    is_first = False
                    if changed:
                        # Taken before it is reported: what is written during a read counts as written later.
                        state = watched.state()
                        yield changed
                    if now != identities:
                        identities = now
                        break  # the system watches what was there; watch what is
        except FileNotFoundError:  # gone between the look and the watch
            identities = watched.identities()
        except OSError as error:
            raise SandboxError(
                f"Cannot watch {', '.join(map(str, there))}: {error}.",
                remedy="raise fs.inotify.max_user_watches, or poll instead: WATCHFILES_FORCE_POLLING=true.",
            ) from error


async def _batches(watched: Watched, there: list[Path]) -> AsyncGenerator[set[Path], None]:
    """What the system tells, and nothing every now and then."""
    if not there:
        await asyncio.sleep(_LOOK_MS / 1000)
        yield set()
        return
    from watchfiles import Change, awatch  # noqa: PLC0415 # only this takes it

    told = awatch(
        *there,
        watch_filter=lambda _, path: watched.is_of_interest(Path(path)),
        step=_QUIET_MS,
        debounce=_AT_MOST_MS,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    async with aclosing(told):
        async for batch in told:
            there_and_gone = {path for change, path in batch if change == Change.added} & {
                path for change, path in batch if change == Change.deleted
            }
            yield {Path(path) for _, path in batch if path not in there_and_gone or watched.is_there(path)}
