"""The pytest plugin: a summary at the end, and nothing left behind."""

import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, get_args

import pytest
from _pytest.config import ConftestImportFailure

from harness import options
from harness.execution import stats
from harness.pytest_plugin import checks, drop_in, environment, guard, longrepr, tools, tracing
from harness.pytest_plugin.guard import guarded
from harness.pytest_plugin.workers import COUNTS_KEY, Workers
from harness.testing.current import harnesses
from harness.testing.harness import IntegrationTestHarness
from harness.testing.session import begin_test, end_test, mark_failed, results, set_keeping
from sandbox.errors import SandboxError
from sandbox.pool import pool, prefetch
from sandbox.settings import Entry, Isolation, Trace
from sandbox.sizes import count

_STARTED = pytest.StashKey[float]()
_COUNTS = pytest.StashKey[Counter[str]]()
_REPORTS = pytest.StashKey[list[pytest.TestReport]]()
_CONTRACT = "contract"


@guarded
def pytest_addoption(parser: pytest.Parser) -> None:
    """Options, and the ini keys that stand for them."""
    group = parser.getgroup("ocean-sandbox")
    group.addoption(
        "--sandbox-isolation",
        choices=get_args(Isolation),
        help="container: one container per resync (default); fork: one forked process per resync, in one container per worker.",
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
        help="Build the images, including that of the integration in DIR, before the first test; repeatable.",
    )
    group.addoption(
        "--ocean-sandbox",
        action="store_true",
        help="Test files that import port_ocean.integration_testing get the sandbox's harness.",
    )
    group.addoption(
        "--sandbox-fail-on-unused-stubs",
        action="store_true",
        help="Fail a test when one of its routes or stub files answered nothing, or a fault of Port matched no call.",
    )
    group.addoption(
        "--sandbox-fail-on-warnings",
        action="store_true",
        help="Fail a test when one of its resyncs or events has warnings: see ResyncResult.warnings.",
    )
    group.addoption(
        "--sandbox-keep",
        action="store_true",
        help="Keep the sandboxes of the first failing tests (three per worker) running for an hour; the report shows how to inspect them.",
    )
    group.addoption(
        "--sandbox-trace",
        choices=get_args(Trace),
        help="Write an HTML trace of what a test did: for each failing test (on-failure, the default), for all, or for none.",
    )
    tools.add_options(group)
    parser.addini("sandbox_fail_on_unused_stubs", "The same as the option.", type="bool", default=False)
    parser.addini("sandbox_fail_on_warnings", "The same as the option.", type="bool", default=False)
    parser.addini("ocean_sandbox", "The same as --ocean-sandbox.", type="bool", default=False)
    parser.addini("sandbox_isolation", "The same as --sandbox-isolation.", default=None)
    parser.addini("sandbox_entry", "The same as --sandbox-entry.", default=None)
    parser.addini("sandbox_trace", "The same as --sandbox-trace.", default=None)


@pytest.hookimpl(wrapper=True)
@guarded
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, object, object]:
    """Say what to do about a conftest.py that needs another environment than this one, rather than how its import failed."""
    try:
        return (yield)
    except ConftestImportFailure as failure:
        if not early_config.known_args_namespace.help and (
            why := environment.why_not_imported(failure.path, failure.cause)
        ):
            raise pytest.UsageError(why) from failure
        raise


@guarded
def pytest_configure(config: pytest.Config) -> None:
    """Take the options over, and begin to count."""
    config.addinivalue_line(
        "markers", f"{_CONTRACT}: calls the real API; runs only when selected with -m, for example nightly"
    )
    options.set_options(
        isolation=config.getoption("sandbox_isolation") or config.getini("sandbox_isolation") or None,
        entry=config.getoption("sandbox_entry") or config.getini("sandbox_entry") or None,
        trace=config.getoption("sandbox_trace") or config.getini("sandbox_trace") or None,
    )
    tools.begin(config)
    set_keeping(keeping=config.getoption("sandbox_keep"))
    if config.getoption("ocean_sandbox") or config.getini("ocean_sandbox"):
        drop_in.install()
    config.stash[_STARTED] = time.monotonic()
    if config.pluginmanager.hasplugin("xdist") and not guard.is_worker(config):
        config.pluginmanager.register(Workers(config, config.stash.setdefault(_COUNTS, Counter())))


@guarded
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests that call a real API, unless ``-m`` mentions them: that must not happen by accident."""
    if _CONTRACT in config.option.markexpr:
        return
    asking = [item for item in items if item.get_closest_marker(_CONTRACT)]
    if asking:
        config.hook.pytest_deselected(items=asking)
        items[:] = [item for item in items if item not in asking]


@guarded
def pytest_sessionstart(session: pytest.Session) -> None:
    """Build what is missing while somebody sees the progress: xdist's workers are mute."""
    directories = session.config.getoption("sandbox_build")
    if not directories or session.config.option.collectonly or guard.is_worker(session.config):
        return
    try:
        pool.build([Path(directory).resolve() for directory in directories], options.settings_in_force())
    except SandboxError as error:
        raise pytest.UsageError(f"ocean-sandbox: {error}") from error


@pytest.hookimpl(wrapper=True)
@guarded
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:  # noqa: ARG001 # for its guard
    """Remove this process's sandboxes while what goes wrong with that still fails the run as a test's failure does."""
    result = yield
    pool.close_of_this_process()
    return result


