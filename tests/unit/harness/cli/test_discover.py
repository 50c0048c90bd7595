"""What ``ocean-sandbox discover`` prints: its errors, and the outcome."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import cli
from harness.cli.discover import _show
from harness.recording.discover import Discovery
from tests.unit.harness.factories import write


def discover(directory: Path, *options: str) -> str:
    done = CliRunner().invoke(cli.main, ["discover", str(directory), *options])
    assert done.exit_code == 3, done.output
    assert "Traceback" not in done.output
    return done.output


def test_no_spec(tmp_path: Path) -> None:
    assert f"ocean-sandbox: The integration at {tmp_path} has no .port/spec.yaml." in discover(tmp_path)


def test_a_malformed_dotenv(tmp_path: Path) -> None:
    write(tmp_path / ".port" / "spec.yaml", "configurations: []")
    write(tmp_path / ".env", "TOKEN\n'")
    assert f"{tmp_path}/.env, line 1, is not a setting" in discover(tmp_path)


def test_no_main(tmp_path: Path) -> None:
    write(tmp_path / ".port" / "spec.yaml", "configurations: []")
    assert "it has no main.py" in discover(tmp_path)


def test_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    _show(
        Discovery(
            Path("x/discovery.json"),
            calls=3,
            hosts={"b.example": 2, "a.example": 1},
            entities=7,
            errors=["ValueError: no"],
            warnings=["Port refused 1 entities"],
            secrets=2,
            people=1,
        )
    )
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "  a.example: 1 call",
        "  b.example: 2 calls",
        (
            "x/discovery.json: 3 calls, 7 entities; 2 secrets replaced by placeholders, 1 names and addresses of people "
            "by made-up ones"
        ),
    ]
    assert said.err.splitlines() == ["the resync raised ValueError: no", "note: Port refused 1 entities"]
