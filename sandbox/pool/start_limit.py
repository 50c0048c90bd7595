"""Limits concurrent starts of sandboxes to the number of processors: more would delay all of them.

To start one takes about two seconds of a processor. Of eight workers on two processors that begin together, the first
would have its sandbox after eight seconds, together with the last; in turns, it has it after two.
"""

import contextlib
import os
import time
from collections.abc import Iterator

from filelock import FileLock, Timeout

from sandbox.engine.location import shares_loopback
from sandbox.settings import Settings

_POLL_SECONDS = 0.02
# Turns are a courtesy: who was stopped in the middle of one (Ctrl-Z) holds the others up no longer than that.
_PATIENCE_SECONDS = 20.0


@contextlib.contextmanager
def turn(settings: Settings) -> Iterator[None]:
    """Wait until it is this sandbox's turn to start, among those of all processes with the same cache; not for ever.

    A process that is killed gives its turn back.

    Args:
        settings: Where the locks are kept.
    """
    # Who else uses an engine elsewhere is unknown here.
    if not shares_loopback():
        yield
        return
    place = None
    with contextlib.suppress(OSError):  # a cache that cannot be written, or a full disk, costs the courtesy alone
        place = _place(settings)
    try:
        yield
    finally:
        if place is not None:
            place.release()


def _place(settings: Settings) -> FileLock | None:
    """Wait for one of as many places as there are processors; None where that takes too long."""
    settings.cache.mkdir(parents=True, exist_ok=True)
    places = [FileLock(settings.cache / f"start-{number}.lock") for number in range(_processors())]
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (place := next(filter(_is_free, places), None)) is None and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return place


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_free(place: FileLock) -> bool:
    """Whether it was, and is ours now."""
    try:
        place.acquire(blocking=False)
    except Timeout:
        return False
    return True
