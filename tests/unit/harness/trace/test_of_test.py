"""A trace of a test has what pytest says of it, and is there when the settings ask for one."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness import IntegrationTestHarness, InterceptTransport, ResyncResult, options
from harness.pytest_plugin import tracing
from harness.testing import session
from harness.trace import of_test
from tests.upstream.traces import unpacked


@contextmanager
def harness_of_this_test(**config: Any) -> Iterator[IntegrationTestHarness]:
    """A harness that has resynced."""
    transport = InterceptTransport()
    overrides = {"integration": {"identifier": "x", "type": "things", "config": config}}
    harness = IntegrationTestHarness("things", {"resources": []}, transport, config_overrides=overrides)
    harness.results.append(ResyncResult(logs=["00:00:01.000 | INFO | Resync was triggered"]))
    session.add(harness)
    try:
        yield harness
    finally:
        asyncio.run(harness.shutdown())
        harness.results.clear()


@contextmanager
def asked_for(trace: str, folder: Path) -> Iterator[None]:
    """Options of pytest that ask for a trace."""
    options.set_options(trace=trace, trace_folder=folder)
    try:
        yield
    finally:
        options.set_options(trace=None, trace_folder=None)


def report_of(item: pytest.Item, call: Callable[[], None], when: Any = "call") -> pytest.TestReport:
    """What pytest says of a part of a test."""
    return pytest.TestReport.from_item_and_call(item, pytest.CallInfo.from_call(call, when))


def well() -> None:
    """Nothing goes wrong."""


def badly() -> None:
    """Something does, and quotes a secret."""
    token = "s3cr3t-v4lue-of-4-token"  # noqa: S105
    assert token == "another"  # noqa: S105


def test_what_failed_comes_first_and_without_a_secret(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    reports = [report_of(request.node, badly), report_of(request.node, badly, "teardown")]
    with harness_of_this_test(token="s3cr3t-v4lue-of-4-token"):
        file = of_test.write(request.node, reports, tmp_path)
    assert file is not None
    summary, rest = unpacked(file.read_text())
    assert (summary["title"], summary["outcome"]) == (request.node.nodeid, "failed")
    call, teardown = summary["problems"]
    # What a secret is compared with may be one as well.
    assert call["title"].startswith("AssertionError: assert 'redacted-00001' == 'redacted-")
    assert teardown["title"].startswith("in its teardown: AssertionError")
    assert "> " in call["trace"]
    assert "s3cr3t" not in file.read_text() + str(summary) + rest
    assert "Resync was triggered" in rest


def test_a_test_that_resynced_nothing_has_none(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    assert of_test.write(request.node, [report_of(request.node, badly)], tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("trace", "calls", "outcome"),
    [
        ("on-failure", [well, badly], "failed"),
        ("on-failure", [well, well, well], None),
        ("always", [well, well, well], "passed"),
        ("always", [well, badly, well], None),  # written when it failed, before this
        ("always", [well], None),  # written when it ends
        ("off", [well, badly], None),
    ],
)
def test_when_there_is_one(
    request: pytest.FixtureRequest, tmp_path: Path, trace: str, calls: list[Callable[[], None]], outcome: str | None
) -> None:
    reports = [
        report_of(request.node, call, when) for call, when in zip(calls, ("setup", "call", "teardown"), strict=False)
    ]
    with harness_of_this_test(), asked_for(trace, tmp_path):
        said = tracing.written(request.node, reports)
    files = list(tmp_path.glob("*.html"))
    assert [unpacked(file.read_text())[0]["outcome"] for file in files] == ([outcome] if outcome else [])
    assert said == (f"{files[0]} shows everything, in a browser" if outcome == "failed" else "")


def test_one_that_cannot_be_written_says_so(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with harness_of_this_test(), asked_for("always", tmp_path / "file" / "folder"):
        said = tracing.written(request.node, [report_of(request.node, badly)])
    assert said.startswith("not written: ")
    assert "file" in said


def test_that_of_an_earlier_run_goes_when_the_test_passes(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    passed = [report_of(request.node, well, when) for when in ("setup", "call", "teardown")]
    with harness_of_this_test(), asked_for("on-failure", tmp_path):
        tracing.written(request.node, [report_of(request.node, badly)])
        assert len(list(tmp_path.glob("*.html"))) == 1
        tracing.written(request.node, passed)
    assert list(tmp_path.glob("*.html")) == []


READ_ONLY = """
import sys
from pathlib import Path
import pytest
from harness.pytest_plugin import tracing

class Item:
    nodeid = "test_things.py::test_it"

try:
    print(tracing._forgotten(Item, Path(sys.argv[1])) or "nothing to say")
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize(("is_there", "said"), [(True, "cannot be deleted"), (False, "nothing to say")])
def test_on_a_read_only_file_system_only_a_trace_that_is_there_is_complained_of(
    tmp_path: Path,
    is_there: bool,  # noqa: FBT001 # a parameter of the test
    said: str,
) -> None:
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$1" -c "$2" "$0"'
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "mount -t tmpfs none /mnt"], check=False).returncode
    ):
        pytest.skip("a mount of one's own needs unshare(1), and a kernel that lets this user have one")
    if is_there:
        (tmp_path / "test_things.py.test_it.html").write_text("")
    root = Path(__file__).parents[4]
    done = subprocess.run(
        [*command, script, str(tmp_path), sys.executable, READ_ONLY],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said in done.stdout, done
