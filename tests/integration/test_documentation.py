"""The documentation's samples run as they stand there: tests in sandboxes, commands in the integration's directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documentation import all_blocks, commands, tracker_with_tests

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    bin_folder = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        # `up` and `down` are for all of a user's runs: this one has a pool daemon of its own.
        "OCEAN_SANDBOX_CACHE": str(folder.parent / "cache"),
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def test_every_sample_test_passes(tmp_path: Path) -> None:
    tracker = tracker_with_tests(tmp_path)
    options = ["-q", "-n", "2", "-p", "no:cacheprovider", "--sandbox-isolation", "fork"]
    done = run([sys.executable, "-m", "pytest", *options, "tests"], tracker)
    assert done.returncode == 0, done.stdout[-10_000:]
    # A class that derives from a sample runs its tests, too: no fewer than the pages have.
    samples = sum(block.code.count("async def test_") for block in all_blocks() if block.language == "python")
    passed = int(done.stdout.rpartition(" passed")[0].split()[-1])
    assert passed >= samples > 10


def test_every_command_works(tmp_path: Path) -> None:
    tracker = tracker_with_tests(tmp_path)
    for block in all_blocks():
        if block.language == "console":
            for command in commands(block):
                done = run(command, tracker)
                assert done.returncode == 0, f"docs/{block.page}:{block.line}: {command}\n{done.stdout}{done.stderr}"
