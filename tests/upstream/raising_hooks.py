"""A plugin for pytest that makes the hooks of ocean-sandbox's own plugin raise, once in each place.

It finds them by their names: functions ``pytest_*`` in the package ``harness``. A trace function raises from inside of a
hook what any line of it might raise: in hooks that run for each test, every line; in those that run once, where they
begin, and where they go on after their ``yield``. Run with ``-p tests.upstream.raising_hooks``; the environment says the
rest:

- ``RAISING_FOLDER``: where a file for each place that has raised is kept, for several processes and several runs.
- ``RAISING_HOOKS``: a regular expression; hooks with another name do not raise.
- ``RAISING_IN``: ``workers`` or ``controller``, where not all processes of xdist are to raise.

Which hooks are registered is written to ``hooks.txt`` in that folder.
"""

import importlib.util
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

_PACKAGE = importlib.util.find_spec("harness")
assert _PACKAGE is not None
assert _PACKAGE.submodule_search_locations
_SOURCE = _PACKAGE.submodule_search_locations[0]
_FOLDER = Path(os.environ["RAISING_FOLDER"])
_HOOKS = re.compile(os.environ.get("RAISING_HOOKS", ".*"))
_IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
_RAISES_HERE = {"workers": _IS_WORKER, "controller": not _IS_WORKER}.get(os.environ.get("RAISING_IN", ""), True)
_OF_A_TEST = re.compile("pytest_runtest_(protocol|setup|call|teardown|makereport)")
_begun: set[FrameType] = set()


def _on_call(frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
    code = frame.f_code
    if not (code.co_name.startswith("pytest_") and code.co_filename.startswith(_SOURCE)):
        return None
    if not _HOOKS.fullmatch(code.co_name):
        return None
    part = "end" if frame in _begun else "begin"
    _begun.add(frame)

    def on_line(frame: FrameType, event: str, _argument: Any) -> Callable[..., Any]:
        if event == "line":
            place = str(frame.f_lineno) if _OF_A_TEST.fullmatch(code.co_name) else part
            _raise_once(f"{code.co_name}-{Path(code.co_filename).stem}-{place}")
        return on_line

    return on_line


def _raise_once(place: str) -> None:
    try:
        (_FOLDER / place).touch(exist_ok=False)
    except FileExistsError:
        return
    raise KeyError(f"raised in {place};")  # and Python forgets the trace function


def _arm() -> None:
    if _RAISES_HERE:
        sys.settrace(_on_call)


_arm()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    _arm()
    hooks = {
        f"{name} {implementation.function.__module__} {implementation.function.__name__}\n"
        for name, caller in vars(config.hook).items()
        if name.startswith("pytest_")
        for implementation in caller.get_hookimpls()
        if implementation.function.__module__.partition(".")[0] in {"harness", "sandbox"}
    }
    if not _IS_WORKER:
        (_FOLDER / "hooks.txt").write_text("".join(sorted(hooks)))


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_node_collection_finished() -> None:
    _arm()


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_testnodedown() -> None:
    _arm()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart() -> None:
    _arm()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport() -> None:
    _arm()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logfinish() -> None:
    _arm()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    _arm()


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary() -> None:
    _arm()
