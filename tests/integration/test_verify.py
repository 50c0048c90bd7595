"""From a real API to a test, and back: discover, generate, replay without the API, verify against it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness import commands
from tests.upstream.nasty import Account, Nasty
from tests.upstream.registry import run_registry
from tests.upstream.serve import serve_nasty

from .test_discover import make_example, make_nasty

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def command(name: str, directory: Path, *options: str, code: int = 0) -> str:
    done = CliRunner().invoke(commands.main, [name, *options, str(directory)])
    assert done.exit_code == code, done.output
    return done.output


def as_json(name: str, directory: Path) -> dict[str, Any]:
    done = CliRunner().invoke(commands.main, [name, "--json", str(directory)])
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def run(directory: Path) -> None:
    """Run what was generated as a developer does."""
    pytest_ = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider"]
    test = directory / "tests" / "test_integration_resync.py"
    done = subprocess.run([*pytest_, str(test)], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def drift(directory: Path, report: Path) -> list[dict[str, Any]]:
    said = command("verify", directory, "--output", str(report), code=1)
    found: list[dict[str, Any]] = json.loads(report.read_text())["drift"]
    assert found
    assert all(each["endpoint"] in said for each in found)
    return found


class Other(Nasty):
    """The nasty API after a release that its users were not told of."""

    is_released = False

    def thing(self, number: int) -> dict[str, Any]:
        thing = super().thing(number)
        return {"id": number, "title": thing["name"], "value": thing["value"]} if self.is_released else thing


def test_a_nasty_api_is_replayed_as_recorded_and_its_drift_is_seen(tmp_path: Path) -> None:
    nasty = Other(Account())
    with serve_nasty(nasty) as url:
        directory = make_nasty(tmp_path, url, nasty.account)
        command("discover", directory)
        nasty.asked.clear()
        nasty.things, nasty.dated = 7, "v2"
        assert "is as it was recorded" in command("verify", directory)
        nasty.asked.clear()
        nasty.is_released = True
        found = {
            (each["kind"], each["place"], each["before"], each["after"])
            for each in drift(directory, tmp_path / "report")
        }
    assert ("other type", "[].id", "text", "number") in found
    assert ("field gone", ".items[].name", "text", "") in found
    assert ("new field", ".data.things.nodes[].title", "", "text") in found
    # An entity that is not as it was recorded, or missing, is a warning.
    assert "mind:" not in command("generate", directory, "--full")
    run(directory)
    assert "mind:" not in command("generate", directory, "--as", "stubs")
    run(directory)


def test_a_real_registry(tmp_path: Path) -> None:
    with run_registry() as registry:
        registry.push("shop/api", "1.0")
        digest = registry.push("shop/web", "2.0")
        directory = make_example(tmp_path)
        (directory / ".env").write_text(f"OCEAN__INTEGRATION__CONFIG__REGISTRY_URL={registry.url}\n")
        told = as_json("discover", directory)
        assert told["errors"] == []
        assert list(told["hosts"].values()) == [told["calls"]]
        assert as_json("verify", directory)["is_same"]
        registry.delete("shop/web", digest)
        assert "tags" in " ".join(each["place"] + each["endpoint"] for each in drift(directory, tmp_path / "report"))
    told = as_json("generate", directory)
    assert (told["written"], told["warnings"]) == ([str(directory / "tests" / "test_integration_resync.py")], [])
    run(directory)
