"""From a real API to a test, and back: discover, generate, replay without the API, verify against it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness import cli
from harness.redaction.leak_scan import left_in
from tests.upstream.nasty import PEOPLE, Account, Nasty
from tests.upstream.registry import run_registry
from tests.upstream.serve import serve_nasty

from .test_discover import PLANTED, make_example, make_nasty

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def command(name: str, directory: Path, *options: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli.main, [name, *options, str(directory)])
    assert done.exit_code == code, done.output
    return done.output


def as_json(name: str, directory: Path) -> dict[str, Any]:
    done = CliRunner().invoke(cli.main, [name, "--json", str(directory)])
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def run(directory: Path, *options: str) -> str:
    """Run what was generated as a developer does."""
    pytest_ = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider"]
    test = directory / "tests" / "test_integration_resync.py"
    done = subprocess.run([*pytest_, *options, str(test)], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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


def found_in(directory: Path, said: list[str], nasty: Nasty) -> dict[str, dict[str, str]]:
    """What of the account, or of people, somebody finds in a file of the integration or in what was printed."""
    account = nasty.account
    # pragma: allowlist nextline secret (names of secrets)
    secrets = {account.client_secret: "client_secret", account.api_key: "api_key"}
    secrets |= {secret: f"planted {number}" for number, secret in enumerate(account.extra)}
    secrets |= {token.rpartition(".")[2]: "a token" for token in nasty.tokens}
    secrets |= {each: "of a person" for person in PEOPLE for each in (person["name"], person["email"])}
    assert left_in((directory / ".env").read_bytes(), secrets)  # there they all are, so that it would find them
    files = {str(each): each.read_bytes() for each in directory.rglob("*") if each.is_file() and each.name != ".env"}
    files["what was printed"] = "\n".join(said).encode()
    assert len(files) > 10
    return {name: found for name, content in files.items() if (found := left_in(content, secrets))}


def test_a_nasty_api_is_replayed_as_recorded_and_its_drift_is_seen(tmp_path: Path) -> None:
    nasty = Other(Account(extra=PLANTED))
    with serve_nasty(nasty) as url:
        directory = make_nasty(tmp_path, url, nasty.account)
        said = [command("discover", directory)]
        nasty.asked.clear()
        nasty.things, nasty.dated = 7, "v2"
        said.append(command("verify", directory))
        assert "has not changed since the recording" in said[-1]
        nasty.asked.clear()
        nasty.is_released = True
        found = {
            (each["kind"], each["place"], each["before"], each["after"])
            for each in drift(directory, directory / "report.json")
        }
    assert ("changed type", "[].id", "text", "number") in found
    assert ("missing field", ".items[].name", "text", "") in found
    assert ("new field", ".data.things.nodes[].title", "", "text") in found
    # An entity that differs from the recording, or missing, is a warning.
    said.append(command("generate", directory, "--full"))
    run(directory)
    said.append(command("generate", directory, "--as", "stubs"))
    run(directory)
    assert "mind:" not in "".join(said)
    assert found_in(directory, said, nasty) == {}


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
        told = as_json("generate", directory)
        assert (told["written"], told["warnings"]) == ([str(directory / "tests" / "test_integration_resync.py")], [])
        assert "1 passed, 1 deselected" in run(directory, "-m", "contract")
        registry.delete("shop/web", digest)
        assert "tags" in " ".join(each["place"] + each["endpoint"] for each in drift(directory, tmp_path / "report"))
    assert "1 passed, 1 deselected" in run(directory)
