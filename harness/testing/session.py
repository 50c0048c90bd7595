"""The harnesses of the running test: to check them, report on them, keep them; see :mod:`harness.testing.current`."""

from collections.abc import Iterator
from typing import Protocol

from harness.execution.result import ResyncResult

MOST_KEPT = 3


class Running(Protocol):
    """A harness, as far as it matters here: see :class:`harness.IntegrationTestHarness`."""

    results: list[ResyncResult]

    @property
    def is_over(self) -> bool:
        """Whether the test has finished with it."""

    @property
    def has_sandbox(self) -> bool:
        """Whether it has a sandbox."""

    def keep(self) -> None:
        """Let its sandbox outlive the test."""

    def release(self) -> None:
        """Return its sandbox."""


_harnesses: list[Running] = []
_results_before: dict[int, int] = {}
_to_keep: list[Running] = []
_keeping = False
_kept = 0


def add(harness: Running) -> None:
    """A harness was started."""
    if harness not in _harnesses:
        _harnesses.append(harness)


def harnesses() -> list[Running]:
    """Those that the running test has started, and those still running from before (a class's, a module's)."""
    return list(_harnesses)


def results(harness: Running) -> list[ResyncResult]:
    """The results of the running test, without those from before it."""
    return harness.results[_results_before.get(id(harness), 0) :]


def begin_test() -> None:
    """Forget those that belong to the test before."""
    _harnesses[:] = [harness for harness in _harnesses if not harness.is_over]
    _to_keep[:] = [harness for harness in _to_keep if harness in _harnesses]
    _results_before.clear()
    _results_before.update({id(harness): len(harness.results) for harness in _harnesses})


def set_keeping(*, keeping: bool) -> None:
    """Whether sandboxes outlive a failing test."""
    global _keeping  # noqa: PLW0603 # an option of the whole process
    _keeping = keeping


def keeps() -> bool:
    """Whether the plugin returns what a harness has leased."""
    return _keeping


def is_to_be_kept(harness: Running) -> bool:
    """Whether the sandbox of ``harness`` will be kept."""
    return harness in _to_keep


def mark_failed() -> None:
    """The running test has failed: keep as many of its sandboxes as the limit allows."""
    global _kept  # noqa: PLW0603 # a count of the whole process
    for harness in _harnesses:
        if _keeping and harness not in _to_keep and _kept < MOST_KEPT and harness.has_sandbox:
            _to_keep.append(harness)
            _kept += 1


def end_test() -> Iterator[Exception]:
    """Return what a test has finished with, or keep it if the test failed; only with ``--sandbox-keep``.

    Yields:
        What went wrong with that.
    """
    for harness in [each for each in _harnesses if _keeping and each.is_over]:
        try:
            if harness in _to_keep:
                harness.keep()
            else:
                harness.release()
        except Exception as error:  # noqa: BLE001 # the others must be returned all the same
            yield error
