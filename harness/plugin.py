"""The pytest plugin: a summary at the end, and nothing left behind."""

import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, get_args

import pytest

from harness import checks, current, drop_in, failure, options, tally, tracing
from harness.harness import IntegrationTestHarness
from sandbox import demand, pool
from sandbox.errors import SandboxError
from sandbox.settings import Entry, Isolation, Trace

_STARTED = pytest.StashKey[float]()
_COUNTS = pytest.StashKey[Counter[str]]()
_REPORTS = pytest.StashKey[list[pytest.TestReport]]()
_OUTPUT_KEY = "ocean_sandbox"
_CONTRACT = "contract"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options, and the ini keys that stand for them."""
    group = parser.getgroup("ocean-sandbox")
    group.addoption(
        "--sandbox-isolation",
        choices=get_args(Isolation),
        help="container: each resync in one of its own (default); fork: each in a fork, in one container a worker.",
    )
    group.addoption(
        "--sandbox-entry",
        choices=get_args(Entry),
        help="resync: the runner drives the resync (default); production: `ocean sail` does, as it ships.",
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
    group.addoption(
        "--sandbox-fail-on-unused-stubs",
        action="store_true",
        help="A test fails when one of its routes or stub files answered nothing, or a fault of Port met no call.",
    )
    group.addoption(
        "--sandbox-keep",
        action="store_true",
        help="Keep the sandboxes of the first failing tests (three a worker) up for an hour; the report says how to look.",
    )
    group.addoption(
        "--sandbox-trace",
        choices=get_args(Trace),
        help="Write an HTML file that shows what a test did: of each that fails (on-failure, the default), of all, of none.",
    )
    parser.addini("sandbox_fail_on_unused_stubs", "The same as the option.", type="bool", default=False)
    parser.addini("ocean_sandbox", "The same as --ocean-sandbox.", type="bool", default=False)
    parser.addini("sandbox_isolation", "The same as --sandbox-isolation.", default=None)
    parser.addini("sandbox_entry", "The same as --sandbox-entry.", default=None)
    parser.addini("sandbox_trace", "The same as --sandbox-trace.", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Take the options over, and begin to count."""
    config.addinivalue_line("markers", f"{_CONTRACT}: asks the real API; runs only where -m says so, as nightly")
    options.set_options(
        isolation=config.getoption("sandbox_isolation") or config.getini("sandbox_isolation") or None,
        entry=config.getoption("sandbox_entry") or config.getini("sandbox_entry") or None,
        trace=config.getoption("sandbox_trace") or config.getini("sandbox_trace") or None,
    )
    current.set_keeping(keeping=config.getoption("sandbox_keep"))
    if config.getoption("ocean_sandbox") or config.getini("ocean_sandbox"):
        drop_in.install()
    config.stash[_STARTED] = time.monotonic()
    config.stash[_COUNTS] = Counter()
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_FromWorkers(config))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what asks a real API, unless ``-m`` speaks of it: nobody does that by accident."""
    if _CONTRACT in config.option.markexpr:
        return
    asking = [item for item in items if item.get_closest_marker(_CONTRACT)]
    if asking:
        config.hook.pytest_deselected(items=asking)
        items[:] = [item for item in items if item not in asking]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Build what is missing while somebody sees the progress: xdist's workers are mute."""
    directories = session.config.getoption("sandbox_build")
    if not directories or session.config.option.collectonly or hasattr(session.config, "workerinput"):
        return
    try:
        pool.build([Path(directory).resolve() for directory in directories], options.settings_in_force())
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


def pytest_runtest_logstart() -> None:
    """Another test begins."""
    current.begin_test()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Tell the pool whether it is worth while to warm a container ahead: tests side by side test the same integration."""
    demand.expect_more(more=nextitem is not None and nextitem.path.parent == item.path.parent)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test whose assertions hold, but whose resyncs did what they must not."""
    result = yield
    found = [checks.egress(harness) for harness in current.harnesses()]
    # One that a class or module shares may have resyncs before it: it is judged when it is over.
    found += _unused(item, [harness for harness in current.harnesses() if harness.is_over or harness.is_of_one_test])
    if any(found):
        pytest.fail("\n".join(filter(None, found)), pytrace=False)
    return result


def _unused(item: pytest.Item, harnesses: list[IntegrationTestHarness]) -> list[str]:
    name = "sandbox_fail_on_unused_stubs"
    by_default = bool(item.config.getoption(name) or item.config.getini(name))
    return [checks.unused_stubs(harness, by_default=by_default) for harness in harnesses]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failing test's report what its resyncs did.

    An error of the sandbox is shown as it explains itself: the frames that led to it are ours, and explain nothing.
    """
    report = yield
    if call.excinfo is not None and isinstance(error := call.excinfo.value, SandboxError):
        file, line, name = item.location
        # The error first: it is what the summary of a run shows of it.
        report.longrepr = f"{type(error).__name__}: {error}\n{file}:{(line or 0) + 1}: {name}"
    if report.failed:
        current.mark_failed()
        for harness in current.harnesses():
            report.sections += [(f"ocean-sandbox: {title}", text) for title, text in failure.sections(harness)]
    reports = item.stash.setdefault(_REPORTS, [])
    reports.append(report)
    if any(map(current.results, current.harnesses())) and (said := tracing.written(item, reports)):
        report.sections.append(("ocean-sandbox: the trace", said))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Judge, and keep or give back, what the fixtures have done with."""
    judged = [harness for harness in current.harnesses() if harness.is_over or harness.is_of_one_test]
    try:
        yield
    finally:
        errors = list(current.end_test())
    found = _unused(item, [harness for harness in current.harnesses() if harness.is_over and harness not in judged])
    found += map(str, errors)
    if any(found):
        pytest.fail("\n".join(filter(None, found)), pytrace=False)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was done, if anything."""
    counts = config.stash[_COUNTS]
    if not (counts["resyncs"] or counts["events"]):
        return
    tests = sum(len(terminalreporter.getreports(outcome)) for outcome in ("passed", "failed", "error"))
    seconds = time.monotonic() - config.stash[_STARTED]
    terminalreporter.write_sep("-", "ocean-sandbox")
    events = f"{counts['events']} events, " if counts["events"] else ""
    terminalreporter.write_line(
        f"{tests} tests, {counts['resyncs']} resyncs, {events}{counts['entities']} entities captured, {seconds:.1f} s"
    )


class _FromWorkers:
    """Takes over the counts of xdist's workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._config.stash[_COUNTS].update(getattr(node, "workeroutput", {}).get(_OUTPUT_KEY, {}))
