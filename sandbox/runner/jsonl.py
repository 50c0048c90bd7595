"""JSON objects over a pipe, one per line."""

import json
import os
from typing import Any

_CHUNK = 1 << 20
# Written to stderr before each answer: the engine carries the two streams apart, and an answer must not come before
# what was logged before it.
MARK = b"\x1eanswer\x1e"


def answer(descriptor: int, value: dict[str, Any]) -> None:
    """Write one answer, after a mark in the log."""
    os.write(2, MARK + b"\n")
    write(descriptor, value)


def write(descriptor: int, value: dict[str, Any]) -> None:
    """Write one object, whole."""
    line = memoryview(json.dumps(value, default=str).encode() + b"\n")
    while line:
        line = line[os.write(descriptor, line) :]


class Lines:
    """Reads the lines that come, without ever waiting for the rest of one.

    Args:
        descriptor: What to read from.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending: list[bytes] = []

    def read(self) -> list[dict[str, Any]] | None:
        """The objects whose lines are complete now, or None when there will be no more. Call it when there is input."""
        data = os.read(self._descriptor, _CHUNK)
        if not data:
            return None
        *complete, rest = data.split(b"\n")
        if complete:
            complete[0] = b"".join([*self._pending, complete[0]])
            self._pending = []
        self._pending.append(rest)
        return [json.loads(line) for line in complete]
