"""Puts what was wrong with a resync before pytest's own account of a failure, and takes out frames that explain nothing."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import pluggy
import pytest
import pytest_asyncio
from _pytest._code.code import ReprEntryNative  # it has no public name, and nothing else gets through pytest-xdist

import harness
import sandbox

_HEAD = "What went wrong in the resync:"
_ENGINE_ROOM = tuple(
    f"{Path(module.__file__ or '').parent}{os.sep}"
    for module in (harness, sandbox, asyncio, pluggy, pytest, pytest_asyncio)
)
# A check of ours says such lines itself.
_TRIED = "It tried to reach "
_LIBRARIES = ("site-packages", "_pytest")


def hide_frames(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Take frames of ours, of pytest and of libraries out of a traceback, as long as something remains.

    Args:
        excinfo: What was raised.
    """
    entries = []
    entry = excinfo.tb
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next  # type: ignore[assignment] # None at its end
    kept: TracebackType | None = None
    for each in reversed(entries):
        if not _explains_nothing(Path(each.tb_frame.f_code.co_filename)):
            kept = TracebackType(kept, each.tb_frame, each.tb_lasti, each.tb_lineno)
    if kept is not None:
        # A list of some entries would not do: pytest follows the links between them.
        excinfo.traceback = type(excinfo.traceback)(kept)


def add_causes(report: pytest.TestReport, causes: Iterable[str]) -> None:
    """Put the causes of a failure before what pytest says of it, or beside it where that has no place for them.

    Where pytest says all of them, nothing is added.

    Args:
        report: Of the failure.
        causes: The causes, in lines.
    """
    longrepr: Any = report.longrepr
    # Whole lines: a URL begins with another one, and the source of a test may quote a route.
    said = {line.removeprefix("E").strip() for line in str(longrepr).splitlines()}
    lines = [f"  {line}" for line in causes]
    if all(line.strip().removeprefix(_TRIED) in said for line in lines):
        return
    text = "\n".join([_HEAD, *lines])
    if isinstance(longrepr, str):
        report.longrepr = f"{longrepr}\n{text}"
    elif chain := getattr(longrepr, "chain", None):
        chain[0][0].reprentries.insert(0, ReprEntryNative([f"{text}\n"]))
    else:  # of --tb=native, or of a fixture that there is not
        report.sections.insert(0, (f"ocean-sandbox: {_HEAD[0].lower()}{_HEAD[1:-1]}", "\n".join(lines)))


def _explains_nothing(path: Path) -> bool:
    return str(path).startswith(_ENGINE_ROOM) or any(part in _LIBRARIES for part in path.parts)
