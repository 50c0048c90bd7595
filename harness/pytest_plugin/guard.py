"""Turns whatever one of our hooks raises into a failure of its test or of the run, never of pytest itself.

pytest takes a hook that raises for its own end: it prints INTERNALERROR and leaves the other tests out. xdist goes on
without that worker, forgets the test, and where no other failed, the run is green. So every hook of the plugin is
``@guarded``:

- An error in a hook that runs for a test fails that test, in the report that comes next.
- An error before the first test is a usage error: nothing runs. In an xdist worker, which must not end so (its
  controller would wait for it), each test that it gets fails instead.
- Any other error is reported beside the tests, as one of its own.
"""

import functools
import inspect
import traceback
from collections import defaultdict
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from harness.pytest_plugin.printable import printable
from sandbox.errors import SandboxError

OUTPUT_KEY = "ocean_sandbox_errors"
_NAME = "ocean-sandbox"
_TITLE = "ocean-sandbox: an error besides the test's own"
_BEFORE_THE_TESTS = {
    "pytest_load_initial_conftests",
    "pytest_addoption",
    "pytest_configure",
    "pytest_sessionstart",
    "pytest_collection_modifyitems",
}
# Where pytest.fail() in a hook is the verdict on a test, and needs no explanation.
_VERDICTS = {"pytest_runtest_setup", "pytest_runtest_call", "pytest_runtest_teardown"}
# What a test may raise in a callable of its own that a hook calls; pytest.exit() and Ctrl-C are not errors.
_ERRORS = (Exception, pytest.fail.Exception, pytest.skip.Exception)
_GREEN = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}

_Hook = TypeVar("_Hook", bound=Callable[..., Any])


@dataclass
class Errors:
    """What went wrong in our hooks, as long as no report has said so."""

    before_the_tests: list[str] = field(default_factory=list)
    have_failed_tests: bool = False
    of_tests: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    of_the_run: list[str] = field(default_factory=list)

    def why_no_test_may_run(self) -> str:
        """What went wrong before the tests; empty where nothing did. Whoever asks has said it."""
        self.have_failed_tests = True
        return "\n".join(self.before_the_tests)

    def taken(self) -> list[str]:
        """What no report of a test has said, nor will; it is forgotten here."""
        found = [
            *([] if self.have_failed_tests else self.before_the_tests),
            *(f"{nodeid}: {text}" for nodeid, texts in self.of_tests.items() for text in texts),
            *self.of_the_run,
        ]
        self.before_the_tests.clear()
        self.of_tests.clear()
        self.of_the_run.clear()
        return list(dict.fromkeys(found))


_KEY = pytest.StashKey[Errors]()


