"""Holds the lifeline and a process ready to fork; forks it for each integration to boot.

Where threads live already, be they Python's or a C library's, a fork could copy a lock that one of them holds, for ever:
there a fresh interpreter is started instead, which imports everything again.
"""

import contextlib
import gc
import os
import select
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .channel import Channel
from .code import Code
from .egress import Record
from .jsonl import Lines, answer, write
from .preload import Modules, preload
from .report import describe

LIFELINE_CUT = 70
_EVERY_PROCESS = -1
# Where a child may write, in memory: what it leaves there must not be seen by the next one.
_WRITABLE = (Path("/app"), Path("/tmp"), Path("/dev/shm"), Path("/dev/mqueue"))  # noqa: S108 # the container's own
# System V's queues, semaphores and shared memory outlive whoever made them.
_SYSTEM_V = (Path("/proc/sysvipc/msg"), Path("/proc/sysvipc/sem"), Path("/proc/sysvipc/shm"))
_IN_MEMORY = ("tmpfs", "mqueue")
_ON_DISK = ("ext4", "xfs", "btrfs", "overlay", "fuse")
_OOM_COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/sys/fs/cgroup/memory/memory.oom_control"))


class Supervisor:
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
        self._code: Code | None = None
        self._not_unpacked: OSError | None = None
        self._preloaded = Modules()
        self._is_out_of_date = False

    def keep(self) -> None:
        """Do as ordered until the lifeline is cut; does not return.

        ``code`` brings an integration's code, which is put in place now and after each ``end``. ``import`` has modules
        imported that every child will have. ``boot`` starts a child, which gets this order and those that follow; ``end``
        kills it, removes what it left, and answers with what could not be removed.
        """
        gc.freeze()  # a collection in a child would copy every page of what was imported
        lines = Lines(self._orders)
        answer(self._answers, {"event": "ready", "threads": _threads()})
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
        except BaseException:  # noqa: BLE001 # an invalid order ends it too: better no container than no lifeline
            traceback.print_exc()
        _kill_everything()
        os._exit(LIFELINE_CUT)

    def _take(self, order: dict[str, Any]) -> None:
        if order["order"] == "end":
            self._clean_up()
            answer(self._answers, {"event": "ended", "left": _left() if _is_first() else []})
            self._unpack()
        elif order["order"] == "code":
            # Modules of what was there before cannot be taken back.
            self._is_out_of_date = bool(self._preloaded.own)
            self._code = Code(Path(order["directory"]), order["archive"])
            if _is_first():
                _empty(Path(order["directory"]))
            self._unpack()
        elif order["order"] == "import":
            self._import(Modules(order["installed"], order["own"]), Path(order["directory"]), is_tried=order["tried"])
        elif order["order"] == "attempts":
            answer(self._answers, {"event": "attempts", "egress": self._record.attempts()})
        elif order["order"] == "boot" and self._child is None:
            self._start(order)
        elif self._to_child is not None:
            with contextlib.suppress(BrokenPipeError):  # it has just died, which is told next
                write(self._to_child, order)
        else:
            answer(self._answers, {"event": "died", "why": "no integration is booted", "oom": False})

    def _unpack(self) -> None:
        self._not_unpacked = None
        if self._code is not None:
            try:
                self._code.unpack()
            except OSError as error:  # who boots is told
                self._not_unpacked = error

    def _import(self, wanted: Modules, directory: Path, *, is_tried: bool) -> None:
        found: Modules | None = None
        gc.disable()  # as while port_ocean was imported
        try:
            found = Modules() if _threads() else preload(wanted, directory, _threads, is_tried=is_tried)
        except Exception:  # noqa: BLE001 # what was to save time must not cost the container
            self._is_out_of_date = True  # nobody knows what is imported now
        gc.enable()
        done = found or Modules()
        self._preloaded = Modules(self._preloaded.installed + done.installed, self._preloaded.own + done.own)
        gc.freeze()
        # Nobody waits for it, so it has no mark: who waits for the next one would find this one, and miss the end of a log.
        write(self._answers, {"event": "imported", "ended": found is not None, **asdict(done)})

    def _must_begin_anew(self) -> bool:
        """Whether a fork would not do for the next child: a thread may hold a lock, or a module be the wrong one."""
        if self._is_out_of_date or _threads():
            return True
        # Of two modules of one name, an integration gets its own, whatever was imported here.
        ahead = {name.partition(".")[0] for name in self._preloaded.installed}
        return self._code is not None and not ahead.isdisjoint(self._code.names)

    def _start(self, order: dict[str, Any]) -> None:
        if self._not_unpacked is not None:
            failed = describe(self._not_unpacked)
            answer(self._answers, {"event": "failed", "phase": "unpack the code", "errors": failed})
            return
        self._record.clear()
        read, to_child = os.pipe()
        self._child = self._spawn(read, order) if self._must_begin_anew() else self._fork(read, to_child, order)
        os.close(read)
        self._to_child = to_child
        self._child_ended = os.pidfd_open(self._child)

    def _fork(self, read: int, to_child: int, order: dict[str, Any]) -> int:
        child = os.fork()
        if child == 0:
            os.close(to_child)
            os.close(self._orders)
            code = 1
            try:
                self._serve(Channel(read, self._answers, order, self._record))
                code = 0
            except BaseException:  # noqa: BLE001 # its traceback goes to the log, its exit code to the supervisor
                traceback.print_exc()
            os._exit(code)
        return child

    def _spawn(self, read: int, order: dict[str, Any]) -> int:
        """Start this program again, which takes the order and the pipes over: see :func:`__main__.take_over`."""
        first = os.memfd_create("order")
        write(first, order)
        inherited = (read, self._answers, first)
        for descriptor in inherited:
            os.set_inheritable(descriptor, True)  # noqa: FBT003 # by position only
        command = [*sys.orig_argv, *map(str, inherited), self._record.path]
        try:
            return os.posix_spawn(sys.executable, command, os.environ)
        finally:
            os.close(first)
            os.set_inheritable(self._answers, False)  # noqa: FBT003

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
        if _is_first():
            for folder in _writable():
                _empty(folder)

    def _forget_child(self) -> None:
        for descriptor in (self._child_ended, self._to_child):
            if descriptor is not None:
                os.close(descriptor)
        self._child = self._child_ended = self._to_child = None


