"""A terminal with a program in it, as a person has it: keys in, text out."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
_SECONDS = 60


class Terminal:
    """A pseudo-terminal with a program in it.

    Args:
        process: The program.
        master: The person's end.
    """

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        self._shown = ""
        self._seen = 0
        self._new = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def press(self, keys: str) -> None:
        """Press keys; Ctrl-C is ``\\x03``."""
        os.write(self._master, keys.encode())

    def expect(self, text: str, seconds: float = _SECONDS) -> str:
        """Wait until a text is shown, after what was expected before; returns what was shown until then."""
        deadline = time.monotonic() + seconds
        with self._new:
            while (at := self._shown.find(text, self._seen)) < 0:
                left = deadline - time.monotonic()
                if not (left > 0 and self._new.wait(left)):
                    raise AssertionError(f"{text!r} was not shown within {seconds} s:\n{self._shown[self._seen :]}")
            before, self._seen = self._shown[self._seen : at], at + len(text)
            return before

    def _read(self) -> None:
        raw = b""
        with contextlib.suppress(OSError):  # at the end of the program
            while chunk := os.read(self._master, 1 << 16):
                raw += chunk
                with self._new:
                    self._shown = _STYLE.sub("", raw.decode(errors="replace"))
                    self._new.notify_all()


@contextlib.contextmanager
def terminal(command: list[str], folder: Path, environment: Mapping[str, str], width: int = 160) -> Iterator[Terminal]:
    """Run a program in a terminal; it is killed in the end.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        environment: All of its environment.
        width: The terminal's columns.
    """
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**environment, "TERM": "xterm-256color"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        preexec_fn=take_terminal,  # noqa: PLW1509 # the child is one thread; Ctrl-C needs a terminal of its own
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)
