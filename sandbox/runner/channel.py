"""A child's side of the pipes: orders in, answers out."""

import asyncio
import contextlib
import os
import queue
import threading
from typing import Any

from . import stacks
from .egress import Record
from .jsonl import Lines
from .jsonl import answer as write_answer
from .sail import Sail


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
        # Whose stacks are wanted besides those of the threads here.
        self.loop: asyncio.AbstractEventLoop | None = None
        self.sail: Sail | None = None
        self._writing = threading.Lock()
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def order(self) -> dict[str, Any]:
        """The next order; waits for it."""
        return self._queue.get()

    def put(self, order: dict[str, Any]) -> None:
        """Give an order of our own; from any thread."""
        self._queue.put(order)

    def answer(self, answer: dict[str, Any]) -> None:
        """Write one answer, whole; from any thread."""
        with self._writing:
            write_answer(self._answers, answer)

    def _read(self) -> None:
        lines = Lines(self._orders)
        while (orders := lines.read()) is not None:
            for order in orders:
                if order["order"] == "stacks":
                    self._print_stacks()
                else:
                    self._queue.put(order)
        os._exit(0)  # the supervisor has ended

    def _print_stacks(self) -> None:
        """Print where every thread and every task is: asked for when a resync takes too long."""
        stacks.print_threads()
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the set of tasks may change while another thread walks it
                stacks.print_tasks(asyncio.all_tasks(self.loop))
        if self.sail is not None:
            self.sail.print_stacks()
