"""Test files that import the in-process harness get this one."""

import subprocess
import sys
from pathlib import Path

import pytest

IMPORTS = """
from port_ocean.integration_testing import BaseIntegrationTest, InterceptTransport, PortMockResponder, ResyncResult
from port_ocean.integration_testing.harness import IntegrationTestHarness
from port_ocean.integration_testing.transport import Route, UnmatchedRequestError
from port_ocean.tests.integration import BaseIntegrationTest as Documented
import harness

def test_they_are_ours():
    assert BaseIntegrationTest is Documented is harness.BaseIntegrationTest
    assert IntegrationTestHarness is harness.IntegrationTestHarness
    assert Route is harness.Route

def test_a_search_finds_nothing_unless_the_test_says_so_as_in_process():
    assert PortMockResponder({}).seed("x")["search_entities_response"] == []
    assert "search_entities_response" not in PortMockResponder({}, port="strict").seed("x")
"""


def run(folder: Path, *options: str, ini: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "test_imports.py").write_text(IMPORTS)
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("options", "ini"), [(["--ocean-sandbox"], ""), ([], "ocean_sandbox = true"), (["--ocean-sandbox", "-n", "2"], "")]
)
def test_by_option_and_by_key(tmp_path: Path, options: list[str], ini: str) -> None:
    done = run(tmp_path, *options, ini=ini)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_not_unless_asked(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode != 0
    assert "No module named 'port_ocean'" in done.stdout


def test_what_else_is_in_port_ocean_is_missing_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "test_more.py").write_text("from port_ocean.context.ocean import ocean\n")
    done = run(tmp_path, "--ocean-sandbox", "test_more.py")
    assert "No module named 'port_ocean.context'" in done.stdout
