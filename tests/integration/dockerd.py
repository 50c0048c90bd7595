"""A dockerd of a test's own."""

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.unit.sandbox.factories import eventually


def start_dockerd(command: Sequence[str], log: Path, answers: Callable[[], bool]) -> subprocess.Popen[bytes]:
    """Start one; returns when it answers.

    It gives up by itself where its containerd is not there within fifteen seconds, as happens on a busy machine, and is
    started again then.

    Args:
        command: What starts it, in the foreground.
        log: The file for what it says.
        answers: Whether it answers.
    """
    deadline = time.monotonic() + 180
    while (dockerd := _once(command, log, answers)) is None:
        assert time.monotonic() < deadline, log.read_text()[-2000:]
    return dockerd


def _once(command: Sequence[str], log: Path, answers: Callable[[], bool]) -> subprocess.Popen[bytes] | None:
    with log.open("ab") as file:
        dockerd = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
    assert eventually(lambda: answers() or dockerd.poll() is not None, 120), log.read_text()[-2000:]
    return dockerd if dockerd.poll() is None else None
