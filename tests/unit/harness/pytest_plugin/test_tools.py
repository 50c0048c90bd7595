"""The options of the debugger say what they cannot do before the first test."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.harness.factories import write


def run(folder: Path, *options: str) -> str:
    write(folder / "test_a.py", "def test_a(): pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # without a terminal
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert "What to do: " in said
    return said


@pytest.mark.parametrize("option", ["--sandbox-debug", "--sandbox-debug-port=5678"])
@pytest.mark.parametrize("several", ["-n2", "--tx=2*popen"])
def test_several_processes_have_no_debugger(tmp_path: Path, option: str, several: str) -> None:
    assert "add -n 0" in run(tmp_path, option, several)


def test_without_a_terminal_an_editor_is_what_is_left(tmp_path: Path) -> None:
    said = run(tmp_path, "--sandbox-debug")
    assert "There is no terminal for pdb" in said
    assert "attach an editor" in said


def test_a_port_in_use_is_told_before_any_test(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"The port {port} for the debugger cannot be used" in run(tmp_path, f"--sandbox-debug-port={port}")
