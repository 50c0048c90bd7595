"""Ctrl-C ends a command with 130, a line, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.engine import engine
from sandbox.engine.owner import PROCESS

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.integration, pytest.mark.slow]


def wait_until(is_so: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("command", ["explain", "up"])
def test_nothing_is_left_of_a_command_that_is_stopped(tmp_path: Path, command: str) -> None:
    docker = engine.client().client.api
    process = subprocess.Popen(
        [Path(sys.executable).with_name("ocean-sandbox"), command, str(ROOT / "examples" / "oci-registry")],
        env={**os.environ, "OCEAN_SANDBOX_CACHE": str(tmp_path), "OCEAN_SANDBOX_STANDING_POOL": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    processes = {str(process.pid)}

    def things() -> list[str]:
        # Of `up`, they belong to the process that it starts.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        processes.update(children.read_text().split() if children.exists() else [])
        there = [*docker.containers(all=True, filters={"label": PROCESS}), *docker.networks(filters={"label": PROCESS})]
        return [each["Id"] for each in there if each["Labels"][PROCESS].partition(":")[0] in processes]

    wait_until(things)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "ocean-sandbox: stopped."
    assert "Traceback" not in err
    wait_until(lambda: not things())
