"""`run` reports the outcome of the example to people, machines and CI, and its exit code says whether all is well."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from harness import cli

pytestmark = [pytest.mark.integration, pytest.mark.slow]

EXAMPLE = Path(__file__).parents[2] / "examples" / "oci-registry"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["run", *arguments])


def failures(report: Path) -> list[str | None]:
    root = ET.fromstring(report.read_text())  # noqa: S314 # our own
    return [case.get("name") for case in root.iter("testcase") if case.find("*[@message]") is not None]


def test_a_run_in_which_all_is_well(tmp_path: Path) -> None:
    report = tmp_path / "reports" / "junit.xml"
    done = run(str(EXAMPLE), "--json", "--junit", str(report))

    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["ok"] is True
    assert {each["blueprint"]: each["upserted"] for each in said["blueprints"]} == {
        "ociRepository": 3,
        "ociImage": 5,
        "ociTag": 5,
    }
    assert all(Path(call["stub"].rpartition(":")[0]).is_file() for call in said["calls"])
    assert failures(report) == []


def test_a_run_with_a_request_that_no_stub_answers(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    done = run(str(EXAMPLE), "--kind", "tag", "--config", "pageSize=7", "--junit", str(report), "--entry", "production")

    assert done.exit_code == 1, done.output
    assert "GET https://registry.example.com/v2/ 200 version-check.json:3\n" in done.stdout
    assert "  The nearest stub is catalog.json:3:\n" in done.stdout
    assert "    - method: GET\n      url: https://registry.example.com/v2/_catalog\n" in done.stdout
    assert "_pages: response.raise_for_status()\n" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 unmatched request, 1 error (0 entities, 2 calls, ")
    assert failures(report) == ["kind tag [0]", "every request has a stub"]


def test_what_cannot_be_run(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    done = run(str(EXAMPLE), "--stubs", "oci-registri", "--json", "--junit", str(report))

    assert done.exit_code == 3
    assert json.loads(done.stdout)["error"]["remedy"] == "did you mean 'oci-registry'?"
    assert "There is no stub folder 'oci-registri'" in done.stderr
    assert failures(report) == ["the resync runs"]
    assert run(str(EXAMPLE), "--port", "loose").exit_code == 2
    assert run(str(tmp_path / "nowhere")).exit_code == 2
