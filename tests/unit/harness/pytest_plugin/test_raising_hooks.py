"""Whatever one of our hooks raises, no test is lost, pytest does not stop, and the run is not green."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

TESTS = 40
BEFORE_THE_TESTS = [
    "pytest_addoption",
    "pytest_load_initial_conftests",
    "pytest_configure",
    "pytest_sessionstart",
    "pytest_collection_modifyitems",
]
NOT_HERE = ["pytest_internalerror", "pytest_testnodedown", "pytest_xdist"]
OF_A_TEST = "pytest_runtest_(protocol|setup|call|teardown|makereport)-"
OF_A_RUN = f"(?!{'|'.join(BEFORE_THE_TESTS)}).*"
ROOT = Path(__file__).parents[4]
SUITE = f"""
import asyncio
import pytest
from harness import IntegrationTestHarness, InterceptTransport, ResyncResult
from harness.execution import stats
from harness.testing import session

@pytest.fixture
def harness():
    harness = IntegrationTestHarness("things", {{"resources": []}}, InterceptTransport())
    harness.results.append(ResyncResult(logs=["a line"]))
    harness.is_of_one_test = True
    session.add(harness)
    stats.add(resyncs=1)
    yield harness
    asyncio.run(harness.shutdown())

@pytest.mark.xdist_group("one")
def test_group():
    pass

@pytest.mark.parametrize("number", range({TESTS - 1}))
def test_number(number, harness):
    pass
"""


@dataclass(frozen=True)
class Run:
    """What an inner run came to: its exit code, what it said, which tests it has reported, and where hooks raised."""

    code: int
    output: str
    reported: set[str]
    raised: set[str]


def run(folder: Path, *options: str, **raising: str) -> Run:
    (folder / "test_suite.py").write_text(SUITE)
    raised = folder / "raised"
    raised.mkdir(exist_ok=True)
    before = {file.name for file in raised.iterdir()}
    junit = folder / "junit.xml"
    junit.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-p", "tests.upstream.raising_hooks", "-vv"]
    command += [f"-pno:{needless}" for needless in ("cacheprovider", "faker", "hypothesispytest")]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))},
        **{f"RAISING_{name.upper()}": value for name, value in raising.items()},
        "RAISING_FOLDER": str(raised),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [*command, f"--junitxml={junit}", "--rootdir", str(folder), *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    names = {case.attrib["name"] for case in ET.parse(junit).iter("testcase")} if junit.exists() else set()  # noqa: S314 # ours
    reported = {name for name in names if name.startswith("test_")}
    return Run(
        done.returncode, done.stdout, reported, {file.name for file in raised.iterdir()} - before - {"hooks.txt"}
    )


def registered(folder: Path) -> set[str]:
    """The hooks of ours that pytest knows; each is the function of its name, by which the raising plugin finds it."""
    hooks = [line.split() for line in (folder / "raised" / "hooks.txt").read_text().splitlines()]
    assert all(hook == function for hook, _, function in hooks)
    return {f"{hook}-{module.rpartition('.')[2]}" for hook, module, _ in hooks}


def names(places: set[str]) -> set[str]:
    return {place.rpartition("-")[0] for place in places}


def see_that_nothing_is_lost(outcome: Run) -> None:
    assert "INTERNALERROR" not in outcome.output, outcome.output
    assert outcome.code == (pytest.ExitCode.TESTS_FAILED if outcome.raised else pytest.ExitCode.OK), outcome.output
    assert len(outcome.reported) == TESTS, outcome.output
    for place in outcome.raised:
        assert f"raised in {place};" in outcome.output, outcome.output


def test_one_that_raises_fails_a_test_or_the_run(tmp_path: Path) -> None:
    raised: set[str] = set()
    while (outcome := run(tmp_path, "-n", "0", hooks=OF_A_RUN)).raised:
        see_that_nothing_is_lost(outcome)
        raised |= outcome.raised
    see_that_nothing_is_lost(outcome)  # and now, none raises
    assert names(raised) == {
        each for each in registered(tmp_path) if not each.startswith((*NOT_HERE, *BEFORE_THE_TESTS))
    }


@pytest.mark.parametrize(
    ("raises", "distribution", "runs"),
    [("workers", "load", 2), ("controller", "load", 2), ("workers", "loadgroup", 1), ("controller", "loadgroup", 1)],
)
def test_one_that_raises_under_xdist(tmp_path: Path, raises: str, distribution: str, runs: int) -> None:
    raised: set[str] = set()
    # A worker writes its summary to nowhere.
    hooks = OF_A_RUN if raises == "controller" else f"(?!pytest_terminal_summary){OF_A_RUN}"
    for _ in range(runs):  # where a hook begins, and then, where it goes on
        outcome = run(tmp_path, "-n", "2", "--dist", distribution, **{"hooks": hooks, "in": raises})
        see_that_nothing_is_lost(outcome)
        raised |= outcome.raised
    of_tests = {each for each in registered(tmp_path) if re.match(OF_A_TEST, each)}
    if raises == "workers":
        assert names(raised) == of_tests | {"pytest_runtestloop-plugin", "pytest_sessionfinish-plugin"}
    else:
        expected = {each for each in registered(tmp_path) if not each.startswith(tuple(BEFORE_THE_TESTS))}
        # A collection that fails is in test_lost_tests.py, and so is an error inside of pytest.
        rare = {"pytest_collectreport-workers", "pytest_internalerror-workers"}
        assert names(raised) == expected - of_tests - rare


@pytest.mark.parametrize("hook", BEFORE_THE_TESTS)
def test_one_that_raises_before_the_tests_lets_none_run(tmp_path: Path, hook: str) -> None:
    outcome = run(tmp_path, hooks=hook)
    assert outcome.raised == {f"{hook}-plugin-begin"}
    assert outcome.code == pytest.ExitCode.USAGE_ERROR, outcome.output
    assert f"ERROR: Unexpected error in the ocean-sandbox plugin, {hook}: KeyError: 'raised in" in outcome.output
    assert outcome.reported == set()
    assert "INTERNALERROR" not in outcome.output


def test_one_that_raises_before_the_tests_of_a_worker_fails_its_tests(tmp_path: Path) -> None:
    hooks = BEFORE_THE_TESTS[1:]
    outcome = run(tmp_path, "-n", "2", **{"hooks": "|".join(hooks), "in": "workers"})
    assert names(outcome.raised) == {f"{hook}-plugin" for hook in hooks}
    see_that_nothing_is_lost(outcome)
