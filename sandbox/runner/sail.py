"""Runs ``ocean sail`` as it ships, in a process of its own, configured by its environment only."""

import contextlib
import faulthandler
import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

from . import event_probe, stacks, tools

_PORT = 8000
# What init.sh of Ocean's own images makes before it runs ``ocean sail``, in the one place where it may write.
_FOLDERS = (Path("/tmp/ocean/streaming"), Path("/tmp/ocean/.config"))  # noqa: S108 # the container's own
# Not PATH says which: beside this Python is what is installed for it.
_OCEAN = Path(sys.executable).with_name("ocean")


class Sail:
    """One ``ocean sail``: without arguments of ours, and with no code of ours before it except sitecustomize.

    Args:
        directory: Where the integration's ``main.py`` is; the working directory, as in production.
        environment: The integration's configuration, ``OCEAN__…``, over what the container has.
        program: The command ``ocean``; by default, that of this Python's environment.
    """

    def __init__(self, directory: Path, environment: dict[str, str], program: Path = _OCEAN) -> None:
        self._directory = directory
        self._environment = environment
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, notes_to: socket.socket | None = None) -> None:
        """Start it; what it prints goes to the log.

        Args:
            notes_to: What it is to write notes to, and to be asked on; it does neither without.

        Raises:
            RuntimeError: It runs already.
            FileNotFoundError: There is no ``ocean``: its command is an extra of port-ocean's, ``port-ocean[cli]``.
        """
        if self._process is not None:
            message = "the integration is already running"
            raise RuntimeError(message)
        for folder in _FOLDERS:
            folder.mkdir(parents=True, exist_ok=True)
        told = {} if notes_to is None else {event_probe.VARIABLE: str(notes_to.fileno())}
        self._process = subprocess.Popen(  # it is what a resync container is for
            [str(self._program), "sail"],
            cwd=self._directory,
            env={**os.environ, **self._environment, stacks.VARIABLE: "1", tools.HERE: "1", **told},
            pass_fds=[int(each) for each in told.values()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def port(self) -> int:
        """Where it listens, on this container's loopback too: 8000, unless a released image says otherwise.

        Ocean reads the variable whatever its case (port-ocean 0.55, config/settings.py, `ApplicationSettings`), and does
        not start if it is not a number.
        """
        told = {name.upper(): value for name, value in {**os.environ, **self._environment}.items()}
        port = told.get("APPLICATION__PORT", "")
        return int(port) if port.isdecimal() else _PORT

    def code(self) -> int | None:
        """Its exit code, or None while it runs."""
        return None if self._process is None else self._process.poll()

    def wait(self) -> int:
        """Wait until it has ended. If a signal has killed it, this process dies of the same: the supervisor tells of it.

        Returns:
            Its exit code.

        Raises:
            RuntimeError: It was never started.
        """
        if self._process is None:
            message = "the integration is not running"
            raise RuntimeError(message)
        code = self._process.wait()
        if code < 0:
            _die_of(-code)
        return code

    def print_stacks(self) -> None:
        """Have it print where its threads and tasks are; where a child of it does not know the signal, that ends it."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, stacks.SIGNAL)


def _die_of(number: int) -> None:
    faulthandler.disable()  # our own stack explains nothing
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # SIGKILL has no handler to set
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
