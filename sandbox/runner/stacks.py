"""Prints where every thread and task is, when something takes too long."""

import contextlib
import faulthandler
import gc
import inspect
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

# Tells a Python that the runner starts (see sitecustomize.py) to print its stacks on SIGNAL.
VARIABLE = "OCEAN_SANDBOX_STACKS"
SIGNAL = signal.SIGUSR1
_FRAMES = ("cr_frame", "ag_frame", "gi_frame")
_AWAITS = ("cr_await", "ag_await", "gi_yieldfrom")


def print_threads() -> None:
    """The stack of each thread of this process, to stderr."""
    faulthandler.dump_traceback(all_threads=True)


def print_tasks(tasks: "Iterable[asyncio.Task[Any]]") -> None:
    """What each task awaits, to stderr."""
    with contextlib.suppress(RuntimeError):  # the set of tasks may change while another thread walks it
        for task in tasks:
            print(f"Task {task.get_name()} waits at (most recent call last):", file=sys.stderr)
            for frame in frames(task.get_coro()):
                print(f"  File {frame.f_code.co_filename}, line {frame.f_lineno}", file=sys.stderr)
    sys.stderr.flush()


def print_on_signal() -> None:
    """Have this process print its stacks whenever it gets SIGNAL; threads even while it is stuck in C."""
    del os.environ[VARIABLE]  # of programs that it starts, nobody asks
    faulthandler.enable()
    signal.signal(SIGNAL, _print_tasks_of_loop)
    faulthandler.register(SIGNAL, all_threads=True, chain=True)


def _print_tasks_of_loop(*_: object) -> None:
    """The handler; Python calls it in the main thread, in the middle of the loop that runs there."""
    import asyncio  # noqa: PLC0415 # most Pythons that could be asked never are

    with contextlib.suppress(RuntimeError):  # no loop runs
        print_tasks(asyncio.all_tasks())


def frames(awaited: Any) -> Iterator[FrameType]:
    """The frames of what a task awaits. Python's own print_stack stops at the first asynchronous generator."""
    while awaited is not None:
        if type(awaited).__name__ in ("async_generator_asend", "async_generator_athrow"):
            awaited = next((each for each in gc.get_referents(awaited) if inspect.isasyncgen(each)), None)
        frame = next((found for name in _FRAMES if (found := getattr(awaited, name, None)) is not None), None)
        if frame is not None:
            yield frame
        awaited = next((found for name in _AWAITS if (found := getattr(awaited, name, None)) is not None), None)
