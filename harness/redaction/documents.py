"""Takes a text apart by its format: JSON, lines of JSON, XML, YAML, a table, base64, URL encoding."""

import csv
import json
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import yaml

from harness.redaction.chance import from_base64, readable

Json = Any
_LARGEST_YAML = 100_000
_YAML = re.compile(r"^\s*(?:- )?[\"']?[A-Za-z_][\w .-]*[\"']?:(?:\s|$)", re.MULTILINE)
# What is repeated by reference may become endless.
_ALIAS = re.compile(r"(?m)(?:^|[:,\[-])\s+\*[A-Za-z]")
_LINE_OF_JSON = re.compile(r"^(?:data:[ \t]*)?([{\[].*[}\]])[ \t\r]*$", re.MULTILINE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_BASE64_IN_LINES = re.compile(r"(?:[A-Za-z0-9+/]{40,}\r?\n)+[A-Za-z0-9+/]*={0,2}\s*")
_DATA_URL = re.compile(r"\Adata:[A-Za-z0-9.+/;=-]*?;base64,([A-Za-z0-9+/_-]+={0,2})\Z")
_QUOTED = re.compile(r"%(?:22|7[BbDd]|3[DdAa]|26|20|0[AaDd])")
_FEWEST = 2


def documents_in(text: str) -> Iterator[Json]:
    """What somebody reads in a text who knows what it is; nothing of one that is only a text."""
    start = text.lstrip()[:1]
    if start in ("{", "[", '"') and (read := parsed(text)) is not None:
        yield read
        return
    if "\n" in text and ("{" in text or "[" in text):
        yield from (read for each in _LINE_OF_JSON.findall(text) if (read := parsed(each)) is not None)
    if start == "<" and (xml := _xml(text)) is not None:
        yield xml
        return
    if "\n" in text:
        yield from _yaml(text)
        yield from _table(text)
    if "%" in text and _QUOTED.search(text):
        yield urllib.parse.unquote_plus(text)
    if (inside := decoded_text(text)) is not None:
        yield inside


def parsed(text: str) -> Json:
    """The object, array or text that a text is in JSON, else None."""
    try:
        return json.loads(text) if text.lstrip()[:1] in ("{", "[", '"') else None
    except (ValueError, RecursionError):
        return None


def decoded_text(text: str) -> str | None:
    """The text that another one encodes in base64, in lines or in a data URL; None if it is not base64."""
    if found := _DATA_URL.match(text):
        text = found[1]
    elif "\n" in text.strip() and _BASE64_IN_LINES.fullmatch(text):
        text = "".join(text.split())
    elif not _BASE64.fullmatch(text.strip()):
        return None
    content = from_base64(text.strip())
    return None if content is None else readable(content)


def _xml(text: str) -> Json:
    """Elements as fields, attributes too; None where it is no XML, or one that defines entities."""
    if "<!ENTITY" in text or "<!DOCTYPE" in text:
        return None
    try:
        root = ET.fromstring(text.strip())  # noqa: S314 # what makes it dangerous is refused above
    except (ET.ParseError, ValueError):
        return None
    return {_local(root.tag): _element(root)}


def _element(element: ET.Element) -> Json:
    fields: dict[str, list[Json]] = {_local(name): [value] for name, value in element.attrib.items()}
    for child in element:
        fields.setdefault(_local(child.tag), []).append(_element(child))
    inner = (element.text or "").strip()
    if not fields:
        return inner
    if inner:
        fields.setdefault("value", []).append(inner)
    return {name: several[0] if len(several) == 1 else several for name, several in fields.items()}


def _local(name: Any) -> str:
    return str(name).rpartition("}")[2]


def _yaml(text: str) -> Iterator[Json]:
    if len(text) > _LARGEST_YAML or len(_YAML.findall(text)) < _FEWEST or _ALIAS.search(text):
        return
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # all values as texts
    try:
        yield from (each for each in yaml.load_all(text, loader) if isinstance(each, dict | list))  # makes texts alone
    except (yaml.YAMLError, RecursionError):
        return


def _table(text: str) -> Iterator[Json]:
    """Lines of values below a line of names, as in CSV."""
    separator, names = _head(text)
    if not names:
        return
    try:
        for row in csv.reader(text.splitlines()[1:], delimiter=separator):
            if len(row) == len(names):
                yield dict(zip(names, (each.strip() for each in row), strict=True))
    except csv.Error:
        return


def cells(text: str) -> Iterator[tuple[str, int, int]]:
    """The cells of a table below a line of names: the name of the column, and where the cell begins and ends."""
    separator, names = _head(text)
    if not names or "\n" not in text:
        return
    cell = re.compile(rf'[ \t]*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>[^{re.escape(separator)}\r\n]*))')
    place = text.index("\n") + 1
    while place < len(text):
        row = []
        while found := cell.match(text, place):
            row.append(found.span("quoted" if found["quoted"] is not None else "bare"))
            place = found.end()
            if text[place : place + 1] != separator:
                break
            place += 1
        yield from ((name, *where) for name, where in zip(names, row, strict=False))
        place = (text.find("\n", place) + 1) or len(text)


def _head(text: str) -> tuple[str, list[str]]:
    """What stands between the names in the first line of a table, and the names; none if it is no table."""
    first = text.partition("\n")[0]
    separator = next((each for each in ("\t", ";", ",", "|") if each in first), "")
    if not separator or "=" in first or ":" in first:
        return "", []
    names = [each.strip().strip('"') for each in first.split(separator)]
    return separator, names if all(re.fullmatch(r"[\w .-]{1,60}", each) for each in names) else []
