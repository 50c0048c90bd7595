"""Runs a program whose failure must explain itself."""

import subprocess
from collections.abc import Sequence

from sandbox.errors import SandboxError


def output_of(command: Sequence[str], *, error: type[SandboxError], remedy: str, limit_seconds: float = 600) -> str:
    """What ``command`` prints, standard error included.

    Raises:
        SandboxError: It failed or took too long: of the type ``error``, with ``remedy`` and the end of its output.
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        raise error(f"`{' '.join(command)}` did not end within {limit_seconds:.0f} s.", remedy=remedy) from expired
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-15:])
        raise error(f"`{' '.join(command)}` failed with code {done.returncode}.", remedy=remedy, detail=end)
    return done.stdout
