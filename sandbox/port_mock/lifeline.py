"""The lifeline: ends the program when its stdin reaches EOF.

The container is created with `StdinOnce`, so the engine closes its stdin when the process that attached goes away,
however it goes. Nobody has to come and clean up (the design, 'One resync, step by step').
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK_BYTES = 65536


class Lifeline:
    """Watches a file descriptor from a thread, and sees to it that the process ends when the descriptor does.

    It is a thread and not an event-loop reader because stdin may be of any kind (a pipe, a terminal, `/dev/null`), and
    because a loop that is busy with a large answer must not outlive its lifeline.
    """

    def __init__(
        self,
        on_end: Callable[[], None],
        *,
        descriptor: int,
        grace: float,
        exit_now: Callable[[int], object] = os._exit,
    ) -> None:
        """Describe a lifeline; `hold` starts it.

        Args:
            on_end: Called once, in the lifeline's thread, when the descriptor ends. It should make the program end in
                an orderly way.
            descriptor: The file descriptor to read; whatever arrives on it is thrown away.
            grace: Seconds that the orderly way may take, until `release`.
            exit_now: Called with status 0 when it took longer.
        """
        self._on_end = on_end
        self._descriptor = descriptor
        self._grace = grace
        self._exit_now = exit_now
        self._released = threading.Event()

    def hold(self) -> None:
        """Begin to watch; the thread is a daemon and does not keep the process alive."""
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def release(self) -> None:
        """Say that the program has already ended, so that it need not be ended any more."""
        self._released.set()

    def _watch(self) -> None:
        try:
            while os.read(self._descriptor, _CHUNK_BYTES):
                pass
        except OSError:
            # A stdin that was never open, or broke, is a lifeline that nobody holds.
            pass
        if self._released.is_set():
            return
        self._on_end()
        if not self._released.wait(self._grace):
            self._exit_now(0)
