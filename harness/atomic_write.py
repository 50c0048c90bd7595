"""Writes a file whole or not at all, even if this process is killed."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

_OPEN = Path("/proc/self/fd")


@contextlib.contextmanager
def replacing(file: Path, prefix: str) -> Iterator[Path]:
    """A new file beside ``file``, which replaces it when the block ends; if the block raises, nothing changes.

    Args:
        file: What to write; its folder is made.
        prefix: Prefix of the new file's name. Files of that name left by a killed run are removed.

    Raises:
        OSError: It cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    for left in file.parent.glob(f"{prefix}*"):
        left.unlink(missing_ok=True)
    descriptor, temporary = _nameless(file.parent) or _named(file.parent, prefix)
    try:
        yield temporary
        os.fsync(descriptor)
        os.fchmod(descriptor, 0o644)
        if temporary.parent != file.parent:
            temporary = _with_name(temporary, file.parent, prefix)
        temporary.replace(file)
    finally:
        os.close(descriptor)
        if temporary.parent == file.parent:
            temporary.unlink(missing_ok=True)


def _nameless(folder: Path) -> tuple[int, Path] | None:
    """A file that disappears with this process; None if the system has none (Linux does: open(2))."""
    if not (hasattr(os, "O_TMPFILE") and _OPEN.is_dir()):
        return None
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o644)
    except OSError:  # not every file system has them
        return None
    return descriptor, _OPEN / str(descriptor)


def _named(folder: Path, prefix: str) -> tuple[int, Path]:
    descriptor, name = tempfile.mkstemp(prefix=prefix, dir=folder)  # no suffix, for which others would read it
    return descriptor, Path(name)


def _with_name(nameless: Path, folder: Path, prefix: str) -> Path:
    """Give a whole file a name: a link cannot take the place of another file, which a rename can."""
    path = folder / f"{prefix}{secrets.token_hex(8)}"
    place = os.open(folder, os.O_RDONLY)
    try:
        os.link(nameless, path.name, dst_dir_fd=place, follow_symlinks=True)  # without dst_dir_fd, Python follows none
    finally:
        os.close(place)
    return path
