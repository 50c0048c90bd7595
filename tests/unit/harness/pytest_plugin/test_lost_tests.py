"""A test that an xdist worker never reported fails by name, unless fewer reports were asked for."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SUITE = """
import os, time
import pytest

@pytest.mark.parametrize("number", range(6))
def test_number(number):
    time.sleep(0.05)

def test_special():
    {special}
"""
LOST = "Lost: this test was assigned to a worker of pytest-xdist"


def command(folder: Path, special: str, conftest: str, *options: str) -> list[str]:
    (folder / "test_suite.py").write_text(SUITE.format(special=special))
    (folder / "conftest.py").write_text(conftest)
    without = [f"-pno:{needless}" for needless in ("faker", "hypothesispytest")]
    return [sys.executable, "-m", "pytest", *without, "-vv", "-n", "1", "--rootdir", str(folder), *options]


def environment() -> dict[str, str]:
    """This process's, but that of no worker of xdist."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


def run(folder: Path, special: str = "pass", conftest: str = "", *options: str) -> tuple[int, str]:
    done = subprocess.run(
        command(folder, special, conftest, *options),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout


def read_until(lines: Iterable[str], text: str) -> None:
    """Read up to the line that has the text; fails with what was read where there is none."""
    said = ""
    for line in lines:
        said += line
        if text in line:
            return
    pytest.fail(f"It ended without saying {text!r}:\n{said}")


def accounted_for(output: str) -> set[str]:
    """The tests of which the run says that they passed or failed: by their worker, or as lost by its controller."""
    verdicts = r"(?:PASSED|FAILED) test_suite\.py::(\S+)|test_suite\.py::(\S+) FAILED"
    return {by_worker or lost for by_worker, lost in re.findall(verdicts, output)}


def raises_in_a_worker(hook: str, nodeid: str, name: str = "test_special") -> str:
    return f"""
import os
def pytest_runtest_{hook}:
    if "PYTEST_XDIST_WORKER" in os.environ and {nodeid}.endswith({name!r}):
        raise KeyError("of another plugin")
"""


CRASHES_ON_THE_FIRST = """
import os
def pytest_runtest_call(item):
    if item.name == "test_number[0]":
        os._exit(1)
"""
ALL = {*(f"test_number[{number}]" for number in range(6)), "test_special"}


def test_a_test_whose_report_a_worker_could_not_make_fails(tmp_path: Path) -> None:
    code, output = run(tmp_path, "pass", raises_in_a_worker("logreport(report)", "report.nodeid"))
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert f"{LOST} that never reported its outcome: a worker stopped with an internal error" in output
    assert "FAILED test_suite.py::test_special - Lost" in output
    assert "1 failed, 6 passed" in output


def test_an_internal_error_of_a_worker_after_its_last_report_fails_the_run(tmp_path: Path) -> None:
    code, output = run(tmp_path, "pass", raises_in_a_worker("logfinish(nodeid)", "nodeid"))
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert LOST not in output
    assert "ERROR ocean-sandbox - A worker of pytest-xdist stopped with an internal error" in output
    assert "7 passed, 1 error" in output


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_internal_error_with_tests_pending_accounts_for_each_of_them(tmp_path: Path, workers: str) -> None:
    conftest = raises_in_a_worker("logreport(report)", "report.nodeid", "test_number[1]")
    code, output = run(tmp_path, "pass", conftest, "-n", workers)
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert "FAILED test_suite.py::test_number[1] - Lost" in output
    assert accounted_for(output) == ALL, output


def test_an_error_of_another_plugin_in_the_controller_is_raised_and_accounts_for_each_test(tmp_path: Path) -> None:
    conftest = """
import os
def pytest_runtest_logstart(nodeid):
    if "PYTEST_XDIST_WORKER" not in os.environ and nodeid.endswith("test_number[1]"):
        raise KeyError("of another plugin")
"""
    code, output = run(tmp_path, "pass", conftest, "--junitxml", "junit.xml")
    assert code == pytest.ExitCode.INTERNAL_ERROR, output
    assert "INTERNALERROR> KeyError: 'of another plugin'" in output
    junit = (tmp_path / "junit.xml").read_text()  # pytest prints no summary of such a run
    assert junit.count("never reported its outcome: its controller stopped with KeyError: 'of another plugin'") >= 6
    assert accounted_for(output) == ALL, output


def test_an_internal_error_loses_no_name_after_a_crash(tmp_path: Path) -> None:
    conftest = CRASHES_ON_THE_FIRST + raises_in_a_worker("logreport(report)", "report.nodeid")
    code, output = run(tmp_path, "pass", conftest)
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert "FAILED test_suite.py::test_special - Lost" in output
    assert accounted_for(output) == ALL, output


def test_an_internal_error_loses_no_name_after_a_file_that_cannot_be_collected(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import nothing_of_that_name\n")
    conftest = raises_in_a_worker("logreport(report)", "report.nodeid")
    code, output = run(tmp_path, "pass", conftest, "--continue-on-collection-errors")
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert accounted_for(output) == ALL, output


def test_an_internal_error_after_the_last_report_is_said_after_a_crash(tmp_path: Path) -> None:
    conftest = (
        CRASHES_ON_THE_FIRST
        + """
finished = []
def pytest_runtest_logfinish(nodeid):
    finished.append(nodeid)
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw1" and len(finished) == 6:
        raise KeyError("of another plugin")
"""
    )
    _, output = run(tmp_path, "pass", conftest)
    assert "ERROR ocean-sandbox - A worker of pytest-xdist stopped with an internal error" in output
    assert "1 failed, 6 passed, 1 error" in output


def test_the_last_allowed_crash_names_what_did_not_finish(tmp_path: Path) -> None:
    code, output = run(tmp_path, "pass", CRASHES_ON_THE_FIRST, "--max-worker-restart", "0")
    assert code == pytest.ExitCode.TESTS_FAILED, output
    named = ", ".join(f"test_suite.py::test_number[{number}]" for number in range(1, 6))
    assert "6 tests did not finish, since a worker of pytest-xdist crashed and no other was started" in output
    assert f" in its place: {named}, and 1 more" in output
    assert LOST not in output
    assert "1 failed, 1 error" in output


@pytest.mark.parametrize("options", [["-x", "--max-worker-restart", "0"], ["--dist", "each"]], ids=str)
def test_a_crash_is_no_false_alarm(tmp_path: Path, options: list[str]) -> None:
    code, output = run(tmp_path, "pass", CRASHES_ON_THE_FIRST, *options)
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert "did not finish" not in output
    assert LOST not in output


@pytest.mark.timeout(30)
def test_output_that_ends_too_early_is_shown() -> None:
    died = [sys.executable, "-c", "print('died early')"]
    with subprocess.Popen(died, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with pytest.raises(pytest.fail.Exception, match="died early"):
            read_until(process.stdout, "test_special")


def test_what_another_plugin_raises_at_the_end_of_a_worker_is_not_green(tmp_path: Path) -> None:
    conftest = """
import os
def pytest_sessionfinish():
    if "PYTEST_XDIST_WORKER" in os.environ:
        raise KeyError("of another plugin")
"""
    code, output = run(tmp_path, "pass", conftest)
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert "Unexpected error in the end of a worker of pytest-xdist: KeyError: 'of another plugin'" in output
    assert "7 passed, 1 error" in output


@pytest.mark.parametrize(
    ("special", "options", "code"),
    [
        ("assert False", ["-x"], 2),
        ("os._exit(1)", ["--max-worker-restart", "0"], 1),
        ("os._exit(1)", ["--max-worker-restart", "3"], 1),
        ("pytest.exit('enough')", [], 2),
        ("pass", ["--deselect", "test_suite.py::test_special"], 0),
        ("pass", ["--lf"], 0),
        ("pass", ["--dist", "each"], 0),
        ("pytest.skip()", ["--dist", "loadgroup"], 0),
        ("pass", ["-k", "nothing"], 5),
    ],
    ids=str,
)
def test_fewer_reports_where_they_are_asked_for_are_no_lost_tests(
    tmp_path: Path, special: str, options: list[str], code: int
) -> None:
    returned, output = run(tmp_path, special, "", *options)
    assert returned == code, output
    assert LOST not in output
    assert "ocean-sandbox - " not in output


@pytest.mark.parametrize("body", ["del items[0]", "items.clear()"])
def test_workers_that_collect_different_tests_have_lost_none(tmp_path: Path, body: str) -> None:
    conftest = f"""
import os
def pytest_collection_modifyitems(items):
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
        {body}
"""
    code, output = run(tmp_path, "pass", conftest, "-n", "2")
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert "Different tests were collected" in output
    assert LOST not in output


def test_a_file_that_cannot_be_collected_has_lost_none(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import nothing_of_that_name\n")
    code, output = run(tmp_path)
    assert code != pytest.ExitCode.OK, output
    assert LOST not in output


def test_a_plugin_that_ends_the_run_in_the_controller_has_lost_none(tmp_path: Path) -> None:
    conftest = """
import os, pytest
def pytest_runtest_logstart(nodeid):
    if "PYTEST_XDIST_WORKER" not in os.environ and nodeid.endswith("test_number[1]"):
        pytest.exit("enough")
"""
    code, output = run(tmp_path, "pass", conftest)
    assert code == pytest.ExitCode.INTERRUPTED, output
    assert LOST not in output


def test_ctrl_c_loses_none(tmp_path: Path) -> None:
    with subprocess.Popen(
        command(tmp_path, "time.sleep(30)", ""),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        # xdist ends the line that says that a test begins when the test does: the one before is the last to be seen.
        read_until(process.stdout, "PASSED test_suite.py::test_number[5]")
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=180)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, rest
    assert LOST not in rest
    assert "INTERNALERROR" not in rest
