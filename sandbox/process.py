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
            errors="replace",
            timeout=limit_seconds,
            check=False,
        )
    except FileNotFoundError as missing:
        raise error(f"There is no program {command[0]!r}.", remedy=f"install it. {remedy}") from missing
    except subprocess.TimeoutExpired as expired:
        what = f"`{' '.join(command)}` did not end within {limit_seconds:.0f} s."
        output = expired.stdout or b""  # bytes, whatever was asked for
        raise error(
            what, remedy=remedy, detail=_end(output if isinstance(output, str) else output.decode(errors="replace"))
        ) from expired
    if done.returncode:
        what = f"`{' '.join(command)}` failed with code {done.returncode}."
        raise error(what, remedy=remedy, detail=_end(done.stdout))
    return done.stdout


def _end(output: str) -> str:
    return "\n".join(output.splitlines()[-15:])
