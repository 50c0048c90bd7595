"""Commands print tables on a terminal and plain lines anywhere else."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

SHOW = """
from sandbox.cli import output
output.show_table(["Name", "Why"], [["a", "[bold]b[/bold]"], ["longer", ""]])
"""


def shown(stdout: int) -> None:
    subprocess.run([sys.executable, "-c", SHOW], stdout=stdout, check=True, cwd=Path(__file__).parents[4])


def test_plain_lines_where_no_terminal_is(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        shown(file.fileno())

    assert (tmp_path / "out").read_text() == "a  [bold]b[/bold]\nlonger\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_table_on_a_terminal_with_the_text_as_it_is() -> None:
    ours, theirs = pty.openpty()
    shown(theirs)
    os.close(theirs)
    seen = os.read(ours, 10_000).decode()
    os.close(ours)

    assert "Name" in seen
    assert "[bold]b[/bold]" in seen
