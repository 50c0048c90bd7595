"""Reads YAML with the line of every part, for errors that name it; for JSON see :mod:`harness.stubs.json_places`."""

import contextlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.stubs.errors import StubFileError
from harness.stubs.json_places import MOST_DIGITS, MOST_LEVELS, Steps

# YAML 1.2's core schema, as editors read YAML: neither `no` is False, nor is 2024-01-01 a date, which no JSON can hold.
CORE = {
    "tag:yaml.org,2002:null": (r"~|null|Null|NULL|", "~nN"),
    "tag:yaml.org,2002:bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "tag:yaml.org,2002:int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "tag:yaml.org,2002:float": (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
}
_MOST_PARTS = 1_000_000
# What a line begins with: each level of a block takes a character of it.
_INDENTATION = re.compile(r"^[ \t?:-]+", re.MULTILINE)
_STRING, _SEQUENCE, _MAPPING = (f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))


@dataclass(frozen=True)
class Document:
    """A file's content, and where each part of it is.

    Args:
        value: The content, as JSON has it.
        lines: The line, from 1, of each part, by the steps that lead there; of a mapping's entry, its key's.
        texts: Each plain or quoted value as it was written (``010``, ``yes``).
    """

    value: Any
    lines: dict[Steps, int]
    texts: dict[Steps, str] = field(default_factory=dict)

    def line(self, steps: Steps) -> int:
        """The line of the part, or of the nearest above it that has one."""
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, 1)


class CoreLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # libyaml may not be there
    """Takes plain values for what YAML 1.2's core schema says."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 # PyYAML's own way


for _tag, (_expression, _first) in CORE.items():
    CoreLoader.add_implicit_resolver(_tag, re.compile(f"^(?:{_expression})$"), [*_first, ""])


def read_yaml(path: Path, text: str) -> Document:
    """The content of a YAML file, with lines.

    Args:
        path: Its path, for errors.
        text: Its text.

    Raises:
        StubFileError: It is not valid YAML, or holds what no JSON can; the message names the line.
    """
    with yaml_errors(path, text):
        see_depth(path, text)
        node = yaml.compose(text, CoreLoader)
    reader = _Reader(path)
    value = reader.value(node, ()) if node is not None else None
    return Document(value, reader.lines, reader.texts)


@contextlib.contextmanager
def yaml_errors(path: Path, text: str) -> Iterator[None]:
    """Within the block, what YAML's parser raises becomes an error that names the line.

    Args:
        path: The file's path.
        text: Its text.

    Raises:
        StubFileError: It is not valid YAML.
    """
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise StubFileError(
            f"{path}{where}: this is not valid YAML: {error.problem or error.context}.",
            remedy="fix that line or the one above it.",
            detail=text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else "",
        ) from error
    except yaml.YAMLError as error:  # a character that no YAML can hold
        raise StubFileError(f"{path}: this is not valid YAML: {error}", remedy="fix it.") from error


def see_depth(path: Path, text: str) -> None:
    """Refuse what is nested too deep before it is composed, which goes down in C with each level.

    Args:
        path: The file's path.
        text: Its text.

    Raises:
        StubFileError: It is nested too deep.
    """
    if text.count("[") + text.count("{") + max(map(len, _INDENTATION.findall(text)), default=0) <= MOST_LEVELS:
        return  # as most files: to look at each event would take a third of the time again
    depth = 0
    for event in yaml.parse(text, CoreLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_LEVELS:
                raise StubFileError(
                    f"{path}:{event.start_mark.line + 1 if event.start_mark else 1}: this is nested more than {MOST_LEVELS} levels deep.",
                    remedy="make it flatter, or put the answer into a body file.",
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Reader:
    """Makes values of YAML's nodes, and keeps where they were."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._within: set[int] = set()
        self._made = 0
        self.lines: dict[Steps, int] = {}
        self.texts: dict[Steps, str] = {}

    def value(self, node: yaml.Node, steps: Steps) -> Any:
        """The node's value."""
        self.lines.setdefault(steps, node.start_mark.line + 1)
        self._made += 1
        if self._made > _MOST_PARTS:  # aliases of aliases: a few lines can stand for billions
            raise self._error(node, f"with its aliases, this has more than {_MOST_PARTS:,} parts", "use fewer aliases")
        if isinstance(node, yaml.ScalarNode):
            if node.tag != "tag:yaml.org,2002:null":
                self.texts[steps] = node.value
            return self._scalar(node)
        if id(node) in self._within:
            raise self._error(node, "this alias contains itself", "write out what it stands for")
        self._within.add(id(node))
        made = self._list(node, steps) if isinstance(node, yaml.SequenceNode) else self._dict(node, steps)
        self._within.remove(id(node))
        return made

    def _list(self, node: yaml.SequenceNode, steps: Steps) -> list[Any]:
        self._see_tag(node, _SEQUENCE)
        return [self.value(item, (*steps, number)) for number, item in enumerate(node.value)]

    def _dict(self, node: yaml.Node, steps: Steps) -> dict[str, Any]:
        self._see_tag(node, _MAPPING)
        made: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "a key must be text", "write it as text")
            name = key.value
            if name in made:
                raise self._error(key, f"the key {name!r} appears twice", "remove one of them")
            self.lines[*steps, name] = key.start_mark.line + 1
            made[name] = self.value(value, (*steps, name))
        return made

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text, kind = node.value, node.tag.rpartition(":")[2]
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int":
            if len(text) > MOST_DIGITS:
                raise self._error(node, f"the number has {len(text)} digits", "write it in quotes")
            return int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)
        if kind == "float":
            if not math.isfinite(number := float(text)):
                raise self._error(node, f"JSON cannot hold the number {text}", "write it in quotes")
            return number
        self._see_tag(node, _STRING)
        return text

    def _see_tag(self, node: yaml.Node, wanted: str) -> None:
        if node.tag not in (wanted, "!"):
            raise self._error(node, f"the tag {node.tag} has no meaning here", "remove it")

    def _error(self, node: yaml.Node, what: str, remedy: str) -> StubFileError:
        return StubFileError(f"{self._path}:{node.start_mark.line + 1}: {what}.", remedy=f"{remedy}.")
