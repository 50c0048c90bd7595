"""What xdist's controller hears from its workers, and which tests it never heard of."""

import traceback
from collections import Counter
from collections.abc import Generator, Sequence
from typing import Any

import pytest

from harness.pytest_plugin import guard
from harness.pytest_plugin.guard import guarded
from sandbox.sizes import count

COUNTS_KEY = "ocean_sandbox"
_MOST_NAMES = 5
_Test = tuple[int, str]


class Workers:
    """A plugin of the controller: sums up what workers counted, and fails each test that was to run and has no report.

    xdist forgets a test whose worker meets an error inside of pytest, or ends between two tests when no worker may be
    started in its place. Where all others pass, its exit code is 0 then; or its own loop raises, and ends the run.

    Args:
        config: The controller's.
        counts: Where to add what the workers have counted.
    """

    def __init__(self, config: pytest.Config, counts: Counter[str]) -> None:
        self.config = config
        self._counts = counts
        self._is_told_by_worker = config.getoption("dist", "no") == "each"  # each runs all of the tests
        self._collected: dict[_Test, None] = {}
        self._reported: set[_Test] = set()
        self._reasons: list[str] = []
        self._had_collection_error = False
        self._had_crash = False
        self._had_internal_error = False

    @pytest.hookimpl(optionalhook=True)
    @guarded
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """A worker has told which tests there are."""
        self._collected.update(dict.fromkeys(self._test(node, nodeid) for nodeid in ids))

    @guarded
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A worker has reported on a test: it is over with its teardown, or has crashed."""
        if report.when == "teardown" or report.failed:
            self._reported.add(self._test(getattr(report, "node", None), report.nodeid))

    @guarded
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Something could not be collected, or workers have collected different tests: then, xdist says so and runs none."""
        self._had_collection_error = self._had_collection_error or report.failed

    @guarded
    def pytest_internalerror(self) -> None:
        """A worker of xdist, or pytest itself, has met an error that it does not understand."""
        self._had_internal_error = True
        self._reasons.append("a worker stopped with an internal error (INTERNALERROR, above)")

    @pytest.hookimpl(optionalhook=True)
    @guarded
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker is done, or has crashed: then, xdist names its test, and says so where it starts no other worker."""
        output = getattr(node, "workeroutput", {})
        self._counts.update(output.get(COUNTS_KEY, {}))
        errors = guard.errors_of(self.config).of_the_run
        errors += [
            f"{text}\nin the worker {node.gateway.id} of pytest-xdist" for text in output.get(guard.OUTPUT_KEY, [])
        ]
        if error:
            self._had_crash = True
            self._reasons.append(f"the worker {node.gateway.id} crashed")

    @pytest.hookimpl(wrapper=True)
    @guarded
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Fail what was lost. A run that was told to stop raises here, and may leave tests out."""
        try:
            result = yield
        except (session.Failed, pytest.exit.Exception):
            raise
        except Exception as error:
            # xdist's loop does not survive every internal error of a worker; what another plugin raises is not ours to hide.
            is_reported = self._had_internal_error and _is_raised_by_xdist(error)
            if not is_reported:
                self._reasons.append(
                    f"its controller stopped with {traceback.format_exception_only(error)[-1].strip()}"
                )
            lost = self._lost()
            self._fail(lost)
            if not is_reported:
                raise
            result = True
        else:
            lost = self._lost()
            self._account_for(lost, session)
        if self._had_internal_error and not lost:
            guard.errors_of(self.config).of_the_run.append(
                "A worker of pytest-xdist stopped with an internal error (INTERNALERROR, above).\n"
                "What to do: run with -n 0, which shows where; the plugin where its traceback ends is at fault."
            )
        return result

    def _account_for(self, lost: list[str], session: pytest.Session) -> None:
        """Fail each lost test, or say once how many there are where xdist has said why."""
        is_explained = session.testsfailed and (self._had_collection_error or self._had_crash)
        if self._had_internal_error or not is_explained:
            self._fail(lost)
        elif lost and self._had_crash and not session.shouldfail:
            names = ", ".join(lost[:_MOST_NAMES])
            more = f", and {len(lost) - _MOST_NAMES} more" if len(lost) > _MOST_NAMES else ""
            guard.errors_of(self.config).of_the_run.append(
                f"{count(len(lost), 'test')} did not finish, since a worker of pytest-xdist "
                f"crashed and no other was started in its place: {names}{more}\n"
                "What to do: fix the test that crashes its worker, or allow more crashes with --max-worker-restart."
            )

    def _lost(self) -> list[str]:
        return [test[1] for test in self._collected if test not in self._reported]

    def _why(self) -> str:
        return ", and ".join(dict.fromkeys(self._reasons)) or "pytest-xdist does not say why"

    def _fail(self, lost: list[str]) -> None:
        for nodeid in lost:
            guard.report_failure(
                self.config,
                nodeid,
                f"Lost: this test was assigned to a worker of pytest-xdist that never reported its outcome: {self._why()}.\n"
                f"What to do: run it alone to see what happens: pytest {nodeid!r} -n 0",
                "???",
            )

    def _test(self, node: Any, nodeid: str) -> _Test:
        # A worker that takes the place of a crashed one has its specification, and runs only what that one has left.
        return (id(node.gateway.spec) if self._is_told_by_worker and node is not None else 0, nodeid)


def _is_raised_by_xdist(error: Exception) -> bool:
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", "")).startswith("xdist.")
