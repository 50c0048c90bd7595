"""A real cause of an error in one of our hooks fails the test that it happened to, and no other."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SUITE = """
import asyncio
import contextlib
import os
import pytest
from pathlib import Path
from harness import IntegrationTestHarness, InterceptTransport, ResyncResult
from harness.testing import session
from harness.execution.result import RejectedEntity
from harness.trace.file import file_of

HALF = chr(0xD800)

class Harness(IntegrationTestHarness):
    raises = ()
    def _meet(self, place):
        if place in self.raises:
            raise self.raises[place]
    def explain_unmatched(self, most):
        self._meet("explain_unmatched")
        return super().explain_unmatched(most)
    def release(self):
        self._meet("release")
        super().release()

def new(raises=(), **result):
    harness = Harness("things", {"resources": []}, InterceptTransport())
    harness.raises = raises
    harness.results.append(ResyncResult(**result))
    harness.is_of_one_test = True
    session.add(harness)
    return harness

@pytest.fixture
def harness():
    os.chdir(Path(__file__).parent)
    harness = new()
    yield harness
    with contextlib.suppress(RuntimeError):
        asyncio.run(harness.shutdown())

def trace_of(request):
    return file_of(request.node.nodeid, request.config.rootpath / ".sandbox-traces")

def test_passes_before(harness):
    pass

def test_old_trace_cannot_be_deleted(harness, request):
    trace_of(request).mkdir(parents=True)

def test_new_trace_cannot_be_written(harness, request):
    trace_of(request).mkdir(parents=True)
    assert "my own" == "failure"

def test_explaining_raises(harness):
    harness.raises = {"explain_unmatched": RuntimeError("cannot explain")}
    assert "my own" == "failure"

def test_explaining_fails_the_test(harness):
    harness.raises = {"explain_unmatched": pytest.fail.Exception("cannot explain")}
    assert "my own" == "failure"

def test_result_is_none(harness):
    harness.results.append(None)

def test_attempts_cannot_be_read(harness):
    object.__setattr__(harness.results[-1], "egress_attempts", 3)

def test_settings_break(harness, monkeypatch):
    monkeypatch.setenv("OCEAN_SANDBOX_TRACE", "sometimes")
    assert "my own" == "failure"

class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no words")

def test_error_that_cannot_be_shown(harness):
    harness.raises = {"explain_unmatched": Unspeakable()}
    assert "my own" == "failure"

def test_half_a_character(harness):
    refused = RejectedEntity("x", HALF, {}, 422, "error", "half of one: " + HALF)
    object.__setattr__(harness.results[-1], "rejected_entities", [refused])
    object.__setattr__(harness.results[-1], "logs", ["half of one: " + HALF])
    assert "my own" == "failure"

def test_giving_back_raises(harness):
    harness.raises = {"release": OSError(104, "Connection reset by peer")}

@pytest.fixture(scope="module")
def shared():
    harness = new({"release": KeyError("lost count")})
    harness.is_of_one_test = False
    yield harness

def test_shared_harness_cannot_be_given_back(shared):
    with contextlib.suppress(KeyError):
        asyncio.run(shared.shutdown())

def test_report_is_another_plugins(harness):
    object.__setattr__(harness.results[-1], "egress_attempts", 3)

def test_failure_in_another_plugins_report(harness):
    assert "my own" == "failure"

@pytest.mark.xfail
def test_expected_to_fail(harness):
    harness.raises = {"explain_unmatched": RuntimeError("cannot explain")}
    assert "my own" == "failure"

@pytest.mark.xfail
def test_expected_to_fail_and_something_of_ours_fails(harness):
    harness.results.append(None)
    assert "my own" == "failure"

def test_skips(harness):
    pytest.skip("of its own will")

def test_working_directory_goes(harness, tmp_path):
    os.chdir(tmp_path)
    os.rmdir(tmp_path)
    assert "my own" == "failure"

def test_passes_after(harness):
    pass
"""
CONFTEST = """
import pytest

class Fixed(pytest.TestReport):
    def __setattr__(self, name, value):
        if name in {"sections", "outcome", "longrepr"} and name in vars(self):
            raise AttributeError(f"{name} is fixed")
        super().__setattr__(name, value)

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    if "another_plugins" in item.name and call.when == "call":
        return Fixed.from_item_and_call(item, call)
"""

# What the report of each says that fails because of us, and of each that fails by itself and says what we could not do.
BECAUSE_OF_US = {
    "test_old_trace_cannot_be_deleted": "the trace of an earlier run, in which it failed, cannot be deleted",
    "test_result_is_none": "Unexpected error in the ocean-sandbox plugin, pytest_runtest_call: AttributeError",
    "test_attempts_cannot_be_read": "Unexpected error in the ocean-sandbox plugin, pytest_runtest_call: TypeError",
    "test_giving_back_raises": "Connection reset by peer",
    "test_report_is_another_plugins": "Unexpected error in the ocean-sandbox plugin, pytest_runtest_call: TypeError",
}
BESIDE_ITS_OWN = {
    "test_new_trace_cannot_be_written": "not written: ",
    "test_explaining_raises": "(no more of it: RuntimeError('cannot explain'))",
    "test_explaining_fails_the_test": "cannot explain",
    "test_settings_break": "OCEAN_SANDBOX_TRACE",
    "test_error_that_cannot_be_shown": "(no more of it: Unspeakable())",
    "test_half_a_character": "half of one: \\ud800",
    "test_failure_in_another_plugins_report": "AttributeError",
    "test_working_directory_goes": "The working directory no longer exists",
}
PASS = {
    "test_passes_before",
    "test_passes_after",
    "test_expected_to_fail",
    "test_expected_to_fail_and_something_of_ours_fails",
    "test_skips",
}


@pytest.mark.parametrize("options", [["-n", "0"], ["-n", "2"], ["-n", "0", "--sandbox-keep"]], ids=" ".join)
def test_each_test_is_counted_and_says_what_happened(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    junit = tmp_path / "junit.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:faker", "-p", "no:hypothesispytest", *options]
    done = subprocess.run(
        [*command, f"--junitxml={junit}", "--rootdir", str(tmp_path)],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    output = done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, output
    assert "INTERNALERROR" not in output
    cases = list(ET.parse(junit).iter("testcase"))  # noqa: S314 # ours
    unwell = {
        str(case.get("name")) for case in cases if case.find("failure") is not None or case.find("error") is not None
    }
    shared = {"test_shared_harness_cannot_be_given_back"}
    because_of_us = {*BECAUSE_OF_US, *(shared if "--sandbox-keep" in options else [])}
    assert unwell == because_of_us | {*BESIDE_ITS_OWN}, output
    assert {case.get("name") for case in cases} - unwell == PASS | (shared - because_of_us)
    parts = re.split(r"\n_{3,} (?:ERROR at \w+ of )?(test_\w+) _{3,}\n", output)
    of_each = dict(zip(parts[1::2], parts[2::2], strict=True))
    for name, text in {**BECAUSE_OF_US, **BESIDE_ITS_OWN}.items():
        assert text in of_each[name], of_each[name]
    for name in BESIDE_ITS_OWN:
        assert "assert 'my own' == 'failure'" in of_each[name]
