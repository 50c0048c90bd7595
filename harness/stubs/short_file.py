"""Reads and writes a file in the short form."""

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from harness.stubs.errors import RefusedFileError, Wrong
from harness.stubs.json_places import Steps, pointer, read_text
from harness.stubs.placed import PlacedStub
from harness.stubs.short_form import Entry, ShortFormError, to_stubs
from harness.stubs.short_schema import complaints
from harness.stubs.wiremock_model import as_wiremock_means
from harness.stubs.yaml_places import CORE, Document, read_yaml

# Where a value is what it is, and not the text that stands there.
_TYPED = {"times", "priority", "wiremock"}
_TYPED_ANSWER = {"status", "json", "delay", "template"}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")


def read(path: Path, scenario: str) -> list[PlacedStub]:
    """WireMock's stubs of a file in the short form.

    Args:
        path: The file.
        scenario: What no other file is called: names the scenarios of entries with ``times``.

    Raises:
        StubFileError: Something in it is wrong; the message names file and line, and what was meant.
    """
    text = read_text(path)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and all(line.startswith("#") for line in lines):  # somebody is about to fill it
        return []
    document = read_yaml(path, text)
    entries = _texts(document)
    wrong = sorted(Wrong(document.line(each.steps), each.what, each.remedy) for each in complaints(entries))
    if wrong:
        raise RefusedFileError(path, wrong)
    found: list[PlacedStub] = []
    for number, entry in enumerate(entries):
        try:
            stubs = to_stubs(entry, f"{scenario}#{number + 1}")
        except ShortFormError as error:
            wrong.append(Wrong(document.line((number, *error.steps)), error.what, error.remedy))
            continue
        for stub in stubs:
            made, problems = as_wiremock_means(stub)
            for each in problems:
                steps = (number, *(("wiremock", *each.steps) if "wiremock" in entry else ()))
                wrong.append(Wrong(document.line(steps), each.what, each.remedy))
            place = partial(_place, document, number, is_wiremocks="wiremock" in entry)
            found.append(PlacedStub(made if "wiremock" in entry else stub, document.line((number,)), place))
    if wrong:
        raise RefusedFileError(path, wrong)
    return found


def _place(document: Document, number: int, steps: Steps, *, is_wiremocks: bool) -> tuple[int, str]:
    """Where an entry has a part of its stub: what it says in words of its own, the entry stands for."""
    part = (number, "wiremock", *steps) if is_wiremocks else (number,)
    return document.line(part), pointer(part)


def write(entries: Sequence[Entry], schema: str | None = None) -> str:
    """The text of a file in the short form.

    Args:
        entries: What it says.
        schema: Where editors find the schema, seen from the file.
    """
    hint = [f"# yaml-language-server: $schema={schema}\n"] if schema else []
    # One after the other, for an empty line between them.
    each = (
        yaml.dump([_plain(entry)], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120) for entry in entries
    )
    return "\n".join(itertools.chain(hint, each))


def _texts(document: Document) -> Any:
    """The content, with values that are texts as they were written: ``010``, ``yes``, ``1.10``."""

    def made(value: Any, steps: Steps) -> Any:
        if isinstance(value, dict):
            return {key: made(inner, (*steps, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [made(inner, (*steps, number)) for number, inner in enumerate(value)]
        return value if _is_typed(steps) else document.texts.get(steps, value)

    return made(document.value, ())


def _is_typed(steps: Steps) -> bool:
    if len(steps) < 2 or steps[1] in _TYPED:  # noqa: PLR2004 # the entry's number and its word
        return True
    if steps[1] == "response":
        return len(steps) > 2 and steps[2] in _TYPED_ANSWER  # noqa: PLR2004
    within = steps[2:] if steps[1] != "body" or len(steps) < 3 or isinstance(steps[2], str) else steps[3:]  # noqa: PLR2004
    if steps[1] == "body":
        return within[:1] in (("json",), ("partial",)) or within[2:] == ("absent",)
    return within[-1:] in (("with_query",), ("absent",)) and len(within) == (1 if steps[1] in ("url", "host") else 2)


class _Plain(str):
    """A text that is read as it stands, without quotes."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 # PyYAML says what it takes
        """Write out what is there twice: people do not read anchors."""
        return True


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if not text.replace("\n", "").isprintable():
        style = '"'
    elif "\n" in text and not re.search(r"^\s|\s$|^$", text.removesuffix("\n"), re.MULTILINE):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


_Dumper.add_representer(str, _text_node)
_Dumper.add_representer(_Plain, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:int", str(text)))
for _tag, (_expression, _first) in CORE.items():  # what is a number there must be in quotes to be a text
    _Dumper.add_implicit_resolver(_tag, re.compile(f"^(?:{_expression})$"), list(_first))


def _plain(entry: Entry) -> Entry:
    """The entry with numbers without quotes where they are read as texts anyway."""
    return dict(_plainly(entry))


def _plainly(entry: Entry) -> Iterator[tuple[str, Any]]:
    for word, value in entry.items():
        if word in ("query", "headers"):
            yield word, {name: _without_quotes(each) for name, each in value.items()}
        elif word == "response" and value.get("headers"):
            headers = {name: _without_quotes(each) for name, each in value["headers"].items()}
            yield word, {**value, "headers": headers}
        else:
            yield word, value


def _without_quotes(value: Any) -> Any:
    return _Plain(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
