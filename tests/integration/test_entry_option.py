"""The entry of a resync comes from the class, or else from pytest's option or ini key."""

from pathlib import Path

import pytest

from .test_failures import run

pytestmark = pytest.mark.integration

TESTS = """
    class TestThings(Things):
        async def test_it(self, harness):
            result = await harness.trigger_resync()
            assert (harness.entry, any("Setting sail" in line for line in result.logs)) == ("production", True)
            assert len(result.upserted_entities) == 1
    class TestOther(Things):
        entry = "resync"
        async def test_it(self, harness):
            result = await harness.trigger_resync()
            assert (harness.entry, any("Setting sail" in line for line in result.logs)) == ("resync", False)
"""


@pytest.mark.parametrize("options", [["--sandbox-entry=production"], ["-o", "sandbox_entry=production"]])
def test_the_class_wins_over_the_option(tmp_path: Path, options: list[str]) -> None:
    done = run(tmp_path, TESTS, *options)

    assert done.returncode == 0, done.stdout


def test_there_is_no_third_entry(tmp_path: Path) -> None:
    done = run(tmp_path, TESTS, "--sandbox-entry=sail")

    assert (done.returncode, "invalid choice: 'sail'" in done.stderr) == (4, True)
