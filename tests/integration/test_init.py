"""`ocean-sandbox init`, and then `make test/integration` in the integration's directory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import cli

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.integration


def make_copy(folder: Path) -> Path:
    """The example, as somebody has it who has written no test yet."""
    without = shutil.ignore_patterns("tests", "__pycache__", ".pytest_cache")
    return Path(shutil.copytree(ROOT / "examples" / "oci-registry", folder / "oci-registry", ignore=without))


def make(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "-C", str(directory), "test/integration", "WORKERS=0"],
        env={**os.environ, "VIRTUAL_ENV": str(Path(sys.executable).parent.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_test_says_what_to_do_next_until_entities_come_out(tmp_path: Path) -> None:
    directory = make_copy(tmp_path)
    done = CliRunner().invoke(cli.main, ["init", str(directory)])
    assert done.exit_code == 0, done.output

    made = make(directory)

    assert made.returncode == 2  # make's own, where a recipe failed
    assert "1 failed in " in made.stdout
    assert "What to do next:" in made.stdout
    assert "No route matched: GET https://registry.example.com/v2/\n" in made.stdout
    assert 'transport.add_route("GET", "registry.example.com/v2/", {"json": {}})' in made.stdout

    # As it says: describe the third party.
    stubs = Path("wiremock-mappings", "oci-registry")
    shutil.copytree(ROOT / stubs, directory / stubs, dirs_exist_ok=True)

    made = make(directory)

    assert made.returncode == 0, made.stdout + made.stderr
    assert "1 test, 1 resync, 13 entities captured" in made.stdout
