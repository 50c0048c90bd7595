"""Times one run of pytest, from the outside. Also copied into the in-process peer's container, and run there as a program.

Standard library only: ``clock.py RESULT FOLDER COMMAND…`` writes what :func:`run` returns to ``RESULT``, as JSON.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

LIMIT_SECONDS = 1800


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    meanwhile: Callable[["subprocess.Popen[bytes]"], None] = lambda _: None,
) -> dict[str, Any]:
    """Run ``command``, a pytest with the plugin ``stopwatch``, in ``folder``.

    Args:
        command: What to run.
        folder: Where.
        environment: Its whole environment.
        meanwhile: Called once it runs, with the process; the run's time goes on.

    Returns:
        ``began`` and ``ended`` (seconds of the monotonic clock), ``code``, ``output``, ``reports`` (a list of what the
        stopwatch wrote), and ``most_memory`` (the largest resident set of any process that this one ran so far, KiB).
    """
    with tempfile.TemporaryDirectory() as scratch:
        reports, output = Path(scratch, "reports.jsonl"), Path(scratch, "output")
        with output.open("wb") as sink:
            began = time.monotonic()
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**environment, "BENCH_REPORTS": str(reports)},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
            try:
                meanwhile(process)
                code = process.wait(timeout=LIMIT_SECONDS)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait(timeout=60)
            ended = time.monotonic()
        return {
            "began": began,
            "ended": ended,
            "code": code,
            "output": output.read_text(errors="replace"),
            "reports": [json.loads(line) for line in reports.read_text().splitlines()] if reports.exists() else [],
            "most_memory": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
        }


if __name__ == "__main__":
    result, folder, *command = sys.argv[1:]
    Path(result).write_text(json.dumps(run(command, Path(folder), os.environ)))
