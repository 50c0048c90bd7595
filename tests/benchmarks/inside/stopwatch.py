"""A pytest plugin that writes down when each report came in. Also copied into the in-process peer's container."""

import json
import os
import time
from pathlib import Path

import pytest


class _Stopwatch:
    def __init__(self, file: Path) -> None:
        self._file = file

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        line = {
            "at": time.monotonic(),  # which all processes of a machine share
            "test": report.nodeid,
            "when": report.when,
            "outcome": report.outcome,
            "worker": getattr(report, "worker_id", ""),
            "properties": dict(report.user_properties),
        }
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # with xdist, the controller is what a user looks at
        config.pluginmanager.register(_Stopwatch(Path(os.environ["BENCH_REPORTS"])))
