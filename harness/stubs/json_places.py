"""Reads JSON as WireMock's own parser does, and finds the line of each part of it, for errors that name it.

That parser takes what JSON does not: comments as in Java, texts in single quotes, a file in UTF-16 or UTF-32, and whatever
comes after the first value, which it never reads. It takes neither NaN nor a number of more than 1,000 digits.
"""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from harness.stubs.errors import StubFileError

Steps = tuple[str | int, ...]

# How deep a document may be. WireMock takes 1,000 levels; what converts and checks them here goes down with each.
MOST_LEVELS = 150
MOST_DIGITS = 1_000
_JSON_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|\n', re.DOTALL)
_LENIENT_PART = re.compile(
    r"""(?P<double>"(?:[^"\\]|\\.)*")|(?P<single>'(?:[^'\\]|\\.)*')|(?P<comment>//[^\n]*|/\*.*?\*/)""", re.DOTALL
)
_NO_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<word>-?(?:NaN|Infinity)\b)|(?P<number>-?[0-9][0-9.eE+-]*)', re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def read_text(path: Path) -> str:
    """The text of a file, in UTF-8, or in UTF-16 or UTF-32 as JSON allows.

    Raises:
        StubFileError: It cannot be read, or is not one of these.
    """
    try:
        content = path.read_bytes()
        encoding = json.detect_encoding(content)
        return content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except (OSError, UnicodeDecodeError) as error:
        raise StubFileError(f"{path} cannot be read: {error}", remedy="save it as UTF-8 text.") from error


def read_json(path: Path, text: str) -> Any:
    """The content of a JSON file.

    Args:
        path: Its path, for errors.
        text: Its text.

    Raises:
        StubFileError: It is not valid JSON, not even to WireMock; the message names line and column.
    """
    strict = as_strict_json(text)
    try:
        value, _ = _DECODER.raw_decode(strict, len(strict) - len(strict.lstrip(" \t\r\n")))
    except json.JSONDecodeError as error:
        raise StubFileError(
            f"{path}:{error.lineno}:{error.colno}: this is not valid JSON: {error.msg}.",
            remedy="fix that line.",
            detail="".join(text.splitlines()[error.lineno - 1 : error.lineno]),
        ) from error
    except RecursionError:
        refuse_depth(path, strict)
    except ValueError:
        _refuse_value(path, strict)
    if levels(value) > MOST_LEVELS:
        refuse_depth(path, strict)
    return whole_characters(value) if "\\u" in strict else value


def as_strict_json(text: str) -> str:
    """The text without what only WireMock's parser takes: each line stays where it is.

    Args:
        text: A file's text.
    """
    return _LENIENT_PART.sub(_strict, text) if "'" in text or "/" in text else text


def _strict(found: re.Match[str]) -> str:
    if double := found["double"]:
        return re.sub(r"\\.", lambda each: "'" if each[0] == "\\'" else each[0], double, flags=re.DOTALL)
    if comment := found["comment"]:
        return re.sub(r"[^\n]", " ", comment)
    inner = found["single"][1:-1].replace("\\'", "'")
    return '"' + re.sub(r'\\.|"', lambda each: each[0] if each[0] != '"' else '\\"', inner, flags=re.DOTALL) + '"'


def pointer(steps: Steps) -> str:
    """The JSON pointer (RFC 6901) of a part.

    Args:
        steps: What leads there.
    """
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def levels(value: Any) -> int:
    """How deep a value is: 0 for a text, 1 for a list of texts.

    Args:
        value: What came of JSON or YAML.
    """
    found, level = 0, [value]
    while level := [
        inner
        for each in level
        if isinstance(each, dict | list)
        for inner in ([*(each.values() if isinstance(each, dict) else each), None])
    ]:
        found += 1
    return found


def refuse_depth(path: Path, text: str) -> NoReturn:
    """Refuse a document that is nested too deep, by the line at which it becomes so.

    Args:
        path: Its path.
        text: Its text, JSON or at least with JSON's brackets.
    """
    depth, line = 0, 1
    for part in _JSON_PART.findall(text):
        line += part.count("\n")
        depth += (part in ("{", "[")) - (part in ("}", "]"))
        if depth > MOST_LEVELS:
            break
    raise StubFileError(
        f"{path}:{line}: this is nested more than {MOST_LEVELS} levels deep.",
        remedy="make it flatter, or put the answer into a body file.",
    )


def _float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _int(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(text)
    return int(text)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


_DECODER = json.JSONDecoder(parse_float=_float, parse_int=_int, parse_constant=_no_constant)


def _refuse_value(path: Path, text: str) -> NoReturn:
    """Name the place of the number that Python's parser has refused."""
    for found in _NO_VALUE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1) + 1
        if word := found["word"]:
            raise StubFileError(
                f"{path}:{line}:{column}: this is not valid JSON: {word} is not a value.",
                remedy="write null, or a text in quotes.",
            )
        number = found["number"] or "0"
        is_whole = number.lstrip("-").isdigit()
        try:
            fits = len(number) <= MOST_DIGITS if is_whole else math.isfinite(float(number))
        except ValueError:
            continue
        if not fits:
            shown = number if len(number) <= 20 else f"{number[:10]}… of {len(number)} characters"  # noqa: PLR2004
            raise StubFileError(
                f"{path}:{line}:{column}: the number {shown} is larger than JSON numbers can be here.",
                remedy="write it in quotes, or put the answer into a body file.",
            )
    raise StubFileError(f"{path}: this is not valid JSON.", remedy="fix it.")


def whole_characters(value: Any) -> Any:
    """The value with a question mark for each half of a character, as in WireMock: none can be sent.

    Args:
        value: What came of JSON.
    """
    if isinstance(value, str):
        return _SURROGATE.sub("?", value)
    if isinstance(value, list):
        return [whole_characters(each) for each in value]
    if isinstance(value, dict):
        return {_SURROGATE.sub("?", key): whole_characters(each) for key, each in value.items()}
    return value


def json_lines(text: str) -> dict[Steps, int]:
    """The line of each key, and of each object, list and text in a list, of JSON that is known to be valid.

    Args:
        text: The file's text.
    """
    return dict(_json_lines(as_strict_json(text)))


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
            if not steps:  # what follows the first value is never read
                return
        elif part == ",":
            key_is_next = isinstance(steps[-1], str)
            if isinstance(innermost := steps[-1], int):
                steps[-1] = innermost + 1
        elif part != ":":
            if key_is_next:
                steps[-1], key_is_next = json.loads(part), False
            yield tuple(steps), line
