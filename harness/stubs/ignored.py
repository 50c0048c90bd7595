"""The ignore list of a stub folder: which findings are meant to be there, each with the reason.

``.stubs-ignore.yaml`` in the folder is a list of entries. What makes a folder unloadable cannot be ignored.
"""

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from harness.stubs.errors import StubFileError
from harness.stubs.finding import Finding, Kind
from harness.stubs.folder import IGNORED
from harness.stubs.json_places import read_text
from harness.stubs.yaml_places import Document, read_yaml

_KEYS = ("kind", "file", "contains", "reason")
_KINDS = [kind for kind in get_args(Kind) if kind not in ("invalid", "unused-ignore")]
_EXAMPLE = "write - {kind: secret, file: users.json, reason: a key of a test account that was revoked}."


@dataclass(frozen=True)
class Checked:
    """What was found in a stub folder.

    Args:
        found: The problems, by file and line.
        ignored: Those that the ignore list excuses.
    """

    found: list[Finding] = field(default_factory=list)
    ignored: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class _Entry:
    """One entry of the list: a finding has to be of its kind, and in a file and with words that it names."""

    line: int
    kind: str
    file: str
    contains: str

    def excuses(self, finding: Finding, folder: Path) -> bool:
        path = Path(finding.file)
        name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
        return (
            finding.kind == self.kind
            and (not self.file or fnmatch.fnmatchcase(name, self.file))
            and self.contains in f"{finding.message} {finding.pointer}"
        )


def without_ignored(folder: Path, found: Sequence[Finding]) -> Checked:
    """The findings without those that the folder's list excuses, and with what is wrong with the list.

    Args:
        folder: The stub folder.
        found: What was found in it.
    """
    file = folder / IGNORED
    wrong, entries = _read(file) if file.is_file() else ([], [])
    used: set[int] = set()
    kept, ignored = list(wrong), list[Finding]()
    for finding in found:
        excusing = [entry for entry in entries if entry.excuses(finding, folder)]
        used.update(entry.line for entry in excusing)
        (ignored if excusing else kept).append(finding)
    for entry in entries:
        if entry.line not in used:
            said = ", ".join(f"{name}: {value}" for name in _KEYS[:3] if (value := getattr(entry, name)))
            what = f"the entry ({said}) matches no finding"
            kept.append(Finding("unused-ignore", str(file), entry.line, what, "remove it, or fix what it says."))
    return Checked(sorted(kept, key=lambda each: (each.file, each.line, each.kind)), ignored)


def _read(file: Path) -> tuple[list[Finding], list[_Entry]]:
    """What is wrong with the list, and the entries that are right."""
    try:
        document = read_yaml(file, read_text(file))
    except StubFileError as error:
        return [
            Finding("invalid", str(file), 0, error.what.removeprefix(f"{file}").lstrip(": ").rstrip("."), error.remedy)
        ], []
    listed = document.value if document.value is not None else []
    if not isinstance(listed, list):
        return [Finding("invalid", str(file), 1, "the ignore list is not a list", _EXAMPLE)], []
    wrong, entries = [], []
    for number, entry in enumerate(listed):
        line = document.line((number,))
        problems = list(_problems(entry))
        wrong += [Finding("invalid", str(file), line, what, remedy) for what, remedy in problems]
        if not problems:
            entries.append(_Entry(line, *(_text(document, number, name) for name in _KEYS[:3])))
    return wrong, entries


def _text(document: Document, number: int, name: str) -> str:
    return document.texts.get((number, name), "")


def _problems(entry: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(entry, dict):
        yield "an entry of the ignore list is not an object", _EXAMPLE
        return
    for name, value in entry.items():
        if name not in _KEYS:
            yield f"unknown key `{name}`", f"the keys are {', '.join(_KEYS)}."
        elif isinstance(value, dict | list) or value is None:
            yield f"`{name}` is not a text", _EXAMPLE
    if entry.get("kind") not in _KINDS:
        said = (
            f"{entry['kind']!r} is not a kind of finding that can be ignored"
            if "kind" in entry
            else "the entry has no kind"
        )
        yield said, f"the kinds are {', '.join(_KINDS)}."
    if not str(entry.get("reason") or "").strip():
        yield "the entry has no reason", "say why the finding is meant to be there: reason: …"
