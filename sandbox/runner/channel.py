"""A child's side of the pipes: orders in, answers out."""

import asyncio
import contextlib
import faulthandler
import gc
import inspect
import os
import queue
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from .egress import Record
from .lines import Lines
from .lines import answer as write_answer

_FRAMES = ("cr_frame", "ag_frame", "gi_frame")
_AWAITS = ("cr_await", "ag_await", "gi_yieldfrom")


class Channel:
    """Orders for one child, and its answers.

    A thread reads the orders, so that a request for the stacks is heard while the integration keeps the event loop
    busy.

    Args:
        orders: File descriptor to read further orders from.
        answers: File descriptor to write answers to.
        first: The order for which the child was forked.
        record: Where attempts to reach the outside are kept.
    """

    def __init__(self, orders: int, answers: int, first: dict[str, Any], record: Record) -> None:
        self.record = record
        self._orders = orders
        self._answers = answers
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        self._queue.put(first)
        self.loop: asyncio.AbstractEventLoop | None = None
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def order(self) -> dict[str, Any]:
        """The next order; waits for it."""
        return self._queue.get()

    def answer(self, answer: dict[str, Any]) -> None:
        """Write one answer, whole."""
        write_answer(self._answers, answer)

    def _read(self) -> None:
        lines = Lines(self._orders)
        while (orders := lines.read()) is not None:
            for order in orders:
                if order["order"] == "stacks":
                    self._print_stacks()
                else:
                    self._queue.put(order)
        os._exit(0)  # the keeper has ended

    def _print_stacks(self) -> None:
        """Print where every thread and every task is: asked for when a resync takes too long."""
        faulthandler.dump_traceback(all_threads=True)
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the set of tasks may change while another thread walks it
                for task in asyncio.all_tasks(self.loop):
                    print(f"Task {task.get_name()} waits at (most recent call last):", file=sys.stderr)
                    for frame in _frames(task.get_coro()):
                        print(f"  File {frame.f_code.co_filename}, line {frame.f_lineno}", file=sys.stderr)
        sys.stderr.flush()


def _frames(awaited: Any) -> Iterator[FrameType]:
    """The frames of what a task awaits. Python's own print_stack stops at the first asynchronous generator."""
    while awaited is not None:
        if type(awaited).__name__ in ("async_generator_asend", "async_generator_athrow"):
            awaited = next((each for each in gc.get_referents(awaited) if inspect.isasyncgen(each)), None)
        frame = next((found for name in _FRAMES if (found := getattr(awaited, name, None)) is not None), None)
        if frame is not None:
            yield frame
        awaited = next((found for name in _AWAITS if (found := getattr(awaited, name, None)) is not None), None)
