"""The samples of the in-process harness's document run here, by their own import lines, as a user would run them.

They are the test files in ``reference/``, an integration made for them. They import ``port_ocean.tests.integration``,
which only ``--ocean-sandbox`` provides: pytest runs them in a process of its own, all at once, since each start costs
seconds.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]

REFERENCE = Path(__file__).parent / "reference"


def test_every_sample_runs_unchanged(tmp_path: Path) -> None:
    folder = shutil.copytree(REFERENCE, tmp_path / "my-integration", ignore=shutil.ignore_patterns("__pycache__"))
    options = ["-q", "-rA", "-p", "no:cacheprovider", "-n", "2", "--ocean-sandbox", "-o", "python_files=sample_*.py"]
    command = [sys.executable, "-m", "pytest", *options, "tests"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-10_000:]
    samples = sum(path.read_text().count("async def test_") for path in (folder / "tests").glob("sample_*.py"))
    assert samples == done.stdout.count("PASSED ") == 17
