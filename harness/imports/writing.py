"""Writes imported stubs to a stub folder: each file whole, and none over another."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.atomic_write import replacing
from harness.imports.imported import Imported
from harness.stubs.folder import FILES
from harness.stubs.json_places import whole_characters
from harness.stubs.mappings import Stub
from sandbox.errors import SandboxError

Form = Literal["yaml", "json"]
_TEMPORARY = ".ocean-sandbox-import-"
_SHOWN = 10


class ExistsError(SandboxError):
    """A file that would be written is there already."""


@dataclass(frozen=True)
class Written:
    """What became of the files.

    Args:
        written: Those that were written.
        same: Those that were there already, the same.
    """

    written: list[Path] = field(default_factory=list)
    same: list[Path] = field(default_factory=list)


def write(imported: Imported, folder: Path, form: Form, *, force: bool = False) -> Written:
    """Write stubs and body files.

    Args:
        imported: What to write.
        folder: The stub folder; it is made.
        form: The short form, or WireMock's own JSON; files that are taken over as they are stay as they are.
        force: Whether other files of the same names are overwritten.

    Raises:
        ExistsError: One is there already, with other content; nothing was written.
        SandboxError: One cannot be written; those before it are.
    """
    files: dict[Path, bytes | Path] = {folder / name: content for name, content in imported.copied.items()}
    files |= {folder / f"{name}.{form}": text for name, text in _texts(imported.stubs, form)}
    files |= {folder / FILES / name: body for name, body in sorted(imported.bodies.items())}
    result, current = Written(), folder
    try:
        result.same.extend(path for path, content in files.items() if path.is_file() and _are_same(path, content))
        there = [path for path in files if path.exists() and path not in result.same]
        if there and not force:
            raise ExistsError(
                f"{there[0]} is there already{f', and {len(there) - 1} more' if len(there) > 1 else ''}; nothing was written.",
                remedy="name another folder with --output, or overwrite with --force.",
                detail="\n".join(map(str, there[1:_SHOWN])),
            )
        for path, content in files.items():
            current = path
            if path not in result.same:
                with replacing(path, _TEMPORARY) as temporary:
                    temporary.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
                result.written.append(path)
    except OSError as error:
        raise SandboxError(
            f"{error.filename or current} cannot be read or written: {error.strerror or error}.",
            remedy="make room or the folder writable, and import again: files that are whole stay as they are.",
        ) from error
    return result


def _texts(stubs: Mapping[str, list[Stub]], form: Form) -> Iterator[tuple[str, bytes]]:
    for name, several in stubs.items():
        whole = [whole_characters(stub) for stub in several]
        if form == "json":
            yield name, (json.dumps({"mappings": whole}, indent=2, ensure_ascii=False) + "\n").encode()
        else:
            from harness.stubs import short_back, short_file  # noqa: PLC0415 # only this takes a YAML writer

            yield name, short_file.write(short_back.from_stubs(whole)).encode()


def _are_same(path: Path, content: bytes | Path) -> bool:
    if isinstance(content, Path):
        return path.stat().st_size == content.stat().st_size and path.read_bytes() == content.read_bytes()
    return path.read_bytes() == content
