"""Finds the named values of a text that is not JSON: in XML, YAML, lines of JSON, forms, URLs, tables."""

import html
import json
import re
import urllib.parse
from collections.abc import Callable

# Is given a field and its value, and says what takes its place; None where it stays.
Known = Callable[[str, str], str | None]
_NAME = r"[A-Za-z_][\w.-]{0,60}"
_ELEMENT = re.compile(
    rf"<(?:[\w-]{{1,40}}:)?(?P<f>{_NAME})(?:\s[^<>]{{0,500}})?>\s{{0,200}}(?P<v>[^<>\s][^<>]{{0,200}}?)\s{{0,200}}</"
)
_ATTRIBUTE = re.compile(rf"(?<![\w.-])(?P<f>{_NAME})=(?P<q>[\"'])(?P<v>(?:(?!(?P=q))[^<>\n]){{1,200}})(?P=q)")
_PAIR = re.compile(rf"\"(?P<f>{_NAME})\"\s{{0,5}}:\s{{0,5}}\"(?P<v>(?:[^\"\\\n]|\\.){{1,200}})\"")
_LINE = re.compile(
    rf"^[ \t]{{0,100}}(?:- [ \t]{{0,20}}){{0,3}}[\"']?(?P<f>{_NAME})[\"']?:[ \t]{{1,20}}(?P<q>[\"']?)(?P<v>[^\s\"'][^\n\r]{{0,200}}?)(?P=q)[ \t]{{0,20}}\r?$",
    re.MULTILINE,
)
_PARAMETER = re.compile(
    r"(?:\A|(?<=[?&;\s]))(?P<f>[A-Za-z_][\w.%\[\]-]{0,60})=(?P<v>[^&;#\s\"'<>\\]{1,200})(?=[&;#\s\"'<>\\]|\Z)"
)
_SEPARATORS = ("\t", ";", ",", "|")
_COLUMN = re.compile(r"[\w .-]{1,60}")


def replaced(text: str, known: Known) -> str:
    """A text with other values in its fields.

    Args:
        text: The text; JSON has been looked through before.
        known: Says what takes the place of a value.
    """
    if "</" in text:
        text = _ELEMENT.sub(lambda found: _put(found, known, html.unescape, html.escape), text)
    if "<" in text and "=" in text:
        text = _ATTRIBUTE.sub(lambda found: _put(found, known, html.unescape, html.escape), text)
    if '":' in text or '" :' in text:
        text = _PAIR.sub(lambda found: _put(found, known, _read_json, _as_json), text)
    if ": " in text:
        text = _LINE.sub(lambda found: _put(found, known, str, str), text)
    if "=" in text:
        text = _PARAMETER.sub(
            lambda found: _put(found, known, urllib.parse.unquote_plus, _quote_like(found["v"])), text
        )
    return _in_table(text, known)


def _put(found: re.Match[str], known: Known, decode: Callable[[str], str], encode: Callable[[str], str]) -> str:
    other = known(urllib.parse.unquote(found["f"]), decode(found["v"]))
    if other is None:
        return found[0]
    start = found.start()
    return found[0][: found.start("v") - start] + encode(other) + found[0][found.end("v") - start :]


def _quote_like(value: str) -> Callable[[str], str]:
    return urllib.parse.quote_plus if "+" in value else urllib.parse.quote


def _read_json(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _in_table(text: str, known: Known) -> str:
    """Below a line of names, as in CSV: each cell by the name of its column."""
    first = text.partition("\n")[0].rstrip("\r")
    separator = next((each for each in _SEPARATORS if each in first), None)
    if separator is None or len(first) == len(text) or "=" in first or ":" in first:
        return text
    names = [each.strip().strip('"') for each in first.split(separator)]
    if not all(map(_COLUMN.fullmatch, names)):
        return text
    mark = re.escape(separator)
    cell = re.compile(rf'(?P<v>"(?:[^"]|"")*"|[^{mark}\r\n]*)(?P<end>{mark}|\r?\n|\Z)')
    written = [text[: len(first)]]
    position, column = len(first), 0
    for line_end in ("\r\n", "\n"):
        if text.startswith(line_end, position):
            written.append(line_end)
            position += len(line_end)
            break
    while position < len(text) and (found := cell.match(text, position)):
        value = found["v"]
        is_quoted = value.startswith('"')
        bare = value[1:-1].replace('""', '"') if is_quoted else value.strip()
        other = known(names[column], bare) if bare and column < len(names) else None
        written.append(value if other is None else _cell(other, separator, is_quoted=is_quoted))
        written.append(found["end"])
        column = column + 1 if found["end"] == separator else 0
        position = found.end()
    return "".join(written) + text[position:]


def _cell(value: str, separator: str, *, is_quoted: bool) -> str:
    return '"' + value.replace('"', '""') + '"' if is_quoted or separator in value else value
