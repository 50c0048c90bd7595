"""Parses exceptions from tracebacks as Python prints them: production ships exceptions only as text."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from sandbox.resync.report import RemoteFailure

_CAUSE = "\nThe above exception was the direct cause of the following exception:\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n"
_CHAIN = re.compile(f"({re.escape(_CAUSE)}|{re.escape(_CONTEXT)})")
# `module.Class: message`; of what is defined in a function, `<locals>` is a part.
_NAMED = re.compile(r"^((?:[^\W\d]\w*|<locals>)(?:\.(?:[^\W\d]\w*|<locals>))*)(?:: (.*))?$", re.DOTALL)
_IN_GROUP = re.compile(r"^ *\| ?(.*)$")
_BORDER = re.compile(r"^ *(\+-)?\+-{4,} (?:\d+|\.\.\.) -{4,}$|^ *\+-{4,}$")
_OS_ERROR = re.compile(r"^\[Errno (\d+)\] (.*?)(?:: '(.*)')?$", re.DOTALL)


def read(text: str, kind: str | None = None) -> list[RemoteFailure]:
    """The exceptions that a traceback tells of, groups taken apart.

    Args:
        text: What ``traceback.format_exception`` makes of an exception or a group of them.
        kind: The kind that was being resynced, where it is known.

    Returns:
        One for each exception that is not a group; none if the text is not a traceback.
    """
    if not any(map(_BORDER.match, text.splitlines())):
        failure = _chain(text, kind)
        return [failure] if failure else []
    return [failure for block in _leaves(text) if (failure := _chain(block, kind)) is not None]


def _leaves(text: str) -> Iterator[str]:
    """The text of each exception in a group that is not itself a group."""
    block: list[str] = []
    is_inside = False
    for line in text.splitlines():
        border = _BORDER.match(line)
        if border is None:
            found = _IN_GROUP.match(line)
            block.append(found[1] if found else line.strip())
            continue
        # A border that branches off (`+-+---`) follows the group's own lines, any other the exception before it.
        if is_inside and not border[1] and block:
            yield "\n".join(block)
        is_inside, block = True, []


def _chain(text: str, kind: str | None) -> RemoteFailure | None:
    """The last of the exceptions that were raised from, or while handling, each other."""
    *before, last = _CHAIN.split(text)
    cause = _chain("".join(before[:-1]), kind) if before and before[-1] == _CAUSE else None
    return _one(last.strip("\n"), text, kind, cause)


def _one(text: str, whole: str, kind: str | None, cause: RemoteFailure | None) -> RemoteFailure | None:
    lines = text.splitlines()
    # The frames are indented; what follows the last of them is the exception, and its message may have lines of its own.
    frames = [number for number, line in enumerate(lines) if line.startswith("  File ")]
    start = frames[-1] + 1 if frames else 0
    while start < len(lines) and lines[start].startswith(("    ", "  [Previous line repeated ", "Traceback (")):
        start += 1
    found = _NAMED.match("\n".join(lines[start:]))
    if found is None:
        return None
    module, name = _parted(found[1])
    message = found[2] or ""
    return RemoteFailure(name, module, message, _arguments(module, name, message), whole.strip("\n"), kind, cause=cause)


def _parted(name: str) -> tuple[str, str]:
    """Module and qualified name: classes begin with a capital, modules do not."""
    parts = name.split(".")
    first = next((number for number, part in enumerate(parts) if part[0].isupper()), len(parts) - 1)
    return ".".join(parts[:first]) or "builtins", ".".join(parts[first:])


def _arguments(module: str, name: str, message: str) -> list[Any]:
    """What it was made with, where its message tells."""
    if module == "builtins" and name == "KeyError":
        try:
            return [ast.literal_eval(message)]
        except (ValueError, SyntaxError):
            return [message]
    if found := _OS_ERROR.match(message) if module == "builtins" else None:
        return [int(found[1]), *(part for part in found.groups()[1:] if part is not None)]
    return [message] if message else []
