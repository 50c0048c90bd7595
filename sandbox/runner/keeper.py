"""Keeps the lifeline, and a process ready to fork; forks it for each integration that is to boot."""

import contextlib
import gc
import os
import select
import shutil
import signal
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .channel import Channel
from .egress import Record
from .lines import Lines, answer, write

LIFELINE_CUT = 70
_EVERY_PROCESS = -1
# Where a child may write: what it leaves there must not be seen by the next one.
_WRITABLE = (Path("/app"), Path("/tmp"), Path("/dev/shm"))  # noqa: S108 # the container's own
_OOM_COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/sys/fs/cgroup/memory/memory.oom_control"))


class Keeper:
    """The process that waits.

    Args:
        orders: File descriptor to read orders from.
        answers: File descriptor to write answers to.
        serve: What a child does: carries out orders from a channel until it ends.
    """

    def __init__(self, orders: int, answers: int, serve: Callable[[Channel], None]) -> None:
        self._orders = orders
        self._answers = answers
        self._serve = serve
        self._child: int | None = None
        self._child_ended: int | None = None
        self._to_child: int | None = None
        self._oom_kills = _oom_kills()
        self._record = Record()

    def keep(self) -> None:
        """Do as ordered until the lifeline is cut; does not return.

        ``boot`` forks a child, which gets this order and those that follow; ``end`` kills it and removes all it left.
        """
        gc.freeze()  # a collection in a child would copy every page of what was imported
        lines = Lines(self._orders)
        answer(self._answers, {"event": "ready", "threads": [each.name for each in threading.enumerate()][1:]})
        try:
            while True:
                watched = [self._orders] + ([self._child_ended] if self._child_ended is not None else [])
                ready, _, _ = select.select(watched, [], [])
                if self._child_ended in ready:
                    self._bury()
                if self._orders in ready:
                    orders = lines.read()
                    if orders is None:
                        break
                    for order in orders:
                        self._take(order)
        except BaseException:  # noqa: BLE001 # an order that is none ends it too: better no container than no lifeline
            traceback.print_exc()
        _kill_everything()
        os._exit(LIFELINE_CUT)

    def _take(self, order: dict[str, Any]) -> None:
        if order["order"] == "end":
            self._clean_up()
            answer(self._answers, {"event": "ended"})
        elif order["order"] == "attempts":
            answer(self._answers, {"event": "attempts", "egress": self._record.attempts()})
        elif order["order"] == "boot" and self._child is None:
            self._fork(order)
        elif self._to_child is not None:
            with contextlib.suppress(BrokenPipeError):  # it has just died, which is told next
                write(self._to_child, order)
        else:
            answer(self._answers, {"event": "died", "why": "no integration is booted", "oom": False})

    def _fork(self, order: dict[str, Any]) -> None:
        self._record.clear()
        read, self._to_child = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(self._to_child)
            os.close(self._orders)
            code = 1
            try:
                self._serve(Channel(read, self._answers, order, self._record))
                code = 0
            except BaseException:  # noqa: BLE001 # its traceback goes to the log, its exit code to the keeper
                traceback.print_exc()
            os._exit(code)
        os.close(read)
        self._child_ended = os.pidfd_open(self._child)

    def _bury(self) -> None:
        """Tell how the child ended."""
        _, status = os.waitpid(self._child or 0, 0)
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        why = signal.Signals(number).name if number else f"exit code {os.waitstatus_to_exitcode(status)}"
        kills, self._oom_kills = self._oom_kills, _oom_kills()
        self._forget_child()
        os.write(self._answers, b"\n")  # it may have died in the middle of an answer
        died = {"event": "died", "why": why, "oom": self._oom_kills > kills}
        tried = self._record.attempts()
        answer(self._answers, {**died, "egress": tried} if tried else died)

    def _clean_up(self) -> None:
        _kill_everything()
        if self._child is not None:
            os.waitpid(self._child, 0)
            self._forget_child()
        with contextlib.suppress(ChildProcessError):  # what it had started is ours to bury now
            while os.waitpid(-1, 0):
                pass
        # Outside a container of its own these folders are everyone's, and a released image has its code in one.
        for folder in [each for each in _WRITABLE if os.getpid() == 1 and each.is_mount()]:
            for left in folder.iterdir():
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() and not left.is_symlink() else left.unlink()

    def _forget_child(self) -> None:
        for descriptor in (self._child_ended, self._to_child):
            if descriptor is not None:
                os.close(descriptor)
        self._child = self._child_ended = self._to_child = None


def _kill_everything() -> None:
    """Kill every process but this one. Only as the first of a container: elsewhere it would be everyone's."""
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(_EVERY_PROCESS, signal.SIGKILL)


def _oom_kills() -> int:
    """How often the kernel has killed a process of this container for want of memory."""
    for file in _OOM_COUNTERS:
        with contextlib.suppress(OSError):
            for line in file.read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
    return 0
