"""Installs Debian packages on this machine, whole or not at all."""

import os
import shutil
import subprocess
from collections.abc import Sequence

from filelock import FileLock

from sandbox.errors import EngineError
from sandbox.progress import say
from sandbox.settings import Settings

_LIMIT_SECONDS = 600


def debian_installs() -> bool:
    """Whether this process can install Debian packages: Debian or a child of it, and root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str], settings: Settings) -> None:
    """Install ``packages`` with apt-get, each step to its end even when the user presses Ctrl-C meanwhile.

    Args:
        packages: Names of Debian packages.
        settings: Says where the lock is kept, so that two processes do not install at once.

    Raises:
        EngineError: apt-get failed; the message holds the end of what it said.
    """
    settings.cache.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.cache / "apt.lock"):
        for command in (
            ["dpkg", "--configure", "-a"],  # an installation that was cut short earlier makes every later one fail
            ["apt-get", "update"],
            ["apt-get", "install", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", *packages],
        ):
            say("packages", " ".join(command))
            _run_to_its_end(command)


def _run_to_its_end(command: list[str]) -> None:
    # A session of its own keeps Ctrl-C from dpkg, which would be left half-way.
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
    )
    try:
        output, _ = process.communicate(timeout=_LIMIT_SECONDS)
    except KeyboardInterrupt:
        say("packages", "interrupted: waiting for the installation to finish cleanly")
        process.communicate(timeout=_LIMIT_SECONDS)
        raise
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise EngineError(
            f"`{' '.join(command)}` did not finish within {_LIMIT_SECONDS} s.",
            remedy="check whether apt's mirror is reachable.",
        ) from error
    if process.returncode:
        raise EngineError(
            f"`{' '.join(command)}` failed with code {process.returncode}.",
            remedy="fix what apt-get reports below, or install the packages by hand.",
            detail="\n".join(output.splitlines()[-15:]),
        )
