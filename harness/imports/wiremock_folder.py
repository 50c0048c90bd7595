"""Takes over a folder of WireMock's own, so that the same stubs answer here as there.

Of two stubs of equal priority that match a request, WireMock has the newer one answer, and we the first. Where that matters
the older one gets a later priority; everything else stays as it is, and a file in which nothing changes is copied byte by
byte. WireMock reads its files in whichever order the disk lists them: here it is the order of their paths, in which the last
is the newest, and pairs in different files are named.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from harness.imports.errors import SourceError
from harness.imports.imported import Imported
from harness.imports.path_overlap import ByPrefix, Segments, are_alike, overlap, prefix, segments
from harness.recording.account import Account
from harness.stubs import wiremock_file
from harness.stubs.errors import StubFileError
from harness.stubs.folder import FILES, body_files, files_below, stub_files
from harness.stubs.json_places import read_json, read_text
from harness.stubs.mappings import Stub, own_priority

KIND = "WireMock folder"
MAPPINGS = "mappings"
_SHOWN_FOLDERS = 20
_METHODS = {"GET_OR_HEAD": {"GET", "HEAD"}}
_NAMED = ("headers", "queryParameters", "cookies", "formParameters")


def read(folder: Path) -> Imported:
    """The stubs and body files of a folder.

    Args:
        folder: A root folder of WireMock's, with ``mappings`` in it, or one with stub files.

    Raises:
        SourceError: There are no stub files.
    """
    account = Account()
    mappings = folder / MAPPINGS if (folder / MAPPINGS).is_dir() else folder
    paths = [path for path in stub_files(mappings) if path.suffix == ".json"]
    if not paths:
        raise SourceError(
            f"{mappings} holds no stub files, *.json.",
            remedy="name WireMock's root folder, with mappings/ and __files/ in it.",
        )
    read_ = list(_read(paths, mappings, account))
    stubs = [stub for _, several in read_ for stub in several]
    names = [path.relative_to(mappings).as_posix() for path, several in read_ for _ in several]
    _see_ids(stubs, names)
    priorities = same_order(stubs)
    for first, second in conflicts(stubs) if len(paths) > 1 else ():
        if names[first] != names[second]:
            account.note(
                f"{names[first]} and {names[second]} ({_said(stubs[first])})",
                "WireMock reads files in the order of the disk, so either stub may answer there; here the one of the last path does",
            )
    copied, start = {}, 0
    for path, several in read_:
        changed = {number: priorities[start + number] for number in range(len(several)) if start + number in priorities}
        copied[path.relative_to(mappings).as_posix()] = _with_priorities(path, changed)
        start += len(several)
        if changed:
            account.note(
                f"{path.relative_to(mappings).as_posix()}: {len(changed)}",
                "stubs get a later priority, so that the newer one answers, as in WireMock",
            )
    for other in _others(folder, mappings):
        account.leave_out(other, "WireMock does not read it as a stub, and here it has no meaning")
    files = folder / FILES
    bodies = {name: files / name for name in body_files(files)}
    found = len(stubs) + sum(len(places) for places in account.left_out.values())
    return Imported(KIND, "stub or file", found, len(stubs), account, bodies=bodies, copied=copied)


def _read(paths: Sequence[Path], mappings: Path, account: Account) -> Iterator[tuple[Path, list[Stub]]]:
    for path in paths:
        try:
            yield path, [placed.stub for placed in wiremock_file.read(path)]
        except StubFileError as error:
            what = error.what.removeprefix(str(path)).lstrip(":")
            account.leave_out(
                f"{path.relative_to(mappings).as_posix()}:{what}", "the file cannot be read as stubs: see `stubs check`"
            )


def _see_ids(stubs: Sequence[Stub], names: Sequence[str]) -> None:
    first: dict[str, str] = {}
    for stub, name in zip(stubs, names, strict=True):
        identifier = str(stub.get("id") or "").lower()
        if identifier and identifier in first:
            raise SourceError(
                f"{name}: a stub has the id {identifier} of one in {first[identifier]}: WireMock does not start with both.",
                remedy="leave out one id, or give it another.",
            )
        first.setdefault(identifier, name)


def _others(folder: Path, mappings: Path) -> Iterator[str]:
    """What else is in the folder."""
    files = folder / FILES
    for path in sorted(files_below(mappings)):
        if path.suffix != ".json" and files not in path.parents and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix()
    if mappings != folder:
        for path in sorted(folder.iterdir())[:_SHOWN_FOLDERS]:
            if path not in (mappings, files) and not path.name.startswith("."):
                yield path.name


def _with_priorities(path: Path, changed: dict[int, int]) -> bytes:
    if not changed:
        return path.read_bytes()
    content = read_json(path, read_text(path))
    stubs = content["mappings"] if content.get("mappings") is not None else [content]
    for number, priority in changed.items():
        stubs[number]["priority"] = priority
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def same_order(stubs: Sequence[Stub]) -> dict[int, int]:
    """The priorities to change, by the number of the stub, so that the first of equals is the newest that matches.

    Args:
        stubs: In the order in which WireMock reads them: the last is the newest.
    """
    level = [0] * len(stubs)
    for first, second in sorted(conflicts(stubs), key=lambda pair: (-pair[0], -pair[1])):
        level[first] = max(level[first], level[second] + 1)
    if not any(level):
        return {}
    given: dict[tuple[int, int], int] = {}
    last: int | None = None
    for own, below in sorted({(own_priority(stub), level[number]) for number, stub in enumerate(stubs)}):
        last = own + below if last is None else max(own if below == 0 else last + 1, last + 1)
        given[own, below] = last
    changed = {number: given[own_priority(stub), level[number]] for number, stub in enumerate(stubs)}
    return {number: priority for number, priority in changed.items() if priority != own_priority(stubs[number])}


def conflicts(stubs: Sequence[Stub]) -> Iterator[tuple[int, int]]:
    """Pairs of equal priority that may match one request and do not answer alike, the older one first.

    Args:
        stubs: In the order in which WireMock reads them.
    """
    by_path: dict[tuple[int, str], list[int]] = defaultdict(list)
    exact: dict[int, ByPrefix] = defaultdict(ByPrefix)
    patterns: dict[int, ByPrefix] = defaultdict(ByPrefix)
    known = [_Facts.of(stub) for stub in stubs]
    for number, stub in enumerate(known):
        own = own_priority(stub.stub)
        near = list(patterns[own].near(stub.begins))
        if stub.path is None:
            near += exact[own].near(stub.begins)
            patterns[own].add(stub.begins, number)
        else:
            near += by_path[own, stub.path]
            by_path[own, stub.path].append(number)
            exact[own].add(stub.begins, number)
        for before in near:
            other = known[before]
            if stub.parts is not None and other.parts is not None and not are_alike(stub.parts, other.parts):
                continue
            if _differ(other, stub) and not _are_disjoint(other, stub):
                yield before, number


@dataclass(frozen=True)
class _Facts:
    """What is asked of a stub for each pair that it is in, found out once."""

    stub: Stub
    answer: list[Any]
    methods: set[str]
    begins: str
    parts: Segments | None
    path: str | None
    named: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, stub: Stub) -> "_Facts":
        request = stub["request"]
        method = str(request.get("method", "ANY")).upper()
        return cls(
            stub,
            [stub.get(name) for name in ("response", "scenarioName", "newScenarioState", "postServeActions")],
            _METHODS.get(method, {method}),
            prefix(request),
            segments(request),
            _exact_path(request),
            {group: given for group in _NAMED if (given := _given(group, request))},
        )


def _differ(one: _Facts, other: _Facts) -> bool:
    return "newScenarioState" in one.stub or one.answer != other.answer


def are_disjoint(one: Stub, other: Stub) -> bool:
    """Whether it is certain that no request matches both.

    Args:
        one: A stub.
        other: Another.
    """
    return _are_disjoint(_Facts.of(one), _Facts.of(other))


def _are_disjoint(one: _Facts, other: _Facts) -> bool:
    if one.stub.get("scenarioName") and one.stub["scenarioName"] == other.stub.get("scenarioName"):
        states = one.stub.get("requiredScenarioState"), other.stub.get("requiredScenarioState")
        if None not in states and states[0] != states[1]:
            return True
    if "ANY" not in one.methods and "ANY" not in other.methods and not one.methods & other.methods:
        return True
    first, second = one.stub["request"], other.stub["request"]
    if any(each in first and each in second and first[each] != second[each] for each in ("scheme", "port")):
        return True
    if _are_unequal(first.get("host"), second.get("host"), case=False) or _paths_differ(one, other):
        return True
    return any(
        _are_unequal(matcher, other.named.get(group, {}).get(name))
        for group, given in one.named.items()
        for name, matcher in given.items()
    )


def _given(group: str, request: dict[str, Any]) -> dict[str, Any]:
    matchers = request.get(group) or {}
    given = {str(name).lower() if group == "headers" else name: matcher for name, matcher in matchers.items()}
    if group == "queryParameters" and "?" in str(request.get("url") or ""):
        pairs = parse_qsl(str(request["url"]).partition("?")[2], keep_blank_values=True)
        once = {name: value for name, value in pairs if sum(other == name for other, _ in pairs) == 1}
        given = {**{name: {"equalTo": value} for name, value in once.items()}, **given}
    return given


def _are_unequal(one: Any, other: Any, *, case: bool = True) -> bool:
    first, second = (
        each.get("equalTo") if isinstance(each, dict) and len(each) == 1 else None for each in (one, other)
    )
    if isinstance(first, str) and isinstance(second, str):
        return first != second if case else first.lower() != second.lower()
    return (_is_absent(one) and second is not None) or (_is_absent(other) and first is not None)


def _is_absent(matcher: Any) -> bool:
    return isinstance(matcher, dict) and matcher.get("absent") is True


def _exact_path(request: dict[str, Any]) -> str | None:
    url = request.get("url") or request.get("urlPath")
    return str(url).partition("?")[0] if url else None


def _paths_differ(first: _Facts, second: _Facts) -> bool:
    one, other = first.stub["request"], second.stub["request"]
    if first.path is not None and second.path is not None:
        whole = one.get("url"), other.get("url")
        return first.path != second.path or (None not in whole and whole[0] != whole[1])
    if not overlap((first.begins, first.parts), (second.begins, second.parts)):
        return True
    for request, path in ((one, second.path), (other, first.path)):
        pattern = path and (request.get("urlPathPattern") or _as_pattern(request.get("urlPathTemplate")))
        if path and pattern and (expression := _compiled(str(pattern))) and not expression.fullmatch(path):
            return True
    for request, exactly in ((one, other), (other, one)):
        pattern, url = request.get("urlPattern"), exactly.get("url")
        if pattern and url and (expression := _compiled(str(pattern))) and not expression.fullmatch(str(url)):
            return True
    return False


def _as_pattern(template: Any) -> str | None:
    if not template:
        return None
    return "".join(
        "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", str(template))
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError):  # Java's, which Python does not read: it may match
        return None


def _said(stub: Stub) -> str:
    request = stub["request"]
    url = next(
        (
            request[key]
            for key in ("url", "urlPath", "urlPathTemplate", "urlPathPattern", "urlPattern")
            if request.get(key)
        ),
        "any URL",
    )
    return f"{request.get('method', 'ANY')} {url}"
