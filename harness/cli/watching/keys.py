"""Reads single keys of the terminal, without waiting for the end of a line."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator

QUIT = "q"


def are_there() -> bool:
    """Whether a person can press any: both ends of this process are a terminal's."""
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextlib.contextmanager
def pressed(told: Callable[[str], None]) -> Iterator[None]:
    """Tell of each key, for as long as the block lasts; the terminal is as it was when it ends.

    Args:
        told: Called with each key, in the loop of asyncio; with :data:`QUIT` where the terminal has gone.
    """
    import termios  # noqa: PLC0415 # there are systems without it
    import tty  # noqa: PLC0415

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            found = os.read(descriptor, 64).decode(errors="ignore")
        except OSError:
            found = ""
        if not found:
            loop.remove_reader(descriptor)
        for key in found or QUIT:
            told(key)

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
