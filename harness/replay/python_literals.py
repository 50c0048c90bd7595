"""Writes Python values and calls as ``ruff format`` would, for any line length from 88 up.

What does not fit into 88 columns gets a line for each part, and a comma after the last: that keeps the lines apart in
wider settings, too.
"""

import re
from collections.abc import Sequence
from typing import Any

WIDTH = 88
_INDENT = 4
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
_BYTE, _WORD = 0xFF, 0xFFFF
# ASCII; letters of European languages but for those that look like others; ideographs and Hangul.
_READABLE = re.compile(
    "[ -~\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0130\u0132-\u0137\u0139-\u0148\u014a-\u017e\u4e01-\u9fa5\uac00-\ud7a3]*"
)


class Source(str):
    """Python source that stands for itself."""

    __slots__ = ()


def literal(value: Any, indent: int = 0, before: int = 0, after: int = 0) -> str:
    """A value as Python source.

    Args:
        value: JSON, a tuple of several values, or :class:`Source`.
        indent: The columns that the line which it begins on is indented by.
        before: The columns that are taken before it on that line, indentation included.
        after: The columns that follow it on its last line.
    """
    line = _on_one_line(value, WIDTH - before - after)
    if line is not None:
        return line
    inner = " " * (indent + _INDENT)
    if isinstance(value, dict):
        parts = [
            f"{name}: {literal(each, indent + _INDENT, len(inner) + len(name) + 2, 1)}"
            for name, each in ((string(name), each) for name, each in value.items())
        ]
        opening, closing = "{}"
    elif isinstance(value, list | tuple):
        parts = [literal(each, indent + _INDENT, len(inner), 1) for each in value]
        opening, closing = "[]" if isinstance(value, list) else "()"
    else:
        return _scalar(value)
    return "\n".join([opening, *(f"{inner}{part}," for part in parts), " " * indent + closing])


def call(function: str, arguments: Sequence[Any], indent: int, **keywords: Any) -> str:
    """A statement that calls a function, indented.

    Args:
        function: What is called.
        arguments: Its arguments: JSON, or :class:`Source`.
        indent: The columns that it is indented by.
        keywords: Its keyword arguments.
    """
    return " " * indent + expression(function, arguments, indent, indent, **keywords)


def expression(
    function: str, arguments: Sequence[Any], indent: int, before: int, after: int = 0, **keywords: Any
) -> str:
    """A call as a part of a line; see :func:`literal` for the columns."""
    named = [("", each) for each in arguments] + [(f"{name}=", each) for name, each in keywords.items()]
    lines = [(name, _on_one_line(each, WIDTH)) for name, each in named]
    if all(line is not None for _, line in lines):
        whole = f"{function}({', '.join(f'{name}{line}' for name, line in lines)})"
        if len(whole) + before + after <= WIDTH:
            return whole
    inner = " " * (indent + _INDENT)
    parts = [f"{inner}{name}{literal(each, indent + _INDENT, len(inner) + len(name), 1)}," for name, each in named]
    return "\n".join([f"{function}(", *parts, " " * indent + ")"])


def string(text: str) -> str:
    """A string, quoted as the formatter prefers it; what linters ask about, since it looks like something else, is escaped."""
    if _READABLE.fullmatch(text) and '"' not in text and "\\" not in text:
        return f'"{text}"'
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(f"\\{each}" if each == quote else _character(each) for each in text) + quote


def raw(pattern: str) -> Source:
    """A regular expression as source."""
    if "\\" not in pattern:
        return Source(string(pattern))
    if '"' in pattern or not pattern.isascii() or not pattern.isprintable():
        return Source(string(pattern))
    return Source(f'r"{pattern}"')


def _character(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if _READABLE.fullmatch(character):
        return character
    if code <= _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _WORD else f"\\U{code:08x}"


def _scalar(value: Any) -> str:
    if isinstance(value, Source):
        return str(value)
    return string(value) if isinstance(value, str) else repr(value)


def _on_one_line(value: Any, width: int) -> str | None:
    """The value without a line break, or None where it does not fit; what is long is not written first."""
    if not isinstance(value, dict | list | tuple):
        text = _scalar(value)
        return text if "\n" not in text and (len(text) <= width) else None
    parts = []
    left = width - 2
    for item in value.items() if isinstance(value, dict) else value:
        if isinstance(value, dict):
            name, each = item
            key = string(name)
            line = _on_one_line(each, left - len(key) - 2)
            part = None if line is None else f"{key}: {line}"
        else:
            part = _on_one_line(item, left)
        if part is None or left < 0:
            return None
        parts.append(part)
        left -= len(part) + 2
    joined = ", ".join(parts)
    opening, closing = "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else "()"
    text = f"{opening}{joined}{closing}"
    return text if len(text) <= width else None
