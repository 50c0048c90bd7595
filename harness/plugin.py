"""The pytest plugin: a summary at the end, and nothing left behind."""

import time
from collections import Counter
from typing import Any

import pytest

from harness import tally
from sandbox import pool

_STARTED = pytest.StashKey[float]()
_COUNTS = pytest.StashKey[Counter[str]]()
_OUTPUT_KEY = "ocean_sandbox"


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[_STARTED] = time.monotonic()
    config.stash[_COUNTS] = Counter()
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_FromWorkers(config))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove this process's sandboxes, and hand its counts to xdist's controller where there is one."""
    pool.close_of_this_process()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT_KEY] = tally.counts()
    else:
        session.config.stash[_COUNTS].update(tally.counts())


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
