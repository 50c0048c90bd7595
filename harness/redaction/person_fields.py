"""Finds the named values of a text that is not JSON: in XML, YAML, lines of JSON, forms, URLs, tables."""

import html
import json
import re
import urllib.parse
from collections.abc import Callable

from harness.redaction.documents import cells

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
    written, done = [], 0
    for name, start, end in cells(text):
        value, is_quoted = text[start:end], text[start - 1] == '"'
        other = known(name, value.replace('""', '"') if is_quoted else value.strip()) if value else None
        if other is None:
            continue
        cell = other.replace('"', '""')
        is_bare = is_quoted or not any(each in other for each in _SEPARATORS)
        written += [text[done:start], cell if is_bare else f'"{cell}"']
        done = end
    return "".join(written) + text[done:]