def errors_of(config: pytest.Config) -> Errors:
    """The errors of this process."""
    return config.stash.setdefault(_KEY, Errors())


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is an xdist worker."""
    return hasattr(config, "workerinput")


def said(error: BaseException, where: str) -> str:
    """What to say of an error to somebody who knows nothing of our code.

    Args:
        error: What was raised.
        where: What raised it.

    Returns:
        What happened, where, and what to do; for an unexpected error, its traceback below.
    """
    if isinstance(error, SandboxError):
        return printable(f"{type(error).__name__}: {error}")
    summary = "".join(traceback.format_exception_only(error)).strip()
    remedy = "report it to the maintainers of ocean-sandbox, with the traceback below."
    if isinstance(error, OSError) and error.filename is not None:
        remedy = f"make sure that {error.filename!r} can be read and written, and that its disk has space."
    shown = "".join(traceback.format_exception(error))
    return printable(str(SandboxError(f"Unexpected error in {where}: {summary}", remedy=remedy, detail=shown)))


def guarded(body: _Hook) -> _Hook:
    """Make one of our hooks one that does not raise. Put it below ``@pytest.hookimpl``, if there is one.

    Args:
        body: The hook; a generator function where it is a wrapper. One of its arguments has a ``config``, or is it.
    """
    if body.__name__ != "pytest_addoption":
        _see_that_it_has_a_config(body)
    hook: _Hook = _guarded_wrapper(body) if inspect.isgeneratorfunction(body) else _guarded_function(body)
    return hook


def report_errors_of_the_run(config: pytest.Config) -> None:
    """Report an error outside any test as a failure beside the tests: counted, summarised, and in the JUnit file."""
    for text in errors_of(config).taken():
        report_failure(config, _NAME, text, "teardown")


def report_failure(config: pytest.Config, nodeid: str, text: str, when: Any) -> None:
    """Report a failure that no test has reported, as xdist does for a worker that crashed."""
    place, _, name = nodeid.partition("::")
    report = pytest.TestReport(nodeid, (place, None, name or place), {}, "failed", printable(text), when)
    config.hook.pytest_runtest_logreport(report=report)


def _guarded_function(body: Any) -> Any:
    name = body.__name__

    @functools.wraps(body)
    def hook(*arguments: Any) -> Any:
        result = None
        try:
            result = body(*arguments)
        except _ERRORS as error:
            _note(error, name, arguments)
        return _settled(name, arguments, result)

    return hook


def _guarded_wrapper(body: Any) -> Any:
    name = body.__name__

    @functools.wraps(body)
    def hook(*arguments: Any) -> Generator[None, Any, Any]:
        __tracebackhide__ = True
        steps = body(*arguments)
        try:
            next(steps)
        except _ERRORS as error:  # the rest of it is lost, but not what it is put around
            _note(error, name, arguments)
            steps = None
        result, raised, trace = None, None, None
        try:
            result = yield
        except BaseException as error:  # noqa: BLE001 # whatever it is, it is raised again, without our frames
            raised, trace = error, error.__traceback__
        if steps is not None:
            result, raised = _resumed(steps, result, raised, name, arguments)
        if raised is not None:
            if name == "pytest_sessionfinish":
                _settled(name, arguments, None)
            raise raised.with_traceback(trace or raised.__traceback__)
        return _settled(name, arguments, result)

    return hook


def _resumed(
    steps: Generator[None, Any, Any], result: Any, raised: BaseException | None, name: str, arguments: tuple[Any, ...]
) -> tuple[Any, BaseException | None]:
    """Let a wrapper go on after what it is put around; returns what comes of both: a result, or an exception."""
    try:
        if raised is None:
            steps.send(result)
        else:
            steps.throw(raised)
    except StopIteration as end:
        return end.value, None
    except BaseException as error:  # noqa: BLE001 # told apart below
        if error is raised:
            return None, raised
        if not isinstance(error, _ERRORS) or (raised is None and _is_verdict(error) and name in _VERDICTS):
            return None, error
        _note(error, name, arguments)
    return result, raised


def _is_verdict(error: BaseException) -> bool:
    return isinstance(error, pytest.fail.Exception | pytest.skip.Exception)


def _note(error: BaseException, name: str, arguments: tuple[Any, ...]) -> None:
    """Keep an error of a hook for the report that will say so; before the tests, it is raised."""
    if _is_verdict(error) and name in _VERDICTS:
        text = printable(str(error))
    else:
        text = said(error, f"the ocean-sandbox plugin, {name}")
    config = _config_of(arguments)
    if name in _BEFORE_THE_TESTS and (config is None or not is_worker(config)):
        if isinstance(error, pytest.UsageError):
            raise error
        raise pytest.UsageError(text) from None
    errors = errors_of(config)
    if name in _BEFORE_THE_TESTS:
        errors.before_the_tests.append(text)
    elif nodeid := _test_of(arguments):
        errors.of_tests[nodeid].append(text)
    else:
        errors.of_the_run.append(text)


def _settled(name: str, arguments: tuple[Any, ...], result: Any) -> Any:
    """What a hook returns, once what is known of errors at its end has been said."""
    config = _config_of(arguments)
    if name == "pytest_runtest_makereport" and (texts := errors_of(config).of_tests.pop(_test_of(arguments), [])):
        return _failed(result, texts, arguments)
    if name == "pytest_runtestloop" and not is_worker(config):
        report_errors_of_the_run(config)
    if name == "pytest_sessionfinish":
        _finish(next(each for each in arguments if isinstance(each, pytest.Session)))
    if name == "pytest_terminal_summary" and (texts := errors_of(config).taken()):
        _print(texts, config)
    return result


def _failed(report: Any, texts: list[str], arguments: tuple[Any, ...]) -> Any:
    """A report that says of our own errors what they are; a failure in any case."""
    try:
        if report.failed:
            report.sections = [*report.sections, *((_TITLE, text) for text in texts)]
        else:
            report.outcome, report.longrepr = "failed", "\n".join(texts)
            vars(report).pop("wasxfail", None)
    except Exception:  # noqa: BLE001 # another plugin's report, which may be anything
        item = next(each for each in arguments if isinstance(each, pytest.Item))
        call = next(each for each in arguments if isinstance(each, pytest.CallInfo))
        texts = texts if call.excinfo is None else [*traceback.format_exception(call.excinfo.value), *texts]
        return pytest.TestReport(item.nodeid, item.location, {}, "failed", printable("\n".join(texts)), call.when)  # type: ignore[arg-type] # never "collect"
    return report


def _finish(session: pytest.Session) -> None:
    """Make sure that a run in which something of ours went wrong is not green, and that its errors are reported."""
    config = session.config
    if is_worker(config):
        config.workeroutput[OUTPUT_KEY] = errors_of(config).taken()  # type: ignore[attr-defined] # xdist's
        return
    failures = session.testsfailed
    report_errors_of_the_run(config)
    if session.testsfailed > failures and session.exitstatus in _GREEN:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _print(texts: list[str], config: pytest.Config) -> None:
    """Say what can no longer be reported: the summary has begun."""
    if is_worker(config):  # it writes its summary to nowhere, after its controller has heard all that it will
        return
    terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
    session: Any = config.pluginmanager.get_plugin("session")
    terminal.write_sep("=", f"{_NAME}: errors", red=True)
    for text in texts:
        terminal.write_line(text)
    if session is not None and session.exitstatus in _GREEN:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _see_that_it_has_a_config(body: Any) -> None:
    known = {"self", "config", "early_config", "session", "item", "terminalreporter", "node"}
    if not known.intersection(inspect.signature(body).parameters):
        raise TypeError(f"{body.__name__} must take one of {', '.join(sorted(known))}, by which its errors are kept.")


def _config_of(arguments: tuple[Any, ...]) -> Any:
    for each in arguments:
        config = each if isinstance(each, pytest.Config) else getattr(each, "config", None)
        if isinstance(config, pytest.Config):
            return config
    return None


def _test_of(arguments: tuple[Any, ...]) -> str:
    return next((each.nodeid for each in arguments if isinstance(each, pytest.Item)), "")