def _is_first() -> bool:
    """Whether this is the first process of a container: elsewhere all that it sees would be everyone's."""
    return os.getpid() == 1


def _threads() -> list[str]:
    """The names of this process's threads but the first, those of C libraries included."""
    names = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # it has just ended
            names += [(task / "comm").read_text().strip()] if int(task.name) != os.getpid() else []
    return names


def _mounts() -> list[tuple[Path, str, list[str]]]:
    """Where something is mounted, which file system, with which options."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return [(Path(place), kind, options.split(",")) for _, place, kind, options, *_ in map(str.split, lines)]


def _writable() -> list[Path]:
    """The folders that are a child's to write to. A released image may have its code in one of that name, or a volume."""
    return [place for place, kind, _ in _mounts() if place in _WRITABLE and kind in _IN_MEMORY]


def _empty(folder: Path) -> None:
    for parent, folders, _ in os.walk(folder):  # it goes into each after this has let it in
        for each in (Path(parent, name) for name in folders):
            if not each.is_symlink():
                with contextlib.suppress(OSError):
                    each.chmod(0o700)
    for left in folder.iterdir():
        with contextlib.suppress(OSError):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() and not left.is_symlink() else left.unlink()


def _left() -> list[str]:
    """What the next one would find all the same: what cannot be removed, or not be put back as it was."""
    left = [str(each) for folder in _writable() for each in folder.iterdir()]
    for table in _SYSTEM_V:
        with contextlib.suppress(OSError):
            left += [f"{table.name} {line.split()[1]}" for line in table.read_text().splitlines()[1:]]
    left += [
        f"volume {place}"
        for place, kind, options in _mounts()
        if kind.startswith(_ON_DISK) and "rw" in options and place != Path("/") and place.is_dir()
    ]
    return left


def _kill_everything() -> None:
    """Kill every process but this one."""
    if _is_first():
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
