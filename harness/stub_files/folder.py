"""Reads the stub files of an integration, in a folder that a test names: WireMock's own JSON, and the short form."""

import base64
import difflib
import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.stub_files import wiremock_file
from harness.stub_files.errors import StubFileError
from harness.stub_files.placed import PlacedStub
from harness.stubs import FILES_PRIORITY, Stub
from sandbox.errors import EngineError
from sandbox.wiremock import WireMock

FOLDER = "wiremock-mappings"
FILES = "__files"
SHORT = (".yaml", ".yml")
DEFAULT_PRIORITY = 5
_BAND = 1_000_000


def load(names: str | Sequence[str], near: Path, mappings: Path | None) -> list[Stub]:
    """The stubs of the named folders; of two that match, the one of the later folder wins.

    Args:
        names: Folders below ``wiremock-mappings``, each usually named as an integration is.
        near: Where to begin to look for ``wiremock-mappings``, upwards: the integration's directory.
        mappings: That folder itself, where the settings name it.

    Raises:
        StubFileError: A folder is not there, or a file in it is wrong; the message names file and line.
    """
    root = find_root(near, mappings)
    folders = [_folder(root, name) for name in ([names] if isinstance(names, str) else names)]
    stubs: list[Stub] = []
    for number, folder in enumerate(folders):
        base = FILES_PRIORITY - number * _BAND
        # A folder that is laid over another may name its body files, too.
        files = [folder / FILES, *(other / FILES for other in reversed(folders) if other != folder)]
        stubs += [_ranked(stub, base) for stub in _load_folder(folder, files)]
    return stubs


def deploy(stubs: Sequence[Stub], wiremock: WireMock) -> None:
    """Give stubs to WireMock, be they of files or of routes.

    Raises:
        StubFileError: WireMock refuses one of a file; the message names it and holds WireMock's own words.
    """
    try:
        wiremock.stub(list(stubs))
    except EngineError:  # one call is quick, but does not say which stub was refused
        for stub in [each for each in stubs if "file" in each.get("metadata", {})]:
            try:
                wiremock.stub([stub])
            except EngineError as error:
                raise StubFileError(
                    f"{place(stub)}: WireMock refuses a stub of this file.",
                    remedy="mend the stub; its beginning and WireMock's own words are below.",
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
        remedy="make one, or name it: OCEAN_SANDBOX_MAPPINGS, or mappings in [tool.ocean-sandbox].",
    )


def _folder(root: Path, name: str) -> Path:
    folder = root / name
    if not root.is_dir():
        raise StubFileError(
            f"There is no folder {root}.", remedy="mend OCEAN_SANDBOX_MAPPINGS, or mappings in pyproject.toml."
        )
    if not folder.is_dir():
        there = sorted(child.name for child in root.iterdir() if child.is_dir())
        close = difflib.get_close_matches(name, there, n=1)
        raise StubFileError(
            f"There is no stub folder {name!r} in {root}.",
            remedy=f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(there) or 'none'}.",
        )
    return folder


def stub_files(folder: Path) -> list[Path]:
    """The stub files of a folder and of those below it, in the order in which they are read."""
    files = folder / FILES
    found = (path for suffix in (".json", *SHORT) for path in folder.rglob(f"*{suffix}"))
    return sorted(path for path in found if files not in path.parents)


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
    from harness.stub_files import short_file  # noqa: PLC0415 # it takes its time to import, and not everybody has YAML

    return short_file.read(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")


def _load_folder(folder: Path, files: Sequence[Path]) -> list[Stub]:
    paths = stub_files(folder)
    if not paths:
        raise StubFileError(
            f"The stub folder {folder} holds no stubs.",
            remedy="put WireMock's JSON there, as *.json, or the short form, as *.yaml.",
        )
    return [
        _with_body(placed, path, files, number) for path in paths for number, placed in enumerate(read(path, folder), 1)
    ]


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
        "id": stub.get("id") or stub.get("uuid") or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path.resolve()}#{number}")),
        "metadata": {
            **(stub.get("metadata") or {}),
            "file": str(path),
            **({"line": placed.line} if placed.line else {}),
        },
        "response": response,
    }
    if (name := response.pop("bodyFileName", None)) is None:
        return stub
    body = next((folder / name for folder in files if (folder / name).is_file()), None)
    if body is None:
        close = difflib.get_close_matches(name, body_files(files[0]), n=1)
        raise StubFileError(
            f"{place(stub)}: the body file {name!r} is not in {files[0]}.",
            remedy=f"did you mean {close[0]!r}?" if close else "mend the name, or add the file.",
        )
    content = body.read_bytes()
    try:
        response["body"] = content.decode()
    except UnicodeDecodeError:
        response["base64Body"] = base64.b64encode(content).decode()
    return stub


def body_files(files: Path) -> list[str]:
    """The body files there are, by the names that stubs call them."""
    return sorted(path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file())


def _ranked(stub: Stub, base: int) -> Stub:
    """Below every route, and among the files by their own priority (WireMock's default is 5)."""
    return {**stub, "priority": base + min(stub.get("priority") or DEFAULT_PRIORITY, _BAND)}
