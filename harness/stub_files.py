"""Reads the stub files of an integration: WireMock's own JSON, in a folder that a test names."""

import base64
import difflib
import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.stubs import FILES_PRIORITY, Stub
from sandbox.errors import EngineError, SandboxError
from sandbox.wiremock import WireMock

FOLDER = "wiremock-mappings"
_DEFAULT_PRIORITY = 5
_BAND = 1_000_000


class StubFileError(SandboxError):
    """A stub file, or the folder it should be in, is not as it must be."""


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
    stubs: list[Stub] = []
    for number, name in enumerate([names] if isinstance(names, str) else names):
        base = FILES_PRIORITY - number * _BAND
        stubs += [_ranked(stub, base) for stub in _load_folder(root, name)]
    return stubs


def deploy(stubs: Sequence[Stub], wiremock: WireMock) -> None:
    """Give the stubs to WireMock.

    Raises:
        StubFileError: WireMock refuses one; the message names its file and holds WireMock's own words.
    """
    try:
        wiremock.stub(list(stubs))
    except EngineError:  # one call is quick, but does not say which stub was refused
        for stub in stubs:
            try:
                wiremock.stub([stub])
            except EngineError as error:
                raise StubFileError(
                    f"{stub['metadata']['file']}: WireMock refuses a stub of this file.",
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


def find_root(near: Path, mappings: Path | None) -> Path:
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


def _load_folder(root: Path, name: str) -> list[Stub]:
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
    files = folder / "__files"
    paths = sorted(path for path in folder.rglob("*.json") if files not in path.parents)
    if not paths:
        raise StubFileError(f"The stub folder {folder} holds no stubs.", remedy="put WireMock's JSON there, as *.json.")
    return [_with_body(stub, path, files, number) for path in paths for number, stub in enumerate(_load_file(path), 1)]


def _load_file(path: Path) -> list[Stub]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise StubFileError(
            f"{path}:{error.lineno}:{error.colno}: this is no valid JSON: {error.msg}.",
            remedy="mend that line.",
            detail="".join(error.doc.splitlines()[error.lineno - 1 : error.lineno]),
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise StubFileError(f"{path} cannot be read: {error}", remedy="save it as UTF-8 text.") from error
    stubs = content["mappings"] if isinstance(content, dict) and "mappings" in content else [content]
    if not isinstance(stubs, list):
        raise StubFileError(f"{path}: mappings must be a list of stubs.", remedy="mend the file.")
    for number, stub in enumerate(stubs, 1):
        missing = [
            key for key in ("request", "response") if not isinstance(stub, dict) or not isinstance(stub.get(key), dict)
        ]
        if missing:
            raise StubFileError(
                f"{path}: stub {number} of {len(stubs)} has no object {' and no object '.join(map(repr, missing))}.",
                remedy='a stub is {"request": {…}, "response": {…}}; a file with several is {"mappings": [ … ]}.',
            )
        _check_types(stub, path, number)
    return stubs


def _check_types(stub: Stub, path: Path, number: int) -> None:
    wanted: list[tuple[str, Any, type]] = [
        ("metadata", stub.get("metadata"), dict),
        ("priority", stub.get("priority"), int),
        ("response.bodyFileName", stub["response"].get("bodyFileName"), str),
    ]
    for name, value, kind in wanted:
        if value is not None and not isinstance(value, kind):
            raise StubFileError(
                f"{path}: {name} of stub {number} must be of type {kind.__name__}, and is {value!r}.",
                remedy="mend the file.",
            )


def _with_body(stub: Stub, path: Path, files: Path, number: int) -> Stub:
    """The stub with the content of its body file in it: WireMock is in a container and does not see the file."""
    response: dict[str, Any] = dict(stub["response"])
    stub = {
        **stub,
        # Known before WireMock would make one up, so that its journal tells which stub of which file answered.
        "id": stub.get("id") or stub.get("uuid") or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path.resolve()}#{number}")),
        "metadata": {**(stub.get("metadata") or {}), "file": str(path)},
        "response": response,
    }
    if (name := response.pop("bodyFileName", None)) is None:
        return stub
    body = files / name
    if not body.is_file():
        raise StubFileError(
            f"{path}: the body file {name!r} is not in {files}.", remedy="mend bodyFileName, or add the file."
        )
    content = body.read_bytes()
    try:
        response["body"] = content.decode()
    except UnicodeDecodeError:
        response["base64Body"] = base64.b64encode(content).decode()
    return stub


def _ranked(stub: Stub, base: int) -> Stub:
    """Below every route, and among the files by their own priority (WireMock's default is 5)."""
    return {**stub, "priority": base + min(stub.get("priority") or _DEFAULT_PRIORITY, _BAND)}
