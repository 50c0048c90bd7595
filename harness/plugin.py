"""The pytest plugin: a summary at the end, and nothing left behind."""

import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, get_args

import pytest

from harness import drop_in, options, tally
from sandbox import engine, images, pool
from sandbox.errors import SandboxError
from sandbox.settings import Isolation

_STARTED = pytest.StashKey[float]()
_COUNTS = pytest.StashKey[Counter[str]]()
_OUTPUT_KEY = "ocean_sandbox"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options, and the ini keys that stand for them."""
    group = parser.getgroup("ocean-sandbox")
    group.addoption(
        "--sandbox-isolation",
        choices=get_args(Isolation),
        help="container: each resync in one of its own (default); fork: each in a fork, in one container a worker.",
    )
    group.addoption(
        "--sandbox-build",
        action="append",
        default=[],
        metavar="DIR",
        help="Build the images, and that of the integration in DIR, before the first test; can be repeated.",
    )
    group.addoption(
        "--ocean-sandbox",
        action="store_true",
        help="Test files that import port_ocean.integration_testing get the sandbox's harness.",
    )
    parser.addini("ocean_sandbox", "The same as --ocean-sandbox.", type="bool", default=False)
    parser.addini("sandbox_isolation", "The same as --sandbox-isolation.", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Take the options over, and begin to count."""
    options.set_options(isolation=config.getoption("sandbox_isolation") or config.getini("sandbox_isolation") or None)
    if config.getoption("ocean_sandbox") or config.getini("ocean_sandbox"):
        drop_in.install()
    config.stash[_STARTED] = time.monotonic()
    config.stash[_COUNTS] = Counter()
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_FromWorkers(config))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Build what is missing while somebody sees the progress: xdist's workers are mute."""
    directories = session.config.getoption("sandbox_build")
    if not directories or hasattr(session.config, "workerinput"):
        return
    try:
        in_force = options.settings_in_force()
        wanted = [pool.image_of(Path(directory).resolve(), in_force) for directory in directories]
        images.ensure([images.wiremock(), images.port_mock(), *wanted], in_force, engine.ensure(in_force))
    except SandboxError as error:
        raise pytest.UsageError(f"ocean-sandbox: {error}") from error


@pytest.hookimpl(trylast=True)  # after Ctrl-C, fixtures are torn down by pytest's own part of this
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove this process's sandboxes, and hand its counts to xdist's controller where there is one."""
    pool.close_of_this_process()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT_KEY] = tally.counts()
    else:
        session.config.stash[_COUNTS].update(tally.counts())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """Show an error of the sandbox as it explains itself: the frames that led to it are ours, and explain nothing."""
    outcome = yield
    if call.excinfo is not None and isinstance(error := call.excinfo.value, SandboxError):
        outcome.get_result().longrepr = f"{item.location[0]}: {item.location[2]}\n{type(error).__name__}: {error}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was done, if anything."""
    counts = config.stash[_COUNTS]
    if not counts["resyncs"]:
        return
    tests = sum(len(terminalreporter.getreports(outcome)) for outcome in ("passed", "failed"))
    seconds = time.monotonic() - config.stash[_STARTED]
    terminalreporter.write_sep("-", "ocean-sandbox")
    terminalreporter.write_line(
        f"{tests} tests, {counts['resyncs']} resyncs, {counts['entities']} entities captured, {seconds:.1f} s"
    )


class _FromWorkers:
    """Takes over the counts of xdist's workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._config.stash[_COUNTS].update(getattr(node, "workeroutput", {}).get(_OUTPUT_KEY, {}))
