"""Runs programs: external ones, whose failures become clear errors, and modules of this package."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.errors import SandboxError

PACKAGE = Path(__file__).resolve().parent
# Fixes which package is meant before anything is looked up by its name.
_START = f"""\
import importlib.util, runpy, sys
_, file, module = sys.argv[:3]
del sys.argv[1:3]
spec = importlib.util.spec_from_file_location("{PACKAGE.name}", file)
sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules[spec.name])
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def program_of(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this package, wherever it is run.

    ``python -m`` would look for it in the working directory first, and in PYTHONPATH, and start somebody else's package
    of the same name.

    Args:
        module: Its full name.
        arguments: What it is told.
    """
    return [sys.executable, "-P", "-c", _START, str(PACKAGE / "__init__.py"), module, *arguments]


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
        what = f"`{' '.join(command)}` did not finish within {limit_seconds:.0f} s."
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
