"""Reads the stub files of an integration, in a folder that a test names: WireMock's own JSON, and the short form."""

import base64
import difflib
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.bundled import MAPPINGS
from harness.stubs import wiremock_file
from harness.stubs.errors import StubFileError
from harness.stubs.mappings import BAND, FILES_PRIORITY, Stub, ranked
from harness.stubs.placed import PlacedStub
from harness.stubs.templating import templated
from sandbox.errors import ContainerDiedError, EngineError, EngineUnreachableError
from sandbox.services.wiremock import WireMock

if TYPE_CHECKING:
    from wiremock.client import Mapping

FOLDER = "wiremock-mappings"
FILES = "__files"
# What `stubs check` is not to find; it is no stub file.
IGNORED = ".stubs-ignore.yaml"
_INLINE = ("body", "jsonBody", "base64Body")
# What a test class may have as its stubs: names of folders, and stubs themselves.
Sources: TypeAlias = "str | Mapping | Stub | Sequence[str | Mapping | Stub]"
SHORT = (".yaml", ".yml")


def listed(sources: "Sources | None") -> "list[str | Mapping | Stub]":
    """What ``stubs`` of a test class names, as a list."""
    # A Mapping of the package is a sequence of its fields' names, too.
    is_one = isinstance(sources, str | dict) or hasattr(sources, "get_json_data")
    return [sources] if is_one else list(sources or [])


def load(sources: "Sources", near: Path, mappings: Path | None, *, are_templated: bool = False) -> list[Stub]:
    """The stubs of the named folders; of two that match, the one of the later folder wins.

    Args:
        sources: Folders below ``wiremock-mappings``, each usually named as an integration is, or stubs: see
            :meth:`harness.InterceptTransport.add_stub`.
        near: Where to begin to look for ``wiremock-mappings``, upwards: the integration's directory.
        mappings: That folder itself, where the settings name it.
        are_templated: Whether WireMock fills in templates of each file's stubs; see :func:`harness.stubs.templating.templated`.

    Raises:
        StubFileError: A folder is not there, or a file in it is wrong; the message names file and line.
        TypeError, ValueError: It is neither a folder nor a stub.
    """
    named = listed(sources)
    root = _root_for(named, near, mappings)
    parts = [_folder(root, each) if root and isinstance(each, str) else each for each in named]
    folders = [part for part in parts if isinstance(part, Path)]
    stubs: list[Stub] = []
    for number, part in enumerate(parts):
        if isinstance(part, Path):
            # A folder that is laid over another may name its body files, too.
            files = [part / FILES, *(other / FILES for other in reversed(folders) if other != part)]
            found = [templated(stub) if are_templated else stub for stub in _load_folder(part, files)]
        else:
            found = [_of_class(part, f"stubs[{number}] of the test")]
        stubs += ranked(found, FILES_PRIORITY - number * BAND)
    return stubs


def _root_for(named: Sequence[Any], near: Path, mappings: Path | None) -> Path | None:
    """The folder of the stub folders, where one of them is named; an integration with recipes alone needs none."""
    names = [each for each in named if isinstance(each, str)]
    try:
        return find_root(near, mappings) if names else None
    except StubFileError:
        if all((MAPPINGS / each).is_dir() and each.startswith("recipes/") for each in names):
            return MAPPINGS
        raise


def _of_class(mapping: "Mapping | Stub", name: str) -> Stub:
    from harness.routes.wiremock_models import placed  # noqa: PLC0415 # the package takes 60 ms to import

    return placed(mapping, {"file": name})


def deploy(stubs: Sequence[Stub], wiremock: WireMock) -> None:
    """Give stubs to WireMock, be they of files or of routes.

    Raises:
        StubFileError: WireMock refuses one of a file; the message names it and holds WireMock's own words.
        ContainerDiedError, EngineUnreachableError: WireMock is gone.
    """
    try:
        wiremock.stub(list(stubs))
    except (ContainerDiedError, EngineUnreachableError):
        raise  # which no stub is to blame for
    except EngineError:  # one call is quick, but does not say which stub was refused
        for stub in [each for each in stubs if "file" in each.get("metadata", {})]:
            try:
                wiremock.stub([stub])
            except EngineError as error:
                raise StubFileError(
                    f"{place(stub)}: WireMock refuses this stub.",
                    remedy="fix the stub; its beginning and WireMock's message are below.",
                    detail=f"{json.dumps(stub['request'])[:300]}\n{error.what}",
                ) from error
        raise


def place_for(near: Path, mappings: Path | None) -> Path:
    """The folder for stub folders: the one that the settings name or that is there, or the place for a new one.

    Args:
        near: The integration's directory.
        mappings: That folder itself, where the settings name it.
    """
    there = (folder / FOLDER for folder in (near, *near.parents) if (folder / FOLDER).is_dir())
    return mappings or next(there, near / FOLDER)


def find_root(near: Path, mappings: Path | None = None) -> Path:
    """The folder ``wiremock-mappings``; arguments as for :func:`load`.

    Raises:
        StubFileError: There is none, and the settings name none.
    """
    if mappings is not None:
        return mappings
    for folder in (*(near, *near.parents), *(Path.cwd(), *Path.cwd().parents)):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    raise StubFileError(
        f"There is no folder {FOLDER} in {near}, in {Path.cwd()}, or above them.",
        remedy="create one, or set its path: OCEAN_SANDBOX_MAPPINGS, or mappings in [tool.ocean-sandbox].",
    )


