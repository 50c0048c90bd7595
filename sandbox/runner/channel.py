"""Orders in, answers out, one JSON object a line; and the end of the process when the orders end."""

import asyncio
import contextlib
import faulthandler
import json
import os
import queue
import sys
import threading
from typing import Any

LIFELINE_CUT = 70


class Channel:
    """The two pipes to the process that started this container.

    A thread reads the orders, so that the lifeline and a request for the stacks are noticed while the integration
    keeps the event loop busy.

    Args:
        orders: File descriptor to read orders from.
        answers: File descriptor to write answers to.
    """

    def __init__(self, orders: int, answers: int) -> None:
        self._orders = orders
        self._answers = answers
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        self.loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def order(self) -> dict[str, Any]:
        """The next order; waits for it."""
        return self._queue.get()

    def answer(self, answer: dict[str, Any]) -> None:
        """Write one answer, whole."""
        line = memoryview(json.dumps(answer, default=str).encode() + b"\n")
        while line:
            line = line[os.write(self._answers, line) :]

    def _read(self) -> None:
        try:
            with os.fdopen(self._orders, "rb") as lines:
                for line in lines:
                    order = json.loads(line)
                    if order["order"] == "stacks":
                        self._print_stacks()
                    else:
                        self._queue.put(order)
        finally:  # an order that is none ends it too: without this thread there is no lifeline
            os._exit(LIFELINE_CUT)

    def _print_stacks(self) -> None:
        """Print where every thread and every task is: asked for when a resync takes too long."""
        faulthandler.dump_traceback(all_threads=True)
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the set of tasks may change while another thread walks it
                for task in asyncio.all_tasks(self.loop):
                    task.print_stack(file=sys.stderr)
        sys.stderr.flush()
