"""Reads a document, JSON or YAML, and says where one is broken."""

import json
import math
import re
from pathlib import Path
from typing import Any

import yaml

from harness.imports.errors import SourceError
from harness.stubs.json_places import MOST_DIGITS, MOST_LEVELS, levels, read_json, read_text, whole_characters
from harness.stubs.yaml_places import CoreLoader, see_depth, yaml_errors

_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "ZIP", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"%PDF": "PDF"}
# Of a document with aliases: a few lines can stand for billions of parts.
_MOST_PARTS = 20_000_000
_YAML = (".yaml", ".yml")


def read(path: Path) -> Any:
    """The content of a file, as JSON has it.

    Args:
        path: A file with JSON or YAML.

    Raises:
        SandboxError: It cannot be read; the message says where it is broken, and what to do.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.", remedy="name another file.") from error
    for magic, name in _PACKED.items():
        if start.startswith(magic):
            raise SourceError(
                f"{path} is a {name} file.", remedy="unpack or export it, and name the JSON or YAML file."
            )
    text = read_text(path)
    if not text.strip():
        raise SourceError(f"{path} is empty.", remedy="export it again, or name another file.")
    is_json = text.lstrip()[:1] in ("{", "[") and path.suffix.lower() not in _YAML
    return _json(path, text) if is_json else _yaml(path, text)


def _json(path: Path, text: str) -> Any:
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            raise SourceError(
                f"{path}:{error.lineno}:{error.colno}: the file ends in the middle of its JSON.",
                remedy="export or download it again.",
            ) from error
        value = read_json(path, text)  # which takes comments, and says best what is wrong
    except (RecursionError, ValueError):
        value = read_json(path, text)
    if levels(value) > MOST_LEVELS:
        read_json(path, text)
    return whole_characters(value) if "\\u" in text else value


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _whole_number(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(text)
    return int(text)


def _refuse(text: str) -> None:
    raise ValueError(text)


_DECODER = json.JSONDecoder(parse_float=_finite, parse_int=_whole_number, parse_constant=_refuse)


class _Loader(CoreLoader):
    """Makes keys text, as JSON has them, and merges what ``<<`` names."""

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[str, Any]:  # noqa: ARG002, FBT001, FBT002 # PyYAML's
        """The mapping of a node; all that is in it is made at once.

        Raises:
            ConstructorError: A key is no text, or is there twice.
        """
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "expected a mapping", node.start_mark)
        own = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE]
        if len(own) > len(set(own)):
            twice = next(each for each in own if own.count(each) > 1)
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice!r} appears twice", node.start_mark)
        self.flatten_mapping(node)
        made: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be text", key.start_mark)
            made[key.value] = self.construct_object(value, deep=True)
        return made


_MERGE = "tag:yaml.org,2002:merge"
_Loader.add_implicit_resolver(_MERGE, re.compile("^(?:<<)$"), ["<"])


def _yaml(path: Path, text: str) -> Any:
    with yaml_errors(path, text):
        see_depth(path, text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _see_size(path, node)
            return loader.construct_document(node)
        finally:
            loader.dispose()


def _see_size(path: Path, root: yaml.Node) -> None:
    """Refuse what is small as text and has no end, or none near, once its aliases are followed."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if (known := sizes.get(id(node))) is not None:
            if known == 0:
                raise SourceError(
                    f"{path}:{node.start_mark.line + 1}: this alias contains itself.", remedy="write out what it is."
                )
            return known
        sizes[id(node)] = 0
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        total = 1 + sum(size(each) for part in parts for each in (part if isinstance(part, tuple) else (part,)))
        sizes[id(node)] = total
        return total

    if size(root) > _MOST_PARTS:
        raise SourceError(
            f"{path}: with its aliases, this has more than {_MOST_PARTS:,} parts.", remedy="use fewer aliases."
        )
