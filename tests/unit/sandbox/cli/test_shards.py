"""``make test/integration SHARD=2/5``: every test is in one shard, and each worker chooses the same."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.sandbox.factories import ROOT, make_files

EXAMPLES = {line.partition("/tests/")[0] for line in json.loads((ROOT / ".test_durations").read_text())}
TESTS = "import pytest\n@pytest.mark.parametrize('n', range({count}))\ndef test_it(n): {body}\n"


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the target with this Python's programs, and without what the make that runs these tests was told."""
    told = ("MAKE", "MFLAGS", "SHARD", "INTEGRATION", "WORKERS", "PYTEST_", "OCEAN_SANDBOX_")
    return subprocess.run(
        ["make", "--old-file=.venv/.installed", f"BIN={Path(sys.executable).parent}", "test/integration", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(told)}
        | {"DOCKER_HOST": "tcp://127.0.0.1:1", "OCEAN_SANDBOX_INSTALL_ENGINE": "0"},  # none of this needs an engine
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@cache
def collected(*arguments: str) -> list[str]:
    """The ids of the tests that would run."""
    done = make("PYTEST_ARGS=--collect-only -q", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return re.findall(r"^\S+::\S+", done.stdout, re.MULTILINE)


def make_tests(folder: Path, count: int, body: str = "pass") -> Path:
    return make_files(folder, {"test_it.py": TESTS.format(count=count, body=body)})


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_every_test_of_the_examples_is_in_one_shard(count: int) -> None:
    shards = [collected(f"SHARD={number}/{count}") for number in range(1, count + 1)]

    chosen = [test for shard in shards for test in shard]
    assert all(shards)  # there are more tests than that
    assert len(chosen) == len(set(chosen))
    assert set(chosen) == set(collected())


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_what_runs_is_the_same_with_workers_and_without(workers: int, tmp_path: Path) -> None:
    folder = make_tests(tmp_path / "tests", 7)
    *recorded, _new = collected(f"INTEGRATION={folder}")
    seconds = dict(zip(recorded, [5, 1, 1, 1, 1, 1], strict=True))
    make_files(tmp_path, {"durations": json.dumps(seconds)})
    ran = []

    for number in (1, 2):
        report = tmp_path / f"{number}.xml"
        arguments = f"--junitxml={report} --durations-path={tmp_path}/durations"
        done = make(f"INTEGRATION={folder}", f"SHARD={number}/2", f"WORKERS={workers}", f"PYTEST_ARGS={arguments}")
        assert done.returncode == 0, done.stdout + done.stderr
        ran.append(sorted(case.attrib["name"] for case in ET.parse(report).iter("testcase")))  # noqa: S314 # pytest's

    # The long one and a short one against all others (the new one counts as the mean). By number, they would be 4 and 3.
    assert ran == [["test_it[0]", "test_it[5]"], [f"test_it[{number}]" for number in (1, 2, 3, 4, 6)]]


def test_a_shard_without_a_test_passes(tmp_path: Path) -> None:
    done = make(f"INTEGRATION={make_tests(tmp_path, 1)}", "SHARD=2/2", "WORKERS=0")

    assert done.returncode == 0, done.stderr
    assert "no tests ran" in done.stdout or "1 deselected" in done.stdout


def test_a_shard_with_a_test_that_fails_fails(tmp_path: Path) -> None:
    assert make(f"INTEGRATION={make_tests(tmp_path, 1, 'assert n')}", "SHARD=1/2", "WORKERS=0").returncode == 2


def test_without_shards_a_folder_without_tests_fails_and_the_plugin_is_not_loaded(tmp_path: Path) -> None:
    done = make(f"INTEGRATION={tmp_path}", "WORKERS=0")

    assert done.returncode == 2
    assert "split-" not in done.stdout


@pytest.mark.parametrize("shard", ["0/5", "6/5", "x", "1/0", "5", "2/5/6", "1 2", "-1/5", "1/2x", "/", "10/9"])
def test_what_is_no_shard_is_said_in_a_line(shard: str) -> None:
    done = make(f"SHARD={shard}")

    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(
        rf".*SHARD={re.escape(shard)} is not a shard; SHARD=2/5 is the second of five\..*\n", done.stderr
    )


def test_the_recorded_durations_are_those_of_the_examples() -> None:
    assert {"examples/oci-registry"} <= EXAMPLES
    assert {each for each in EXAMPLES if not (ROOT / each).is_dir()} == set()
