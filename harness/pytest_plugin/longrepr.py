"""Puts what was wrong with a resync before pytest's own account of a failure, and takes out frames that explain nothing."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
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
    kept = excinfo.traceback.filter(lambda entry: not _explains_nothing(Path(entry.path)))
    if kept:
        excinfo.traceback = kept


def with_causes(longrepr: Any, causes: Iterable[str]) -> Any:
    """What pytest says of a failure, with the causes before it.

    Args:
        longrepr: What pytest says: of an assertion, say, or as a text.
        causes: The causes, in lines.
    """
    lines = [f"  {line}" if line else "" for line in causes]
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