def _folder(root: Path, name: str) -> Path:
    folder = root / name
    if name.startswith("recipes/") and not folder.is_dir() and (MAPPINGS / name).is_dir():
        return MAPPINGS / name  # as they come with the package
    if not root.is_dir():
        raise StubFileError(
            f"There is no folder {root}.", remedy="fix OCEAN_SANDBOX_MAPPINGS, or mappings in pyproject.toml."
        )
    if not folder.is_dir():
        there = sorted(child.name for child in root.iterdir() if child.is_dir())
        close = difflib.get_close_matches(name, there, n=1)
        raise StubFileError(
            f"There is no stub folder {name!r} in {root}.",
            remedy=f"did you mean {close[0]!r}?" if close else f"available folders: {', '.join(there) or 'none'}.",
        )
    return folder


def stub_files(folder: Path) -> list[Path]:
    """The stub files of a folder and of those below it, in the order in which they are read."""
    files = folder / FILES
    found = (path for path in files_below(folder) if path.suffix in (".json", *SHORT))
    # macOS leaves ._name.json beside name.json on disks of others.
    return sorted(path for path in found if files not in path.parents and not path.name.startswith(("._", IGNORED)))


def read(path: Path, folder: Path) -> list[PlacedStub]:
    """The stubs of a file.

    Args:
        path: The file.
        folder: Its stub folder.

    Raises:
        StubFileError: Something in the file is wrong; the message names the line.
    """
    if path.suffix not in SHORT:
        return wiremock_file.read(path)
    from harness.stubs import short_file  # noqa: PLC0415 # it takes its time to import, and not everybody has YAML

    return short_file.read(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")


def _load_folder(folder: Path, files: Sequence[Path]) -> list[Stub]:
    paths = stub_files(folder)
    if not paths:
        raise StubFileError(
            f"The stub folder {folder} holds no stubs.",
            remedy="put WireMock's JSON there, as *.json, or the short form, as *.yaml.",
        )
    stubs = [
        _with_body(placed, path, files, number) for path in paths for number, placed in enumerate(read(path, folder), 1)
    ]
    for first, second in same_id(stubs):
        raise StubFileError(
            f"{place(second)}: this stub has the id of {place(first)}, so WireMock would keep only one of them.",
            remedy="leave out the id, or give it another.",
        )
    return stubs


def same_id(stubs: Iterable[Stub]) -> Iterator[tuple[Stub, Stub]]:
    """The stubs that have the id of an earlier one, each with that one."""
    first: dict[str, Stub] = {}
    for stub in stubs:
        if (identifier := str(stub["id"]).lower()) in first:
            yield first[identifier], stub
        first.setdefault(identifier, stub)


def place(stub: Stub) -> str:
    """Where a stub of a file is: the file, and the line where that is known."""
    metadata = stub["metadata"]
    return f"{metadata['file']}:{metadata['line']}" if "line" in metadata else str(metadata["file"])


def _with_body(placed: PlacedStub, path: Path, files: Sequence[Path], number: int) -> Stub:
    """The stub with the content of its body file in it: WireMock is in a container and does not see the file."""
    stub = placed.stub
    response: dict[str, Any] = dict(stub["response"])
    stub = {
        **stub,
        # Known before WireMock would make one up, so that its journal tells which stub of which file answered.
        "id": stub.get("id") or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path.resolve()}#{number}")),
        "metadata": {
            **(stub.get("metadata") or {}),
            "file": str(path),
            **({"line": placed.line} if placed.line else {}),
        },
        "response": response,
    }
    name = response.pop("bodyFileName", None)
    if name is None or any(inline in response for inline in _INLINE):  # which WireMock takes, of both
        return stub
    body = next((folder / name for folder in files if (folder / name).is_file()), None)
    if body is None:
        close = difflib.get_close_matches(name, body_files(files[0]), n=1)
        raise StubFileError(
            f"{place(stub)}: the body file {name!r} is not in {files[0]}.",
            remedy=f"did you mean {close[0]!r}?" if close else "fix the name, or add the file.",
        )
    content = body.read_bytes()
    try:
        if (response.get("transformerParameters") or {}).get("disableBodyFileTemplating") is True:
            response["base64Body"] = base64.b64encode(content).decode()  # in which WireMock fills in nothing
            return stub
        response["body"] = content.decode()
    except UnicodeDecodeError:
        response["base64Body"] = base64.b64encode(content).decode()
    return stub


def body_files(files: Path) -> list[str]:
    """The body files there are, by the names that stubs call them."""
    return sorted(path.relative_to(files).as_posix() for path in files_below(files) if path.is_file())


def files_below(folder: Path, around: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """The files of a folder and of those below it, linked folders too, and links that lead nowhere.

    Args:
        folder: The folder; nothing where it is not there.
        around: The folders that it is in, as they are without links: one that leads back is not followed.

    Raises:
        StubFileError: A folder cannot be read.
    """
    real = folder.resolve()
    if real in around:
        return
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StubFileError(f"{folder} cannot be read: {error.strerror}.", remedy="see who may read it.") from error
    for entry in entries:
        if entry.is_dir():
            yield from files_below(folder / entry.name, around | {real})
        else:
            yield folder / entry.name
