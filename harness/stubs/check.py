"""Checks stub folders for what no test would reveal: stubs that never answer, unused body files, leaks."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness.stubs.cover import Covering
from harness.stubs.errors import RefusedFileError, StubFileError
from harness.stubs.finding import Finding, Kind
from harness.stubs.folder import FILES, SHORT, body_files, read, stub_files
from harness.stubs.ignored import Checked, without_ignored
from harness.stubs.leaks import leaks
from harness.stubs.mappings import Stub, own_priority
from harness.stubs.order import decided_otherwise
from harness.stubs.placed import PlacedStub
from harness.stubs.refused_by_wiremock import refused_by
from harness.stubs.suspicious import ADD_TEMPLATING, states_nobody_sets, suspicious, template_in
from harness.stubs.templating import is_templated, templated
from harness.stubs.unused import describe_request
from harness.stubs.wiremock_model import Problem
from sandbox.services.wiremock import WireMock

# Of a larger body file nobody wants to wait for whether it holds a template.
_LARGEST_READ = 1_000_000


@dataclass(frozen=True)
class _Placed:
    path: Path
    read: PlacedStub

    @property
    def stub(self) -> Stub:
        return self.read.stub

    @property
    def line(self) -> int:
        return self.read.line

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"

    def finding(self, kind: Kind, problem: Problem) -> Finding:
        line, pointer = self.read.place(problem.steps)
        return Finding(kind, str(self.path), line, problem.what, problem.remedy, pointer)


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
        raise StubFileError(f"There are no stubs in {given} or below it.", remedy="name a folder with stubs.")
    return found


def _folders(given: Path) -> Iterator[Path]:
    children = sorted(given.iterdir())
    if any(child.name == FILES or (child.suffix in (".json", *SHORT) and child.is_file()) for child in children):
        yield given
        return
    for child in children:
        if child.is_dir() and not child.name.startswith("."):
            yield from _folders(child)


def check(folder: Path, beneath: Iterable[Path] = (), wiremock: WireMock | None = None) -> list[Finding]:
    """The problems in a stub folder that its ignore list does not excuse; see :func:`checked`."""
    return checked(folder, beneath, wiremock).found


def checked(
    folder: Path, beneath: Iterable[Path] = (), wiremock: WireMock | None = None, *, are_templated: bool = False
) -> Checked:
    """The problems in a stub folder, by file and line, and those that its ignore list excuses.

    Args:
        folder: The folder.
        beneath: Folders that it is laid over, whose body files it may name.
        wiremock: Is asked what it refuses, too; it is emptied first.
        are_templated: Whether templates are filled in for every stub.
    """
    found: list[Finding] = []
    stubs: list[_Placed] = []
    for path in stub_files(folder):
        try:
            several = read(path, folder)
            if are_templated:
                several = [replace(each, stub=templated(each.stub)) for each in several]
            stubs += [_Placed(path, each) for each in several]
        except StubFileError as error:
            found += _invalid(path, error)
    all_were_read = not found
    found += _same_ids(stubs)
    if wiremock is not None:
        wiremock.reset()
        for number, problem in refused_by(wiremock, [placed.stub for placed in stubs]):
            found.append(stubs[number].finding("invalid", problem))
    found += _suspicious(folder, stubs, list(beneath))
    found += _unreachable(stubs)
    found += _other_order(stubs)
    found += _files(folder, stubs, list(beneath), all_were_read=all_were_read)
    for path in (*stub_files(folder), *(folder / FILES / name for name in body_files(folder / FILES))):
        found += _leaks(path)
    found += [finding for placed in stubs for finding in _encoded_leaks(placed)]
    found = list(dict.fromkeys(found))  # an entry with `times` is several stubs
    return without_ignored(folder, found)


def _invalid(path: Path, error: StubFileError) -> list[Finding]:
    if isinstance(error, RefusedFileError):
        return [Finding("invalid", str(path), each.line, each.what, each.remedy, each.pointer) for each in error.wrong]
    place, _, message = error.what.removeprefix(str(path)).partition(": ")
    line = place.removeprefix(":").partition(":")[0]
    others = f" ({error.detail})" if error.detail else ""
    return [
        Finding("invalid", str(path), int(line) if line.isdigit() else 0, message.rstrip(".") + others, error.remedy)
    ]


def _same_ids(stubs: list[_Placed]) -> Iterator[Finding]:
    """Stubs with the id of an earlier one, of which WireMock would keep one."""
    first: dict[str, _Placed] = {}
    for placed in stubs:
        if (identifier := placed.stub.get("id")) is None:
            continue
        if before := first.get(identifier):
            what = f"this stub has the id of {before.place}, so WireMock would keep only one of them"
            yield placed.finding("invalid", Problem(("id",), what, "leave out the id, or give it another."))
        first.setdefault(identifier, placed)


def _suspicious(folder: Path, stubs: list[_Placed], beneath: list[Path]) -> Iterator[Finding]:
    for placed in stubs:
        for problem in suspicious(placed.stub):
            yield placed.finding("suspicious", problem)
        response = placed.stub["response"]
        name = None if is_templated(response) else response.get("bodyFileName")
        if name and (tag := _tag_in(folder / FILES / name)):
            what = f"{tag} of {name} is not rendered: the stub does not use templating"
            yield placed.finding("suspicious", Problem(("response", "bodyFileName"), what, ADD_TEMPLATING))
    others = [each.stub for other in beneath for path in stub_files(other) for each in _readable(path, other)]
    for number, problem in states_nobody_sets([placed.stub for placed in stubs], others):
        yield stubs[number].finding("suspicious", problem)


def _tag_in(file: Path) -> str | None:
    try:
        if file.stat().st_size > _LARGEST_READ:
            return None
        return template_in(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there, an image, or a name with a template in it
        return None


def _readable(path: Path, folder: Path) -> list[PlacedStub]:
    try:
        return read(path, folder)
    except StubFileError:
        return []


def _unreachable(stubs: list[_Placed]) -> Iterator[Finding]:
    """Stubs whose requests an earlier one always answers.

    WireMock tries them by priority, and of the same priority in the order of the import. One that waits for a state of
    a scenario has its turn only then, so that it is in nobody's way.
    """
    in_order = sorted(stubs, key=lambda each: own_priority(each.stub))
    earlier = Covering(placed.stub["request"] for placed in in_order)
    for number, placed in enumerate(in_order):
        request = placed.stub["request"]
        if (found := earlier.find(request)) is not None:
            before = in_order[found]
            yield Finding(
                "unreachable",
                str(placed.path),
                placed.line,
                f"the stub {describe_request(request)} never answers: {before.place} "
                f"({describe_request(before.stub['request'])}) always does{_in_wiremock(before, placed)}",
                "put it before that one, narrow that one, or remove it.",
            )
        if "requiredScenarioState" not in placed.stub:
            earlier.add(number, request)


def _in_wiremock(first: _Placed, later: _Placed) -> str:
    """What WireMock does otherwise with two of its own stubs of which the first always answers here."""
    are_its_own = not {first.path.suffix, later.path.suffix} & set(SHORT)
    is_equal = own_priority(first.stub) == own_priority(later.stub)
    return "; plain WireMock would let the newer one answer" if are_its_own and is_equal else ""


def _other_order(stubs: list[_Placed]) -> Iterator[Finding]:
    """Stubs of WireMock's own files, which somebody may have brought along from there, that answer in another order."""
    own = [placed for placed in stubs if placed.path.suffix not in SHORT]
    for number, newest in decided_otherwise([placed.stub for placed in own]):
        request, other = own[number].stub["request"], own[newest]
        yield Finding(
            "order",
            str(own[number].path),
            own[number].line,
            f"this stub ({describe_request(request)}) and {other.place} ({describe_request(other.stub['request'])}) have "
            "the same priority: here the first answers, in plain WireMock the newest, which is the latter",
            f"to get the same answer in both, give the latter priority {own_priority(other.stub) + 1}.",
        )


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
                "fix the name, or add the file.",
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
        remedy = "replace it with something made up, such as anna@example.com."
        return Finding("personal-data", str(path), line, f"this looks like {what}", remedy)
    remedy = "revoke it if it was real, and replace it with something made up, such as test-token."
    return Finding("secret", str(path), line, f"this looks like {what}", remedy)
