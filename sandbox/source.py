"""Packs an integration's directory into one archive for its resync container."""

import io
import os
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sandbox.errors import IntegrationError

_SPECS = ("spec.yaml", "spec.yml", "spec.json")
LIMIT_BYTES = 64 * 1024 * 1024
LEFT_OUT = frozenset(
    {
        ".git",
        ".venv",
        "venv",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".tox",
        ".idea",
        ".generated",  # copies of generated tests, see harness/generation/generated_files.py
    }
)
# A developer's secrets and settings must not change what a test sees.
_LEFT_OUT_FILES = frozenset({".env"})
# What a discovery wrote: no code, and often larger than all of it.
_RECORDING = Path(".port", "resources", "discovery.json")


def spec_of(directory: Path) -> Path | None:
    """The spec of the integration in ``directory``, by one of the names that Ocean knows; None where it has none."""
    return next((file for name in _SPECS if (file := directory / ".port" / name).is_file()), None)


def pack(directory: Path) -> bytes:
    """The integration's code as a tar archive, without caches, virtual environments, ``.env``, or a recording.

    Args:
        directory: Where its ``main.py`` is.

    Raises:
        IntegrationError: There is no ``main.py``, no ``.port/spec.yaml``, or the directory is far too large.
    """
    if not directory.is_dir():
        raise IntegrationError(
            f"There is no integration at {directory}: no such directory.", remedy="mend integration_path in the test."
        )
    if not (directory / "main.py").is_file():
        raise IntegrationError(
            f"There is no integration at {directory}: it has no main.py.",
            remedy="write one, or mend integration_path in the test: by default it is the directory above the test file's.",
        )
    if spec_of(directory) is None:
        raise IntegrationError(
            f"The integration at {directory} has no .port/spec.yaml.",
            remedy=f"write {directory}/.port/spec.yaml: it names the kinds and the configuration of the integration. "
            "Without it, Ocean would accept any configuration and check none.",
        )
    buffer = io.BytesIO()
    total = 0
    # What a link points to may be outside the directory, as the Makefiles of Ocean's own integrations are.
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as tar:
        for path in _files(directory):
            total += path.stat().st_size
            if total > LIMIT_BYTES:
                raise IntegrationError(
                    f"The integration at {directory} is larger than {LIMIT_BYTES // 1024**2} MB.",
                    remedy=f"move what is no code of it elsewhere; the largest in it: {_largest(directory)}",
                )
            tar.add(path, arcname=path.relative_to(directory).as_posix(), recursive=False, filter=_anonymous)
    return buffer.getvalue()


def _files(directory: Path) -> Iterator[Path]:
    """The files that belong to an integration; links to folders are followed, but not back up."""
    for folder, folders, files in os.walk(directory, followlinks=True):
        above = Path(folder).parents[: len(Path(folder).relative_to(directory).parts)]
        if Path(folder).resolve() in {each.resolve() for each in above}:
            folders[:] = []
            continue
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in sorted(files):
            path = Path(folder, name)
            if name not in _LEFT_OUT_FILES and path != directory / _RECORDING and path.is_file():
                yield path


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o755 if info.mode & 0o100 else 0o644
    return info


def _largest(directory: Path) -> str:
    sizes: Counter[str] = Counter()
    for path in _files(directory):
        sizes[path.relative_to(directory).parts[0]] += path.stat().st_size
    return ", ".join(f"{name} ({size // 1024**2} MB)" for name, size in sizes.most_common(3))
