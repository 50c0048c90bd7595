"""``make bench`` measures: what it finds is for people to judge, on a machine that does nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).resolve().parent.parent.parent


def bench(results: Path, rows: str) -> subprocess.CompletedProcess[str]:
    """What the benchmarks say of some rows in their quick mode."""
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--rows", rows, "--results", str(results)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_rows_are_measured_beside_their_peers(tmp_path: Path) -> None:
    done = bench(tmp_path, "start-cold,memory")
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((tmp_path / "bench.json").read_text())
    assert (found["schema"], found["quick"], found["rounds"]) == (1, True, 1)
    assert found["machine"]["cores"] >= 1
    assert [row["name"] for row in found["rows"]] == ["start-cold", "memory"]
    for row in found["rows"]:
        assert row["status"] == "measured"
        for contender in ("sandbox", "in-process"):
            (sample,) = row["contenders"][contender]["samples"]
            assert sample["value"] > 0
        assert row["times_better"]["in-process"] > 0
        (goal,) = row["goals"]
        assert goal["met"] == (goal["reached"] <= goal["limit"])
        assert goal["text"] in done.stdout


def test_a_row_that_does_not_exist_is_named(tmp_path: Path) -> None:
    done = bench(tmp_path, "speed")
    assert done.returncode == 2
    assert "no row 'speed'; there are start-cold" in done.stderr
