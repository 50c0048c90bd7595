"""Packs an integration's directory into one archive for its resync container."""

import io
import tarfile
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from sandbox.errors import IntegrationError
from sandbox.images.contents import Contents

_SPECS = ("spec.yaml", "spec.yml", "spec.json")
LIMIT_BYTES = 64 * 1024 * 1024


def spec_of(directory: Path) -> Path | None:
    """The spec of the integration in ``directory``, by one of the names that Ocean knows; None where it has none."""
    return next((file for name in _SPECS if (file := directory / ".port" / name).is_file()), None)


def pack(directory: Path) -> bytes:
    """The integration's code as a tar archive: what belongs to it, see :mod:`sandbox.images.contents`.

    Args:
        directory: Where its ``main.py`` is.

    Raises:
        IntegrationError: There is no ``main.py``, no ``.port/spec.yaml``, or the directory is far too large.
    """
    if not directory.is_dir():
        raise IntegrationError(
            f"There is no integration at {directory}: no such directory.", remedy="fix integration_path in the test."
        )
    if not (directory / "main.py").is_file():
        raise IntegrationError(
            f"There is no integration at {directory}: it has no main.py.",
            remedy="write one, or fix integration_path in the test: by default it is the directory above the test file's.",
        )
    if spec_of(directory) is None:
        raise IntegrationError(
            f"The integration at {directory} has no .port/spec.yaml.",
            remedy=f"write {directory}/.port/spec.yaml: it names the kinds and the configuration of the integration. "
            "Without it, Ocean would accept any configuration unchecked.",
        )
    files = Contents(directory).files()
    version, total = [], 0
    for path in files:
        stat = path.stat()
        total += stat.st_size
        version.append((str(path), stat.st_mode, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    if total > LIMIT_BYTES:
        raise IntegrationError(
            f"The integration at {directory} is larger than {LIMIT_BYTES // 1024**2} MB.",
            remedy=f"move files that are not code elsewhere, or list them in its .dockerignore; the largest are: {_largest(directory, files)}",
        )
    return _packed(directory, tuple(version))


@lru_cache(maxsize=4)
def _packed(directory: Path, version: tuple[tuple[Any, ...], ...]) -> bytes:
    """The archive of files as they were last written: each test of an integration gets the same."""
    buffer = io.BytesIO()
    # What a link points to may be outside the directory, as the Makefiles of Ocean's own integrations are.
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as tar:
        for path, *_ in version:
            tar.add(path, arcname=Path(path).relative_to(directory).as_posix(), recursive=False, filter=_anonymous)
    return buffer.getvalue()


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o755 if info.mode & 0o100 else 0o644
    return info


def _largest(directory: Path, files: Iterable[Path]) -> str:
    sizes: Counter[str] = Counter()
    for path in files:
        sizes[path.relative_to(directory).parts[0]] += path.stat().st_size
    return ", ".join(f"{name} ({size // 1024**2} MB)" for name, size in sizes.most_common(3))
