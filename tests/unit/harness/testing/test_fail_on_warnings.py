"""A warning fails a test that asks for it, and only such a test; the report of a test that fails has it in any case."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
    import pytest
    from harness import IntegrationTestHarness, InterceptTransport, ResyncResult, ResyncWarning
    from harness.testing import session

    WARNING = ResyncWarning("mapping", "resources[0].port.itemsToParse", "'(' is not valid JQ")

    def resynced(fails, *warnings):
        harness = IntegrationTestHarness("./", {"resources": []}, InterceptTransport(), fail_on_warnings=fails)
        session.add(harness)
        harness.results += [ResyncResult(warnings=list(warnings)), ResyncResult(warnings=list(warnings))]
        harness.is_of_one_test = True
        harness._is_over = True  # as shutdown() leaves it

    def test_asks_for_it(): resynced(True, WARNING)
    def test_asks_for_it_and_has_none(): resynced(True)
    def test_says_nothing(): resynced(None, WARNING)
    def test_allows_it(): resynced(False, WARNING)
    def test_fails():
        resynced(False, WARNING)
        assert not "ours"
"""


@pytest.mark.parametrize(
    ("options", "failed"),
    [
        ([], ["test_asks_for_it", "test_fails"]),
        (["--sandbox-fail-on-warnings"], ["test_asks_for_it", "test_says_nothing", "test_fails"]),
        (["-o", "sandbox_fail_on_warnings=true"], ["test_asks_for_it", "test_says_nothing", "test_fails"]),
    ],
)
def test_a_warning_fails_who_asks_for_it(tmp_path: Path, options: list[str], failed: list[str]) -> None:
    (tmp_path / "test_things.py").write_text("\n".join(line[4:] for line in TESTS.splitlines()))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--sandbox-trace=off", *options, "."]
    # In CI, pytest repeats each message in its summary.
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    names = [line.split("::")[1].split()[0] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert names == failed, done.stdout
    said = "1 warning:\n    resources[0].port.itemsToParse: '(' is not valid JQ\nWhat to do: fix the mapping"
    assert done.stdout.count(said) == len(failed) - 1, "two resyncs have the same warning, which is said once"
    # The report of one that failed for another reason begins with it.
    assert done.stdout.count("What went wrong in the resync:\n  resources[0].port.itemsToParse: ") == 1
