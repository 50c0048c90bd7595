"""Reads JSON, and finds the line of each part of it, for errors that name it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.stub_files.errors import StubFileError

Steps = tuple[str | int, ...]

_JSON_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|\n', re.DOTALL)


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        StubFileError: It cannot be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StubFileError(f"{path} cannot be read: {error}", remedy="save it as UTF-8 text.") from error


def read_json(path: Path, text: str) -> Any:
    """The content of a JSON file.

    Args:
        path: Its path, for errors.
        text: Its text.

    Raises:
        StubFileError: It is no valid JSON; the message names line and column.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise StubFileError(
            f"{path}:{error.lineno}:{error.colno}: this is no valid JSON: {error.msg}.",
            remedy="mend that line.",
            detail="".join(error.doc.splitlines()[error.lineno - 1 : error.lineno]),
        ) from error
    except RecursionError:
        raise StubFileError(f"{path}: this JSON is nested too deep.", remedy="make it flatter.") from None


def json_lines(text: str) -> dict[Steps, int]:
    """The line of each key, and of each object, list and text in a list, of JSON that is known to be valid.

    Args:
        text: The file's text.
    """
    return dict(_json_lines(text))


def _json_lines(text: str) -> Iterator[tuple[Steps, int]]:
    steps: list[str | int] = []  # of the parts around the current one, the innermost last
    line, key_is_next = 1, False
    for part in _JSON_PART.findall(text):
        if part == "\n":
            line += 1
        elif part in "{[":
            yield tuple(steps), line
            steps.append("" if part == "{" else 0)
            key_is_next = part == "{"
        elif part in "}]":
            steps.pop()
            key_is_next = False
        elif part == ",":
            key_is_next = isinstance(steps[-1], str)
            if isinstance(innermost := steps[-1], int):
                steps[-1] = innermost + 1
        elif part != ":":
            if key_is_next:
                steps[-1], key_is_next = json.loads(part), False
            yield tuple(steps), line
