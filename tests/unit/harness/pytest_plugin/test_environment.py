"""A conftest.py of the integration's, and a pytest of another environment."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.harness.factories import write


def run(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--ocean-sandbox", "tests"],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["port_ocean.context.ocean", "not_there_at_all"])
def test_it_is_told_at_once(tmp_path: Path, name: str) -> None:
    write(tmp_path / ".port" / "spec.yaml", "")
    write(tmp_path / "tests" / "conftest.py", f"import {name}\n")
    write(tmp_path / "tests" / "test_a.py", "def test_a(): pass\n")

    done = run(tmp_path)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    said = done.stdout + done.stderr
    assert f"conftest.py needs {name.partition('.')[0]}, which is not installed for this pytest" in said
    assert "pip install ocean-sandbox" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("code", ["1 / 0", "raise ImportError('own')"])
def test_what_is_wrong_with_the_file_itself_is_pytests_to_say(tmp_path: Path, code: str) -> None:
    write(tmp_path / ".port" / "spec.yaml", "")
    write(tmp_path / "tests" / "conftest.py", f"{code}\n")

    done = run(tmp_path)

    assert "is not installed for this pytest" not in done.stdout + done.stderr
    assert "ImportError while loading conftest" in done.stdout + done.stderr or "Error" in done.stdout + done.stderr