@pytest.hookimpl(wrapper=True, trylast=True)
@guarded
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Remove what an interrupted run has left, and hand this process's counts to xdist's controller where there is one."""
    try:
        return (yield)  # after Ctrl-C, fixtures are torn down by pytest's own part of this
    except Exception as error:
        if guard.is_worker(session.config):  # xdist says nothing of what another plugin raises here
            guard.errors_of(session.config).of_the_run.append(guard.said(error, "the end of a worker of pytest-xdist"))
        raise
    finally:
        if guard.is_worker(session.config):
            session.config.workeroutput[COUNTS_KEY] = stats.counts()  # type: ignore[attr-defined] # xdist's
        else:
            session.config.stash.setdefault(_COUNTS, Counter()).update(stats.counts())
        pool.close_of_this_process()


@pytest.hookimpl(tryfirst=True)
@guarded
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Another test begins. Tell the pool whether it is worth while to warm a container ahead: for one of the same integration."""
    begin_test()
    prefetch.expect_more(more=nextitem is not None and nextitem.path.parent == item.path.parent)


@pytest.hookimpl(tryfirst=True)
@guarded
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Run no test under options that are not in force: if the plugin could not start in an xdist worker."""
    if why := guard.errors_of(item.config).why_no_test_may_run():
        pytest.fail(why, pytrace=False)


@pytest.hookimpl(wrapper=True)
@guarded
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test whose assertions hold, but whose resyncs did what they must not."""
    result = yield
    found = [checks.egress(harness) for harness in harnesses()]
    fails = _says(item, "sandbox_fail_on_warnings")
    found += [checks.warnings(harness, by_default=fails) for harness in harnesses()]
    # One that a class or module shares may have resyncs before it: it is judged when it is over.
    found += _unused(item, [harness for harness in harnesses() if harness.is_over or harness.is_of_one_test])
    if any(found):
        pytest.fail("\n".join(filter(None, found)), pytrace=False)
    return result


def _unused(item: pytest.Item, harnesses: list[IntegrationTestHarness]) -> list[str]:
    by_default = _says(item, "sandbox_fail_on_unused_stubs")
    return [checks.unused_stubs(harness, by_default=by_default) for harness in harnesses]


def _says(item: pytest.Item, name: str) -> bool:
    """Whether an option, or the ini key that stands for it, is on."""
    return bool(item.config.getoption(name) or item.config.getini(name))


@pytest.hookimpl(wrapper=True)
@guarded
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failing test's report what its resyncs did.

    An error of the sandbox is shown as it explains itself: the frames that led to it are ours, and explain nothing.
    """
    if call.excinfo is not None and harnesses() and not item.config.option.fulltrace:
        longrepr.hide_frames(call.excinfo)
    report = yield
    if call.excinfo is not None and isinstance(error := call.excinfo.value, SandboxError) and report.failed:
        from harness.diagnosis.causes import folded  # noqa: PLC0415 # a start and a passing test must not pay for it

        file, line, name = item.location
        # The error first: it is what the summary of a run shows of it.
        text = "\n".join(folded(_explained(error)))
        report.longrepr = f"{text}\n{file}:{(line or 0) + 1}: {name}"
    if report.failed:
        from harness.pytest_plugin import failure_report  # noqa: PLC0415 # likewise

        mark_failed()
        if not any(each.failed for each in item.stash.get(_REPORTS, [])):  # or they were said before the teardown
            longrepr.add_causes(report, [line for harness in harnesses() for line in failure_report.causes(harness)])
        for harness in harnesses():
            report.sections += [(f"ocean-sandbox: {title}", text) for title, text in failure_report.sections(harness)]
    reports = item.stash.setdefault(_REPORTS, [])
    reports.append(report)
    if any(map(results, harnesses())) and (said := tracing.written(item, reports)):
        report.sections.append(("ocean-sandbox: the trace", said))
    return report


def _explained(error: BaseException) -> str:
    return "\n".join([guard.said(error, "ocean-sandbox"), *getattr(error, "__notes__", [])])


@pytest.hookimpl(wrapper=True)
@guarded
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Judge, and keep or give back, what the fixtures have done with."""
    judged = [harness for harness in harnesses() if harness.is_over or harness.is_of_one_test]
    try:
        result = yield
    finally:
        errors = [guard.said(error, "the end of a test") for error in end_test()]
    found = _unused(item, [harness for harness in harnesses() if harness.is_over and harness not in judged])
    found += errors
    if any(found):
        pytest.fail("\n".join(filter(None, found)), pytrace=False)
    return result


@guarded
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was done, if anything."""
    counts = config.stash.get(_COUNTS, Counter())
    if not (counts["resyncs"] or counts["events"]):
        return
    tests = count(sum(len(terminalreporter.getreports(outcome)) for outcome in ("passed", "failed", "error")), "test")
    seconds = time.monotonic() - config.stash[_STARTED]
    terminalreporter.write_sep("-", "ocean-sandbox")
    entities = count(counts["entities"], "entity", "entities")
    events = f"{count(counts['events'], 'event')}, " if counts["events"] else ""
    terminalreporter.write_line(
        f"{tests}, {count(counts['resyncs'], 'resync')}, {events}{entities} captured, {seconds:.1f} s"
    )
