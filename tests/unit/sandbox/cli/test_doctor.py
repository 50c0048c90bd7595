"""`doctor` checks everything, changes nothing, and says what is wrong and what to do, even if nothing works."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness import cli
from sandbox.cli.doctor import _space


def doctor(*arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
    """Run it where no engine answers."""
    nowhere = {"DOCKER_HOST": "tcp://127.0.0.1:9", "OCEAN_SANDBOX_TRACE_FOLDER": "no-traces-here"}
    done = CliRunner().invoke(cli.main, ["doctor", "--json", *arguments], env={**nowhere, **environment})
    return done.exit_code, json.loads(done.stdout)


def wrong(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["subject"], each["says"], each["remedy"]) for each in found["checks"] if each["state"] == "wrong"]


def test_an_engine_that_does_not_answer_is_wrong(tmp_path: Path) -> None:
    code, found = doctor(OCEAN_SANDBOX_CACHE=str(tmp_path / "not" / "yet"))

    assert (code, found["ok"]) == (1, False)
    assert wrong(found) == [
        (
            "engine",
            "no engine answers at tcp://127.0.0.1:9",
            "start it, or unset DOCKER_HOST (or `docker context use default`) to use the local one.",
        )
    ]
    assert [each["subject"] for each in found["checks"]] == ["versions", "settings", "disk", "engine"]
    assert found["checks"][1]["says"] == f"trace_folder = no-traces-here, cache = {tmp_path}/not/yet"
    assert not (tmp_path / "not").exists()


def test_a_setting_that_is_wrong_is_told() -> None:
    code, found = doctor(OCEAN_SANDBOX_RESYNC_TIMOUT="5")

    assert code == 1
    ((subject, says, remedy),) = wrong(found)
    assert (subject, remedy) == ("settings", "did you mean OCEAN_SANDBOX_RESYNC_TIMEOUT?")
    assert "OCEAN_SANDBOX_RESYNC_TIMOUT" in says


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder that nobody can write to")
def test_a_cache_that_cannot_be_written_is_wrong() -> None:
    _, found = doctor(OCEAN_SANDBOX_CACHE="/proc/ocean-sandbox")

    subject, says, remedy = wrong(found)[0]
    assert subject == "disk"
    assert says.startswith("/proc is not writable: ")
    assert "OCEAN_SANDBOX_CACHE" in remedy


def test_versions_are_told() -> None:
    _, found = doctor()

    assert found["checks"][0]["says"].startswith(f"Python {sys.version_info.major}.{sys.version_info.minor}.")
    assert "ocean-sandbox 0" in found["checks"][0]["says"]


def test_space_is_told(tmp_path: Path) -> None:
    check = _space(tmp_path / "cache", tmp_path)

    assert check.says.endswith(f" GB free for {tmp_path}/cache")
    assert (check.state == "ok") == (not check.remedy)
