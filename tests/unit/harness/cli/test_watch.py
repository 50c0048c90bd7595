"""What `watch` says of itself, and what its exit codes mean."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from harness import cli


def test_what_cannot_be_watched(tmp_path: Path) -> None:
    wrong = CliRunner().invoke(cli.main, ["watch", str(tmp_path)], env={"OCEAN_SANDBOX_RESYNC_TIMEOUT": "soon"})

    assert wrong.exit_code == 3
    assert wrong.output.startswith("ocean-sandbox: Invalid setting: resync_timeout")
    assert CliRunner().invoke(cli.main, ["watch", str(tmp_path / "nowhere")]).exit_code == 2


def test_its_help_fits_a_terminal() -> None:
    lines = CliRunner().invoke(cli.main, ["watch", "--help"], terminal_width=80).output.splitlines()

    assert max(map(len, lines)) <= 80
    assert "    s  write a stub for each unmatched request: unanswered.yaml" in lines
    assert "  0    quit" in lines
