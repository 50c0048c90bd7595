"""Puts what was wrong with a resync before pytest's own account of a failure, and takes out frames that explain nothing."""

import asyncio
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
    str(Path(module.__file__ or "").parent) for module in (harness, sandbox, asyncio, pluggy, pytest, pytest_asyncio)
)
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


def with_causes(longrepr: Any, causes: Iterable[str]) -> Any:
    """What pytest says of a failure, with the causes before it that it does not name.

    Args:
        longrepr: What pytest says: of an assertion, say, or as a text.
        causes: The causes, in lines.
    """
    said = str(longrepr)
    lines = [f"  {line}" for line in causes if line.strip().removeprefix("It tried to reach ") not in said]
    if not lines:
        return longrepr
    text = "\n".join([_HEAD, *lines])
    if isinstance(longrepr, str):
        return f"{longrepr}\n{text}"
    if chain := getattr(longrepr, "chain", None):
        chain[0][0].reprentries.insert(0, ReprEntryNative([f"{text}\n"]))
    return longrepr


def _explains_nothing(path: Path) -> bool:
    return str(path).startswith(_ENGINE_ROOM) or any(part in _LIBRARIES for part in path.parts)
