"""Looks through stub folders for what no test would tell: stubs that never answer, body files that nobody names, leaks."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from harness.stub_files.cover import covers
from harness.stub_files.errors import StubFileError
from harness.stub_files.folder import DEFAULT_PRIORITY, FILES, SHORT, body_files, read, stub_files
from harness.stub_files.leaks import leaks
from harness.stubs import Stub
from harness.unused import describe_request

Kind = Literal["invalid", "unreachable", "unused-file", "missing-file", "secret", "personal-data"]


@dataclass(frozen=True)
class Finding:
    """Something to mend in a stub folder.

    Args:
        kind: What kind of thing.
        file: The file.
        line: Its line, from 1; 0 for the whole file.
        message: What is wrong.
        remedy: What to do about it.
    """

    kind: Kind
    file: str
    line: int
    message: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}. {self.remedy[:1].upper()}{self.remedy[1:]}"

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class _Placed:
    stub: Stub
    path: Path
    line: int

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


def folders(given: Path) -> list[Path]:
    """The stub folders in a directory: itself, if there are stubs in it, or those below.

    Args:
        given: A stub folder, or one with several, such as ``wiremock-mappings``.

    Raises:
        StubFileError: There is none.
    """
    if not given.is_dir():
        raise StubFileError(f"There is no folder {given}.", remedy="name a folder with stubs.")
    if not (found := list(_folders(given))):
        raise StubFileError(f"There are no stubs in {given}, or below.", remedy="name a folder with stubs.")
    return found


def _folders(given: Path) -> Iterator[Path]:
    children = sorted(given.iterdir())
    if any((child.suffix in (".json", *SHORT) and child.is_file()) or child.name == FILES for child in children):
        yield given
        return
    for child in children:
        if child.is_dir() and not child.name.startswith("."):
            yield from _folders(child)


def check(folder: Path, beneath: Iterable[Path] = ()) -> list[Finding]:
    """What there is to mend in a stub folder, by file and line.

    Args:
        folder: The folder.
        beneath: Folders that it is laid over, whose body files it may name.
    """
    found: list[Finding] = []
    stubs: list[_Placed] = []
    for path in stub_files(folder):
        try:
            stubs += [_Placed(each.stub, path, each.line) for each in read(path, folder)]
        except StubFileError as error:
            found.append(_invalid(path, error))
    found += _unreachable(stubs)
    found += _files(folder, stubs, list(beneath), all_were_read=not found)
    for path in (*stub_files(folder), *(folder / FILES / name for name in body_files(folder / FILES))):
        found += _leaks(path)
    found += [finding for placed in stubs for finding in _encoded_leaks(placed)]
    found = list(dict.fromkeys(found))  # an entry with `times` is several stubs
    return sorted(found, key=lambda finding: (finding.file, finding.line, finding.kind))


def _invalid(path: Path, error: StubFileError) -> Finding:
    place, _, message = error.what.removeprefix(str(path)).partition(": ")
    line = place.removeprefix(":").partition(":")[0]
    others = f" ({error.detail})" if error.detail else ""
    return Finding("invalid", str(path), int(line) if line.isdigit() else 0, message.rstrip(".") + others, error.remedy)


def _unreachable(stubs: list[_Placed]) -> Iterator[Finding]:
    """Stubs whose requests an earlier one always answers.

    WireMock tries them by priority, and of the same priority in the order of the import. One that waits for a state of
    a scenario has its turn only then, so that it is in nobody's way.
    """
    earlier: list[_Placed] = []
    for placed in sorted(stubs, key=lambda each: each.stub.get("priority") or DEFAULT_PRIORITY):
        request = placed.stub["request"]
        before = next((each for each in earlier if covers(each.stub["request"], request)), None)
        if before is not None:
            yield Finding(
                "unreachable",
                str(placed.path),
                placed.line,
                f"the stub {describe_request(request)} never answers: {before.place} "
                f"({describe_request(before.stub['request'])}) always does",
                "put it before that one, narrow that one, or remove it.",
            )
        if "requiredScenarioState" not in placed.stub:
            earlier.append(placed)


def _files(folder: Path, stubs: list[_Placed], beneath: list[Path], *, all_were_read: bool) -> Iterator[Finding]:
    there = set(body_files(folder / FILES))
    below = {name for other in beneath for name in body_files(other / FILES)}
    named = [(placed, str(name)) for placed in stubs if (name := placed.stub["response"].get("bodyFileName"))]
    for placed, name in named:
        if name not in there | below and "{{" not in name:
            yield Finding(
                "missing-file",
                str(placed.path),
                placed.line,
                f"the body file {name!r} is not in {folder / FILES}",
                "mend the name, or add the file.",
            )
    if all_were_read and not any("{{" in name for _, name in named):
        for name in sorted(there - {name for _, name in named}):
            if not Path(name).name.startswith("."):
                yield Finding(
                    "unused-file",
                    str(folder / FILES / name),
                    0,
                    "no stub names this body file",
                    "remove it, or use it.",
                )


def _leaks(path: Path) -> Iterator[Finding]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # an image, say
        return
    for leak in leaks(text):
        yield _leak(path, leak.line, leak.what, is_personal=leak.is_personal)


def _encoded_leaks(placed: _Placed) -> Iterator[Finding]:
    try:
        text = base64.b64decode(placed.stub["response"].get("base64Body") or "").decode()
    except ValueError:
        return
    for leak in leaks(text):
        yield _leak(placed.path, placed.line, f"{leak.what} (in base64Body)", is_personal=leak.is_personal)


def _leak(path: Path, line: int, what: str, *, is_personal: bool) -> Finding:
    if is_personal:
        remedy = "put something made up there, such as anna@example.com."
        return Finding("personal-data", str(path), line, f"this looks like {what}", remedy)
    remedy = "revoke it if it was real, and put something made up there, such as test-token."
    return Finding("secret", str(path), line, f"this looks like {what}", remedy)
