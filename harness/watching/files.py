"""Which files a resync of a directory depends on: the integration, its stub folders, the mapping."""

import os
from collections.abc import Iterator
from pathlib import Path

from sandbox.source import LEFT_OUT

_TESTS = "tests"
# What an integration's directory holds and no resync reads.
_UNREAD = frozenset({".env", "discovery.json", ".DS_Store"})

# Enough to tell whether a file or a folder is another than before, or was written since.
Identity = tuple[int, ...] | None


class Watched:
    """The files that are watched.

    Args:
        directory: The integration's.
        stubs_root: The folder of all stub folders, be it there or not.
        folders: The stub folders below it.
        mapping: The mapping's file, where it is not the integration's own.
    """

    def __init__(self, directory: Path, stubs_root: Path, folders: list[str], mapping: Path | None = None) -> None:
        self._directory = directory
        self._root = stubs_root
        self._folders = [stubs_root / folder for folder in folders]
        self._mapping = mapping.resolve() if mapping else None

    @property
    def roots(self) -> list[Path]:
        """What to watch, whole; none of them lies below another."""
        roots = [self._directory, self._root, *([self._mapping] if self._mapping else [])]
        return [root for root in roots if not any(other in root.parents for other in roots)]

    def is_of_interest(self, path: Path) -> bool:
        """Whether a change of this path may change what comes of a resync."""
        if path == self._mapping or path in (self._directory, self._root):
            return True
        if any(path == folder or folder in path.parents for folder in self._folders):
            return not _is_left_by_an_editor(path.name)
        if self._root in path.parents or self._directory not in path.parents:
            return any(path in folder.parents for folder in self._folders)
        parts = path.relative_to(self._directory).parts
        return not (
            parts[0] == _TESTS
            or LEFT_OUT.intersection(parts)
            or path.name in _UNREAD
            or _is_left_by_an_editor(path.name)
        )

    def identities(self) -> dict[Path, Identity]:
        """What each root is now: one that was removed and made again is another."""
        return {root: _identity(root) for root in self.roots}

    def state(self) -> dict[Path, Identity]:
        """Each file of interest, so that two states differ if one was written, made or removed in between."""
        return {path: _identity(path, with_content=True) for root in self.roots for path in self._below(root)}

    def is_there(self, path: str) -> bool:
        """Whether there is such a file or folder now."""
        return Path(path).exists()

    def shown(self, path: Path) -> str:
        """A path in short."""
        for base in (self._root, self._directory):
            if base in path.parents:
                return path.relative_to(base).as_posix()
        return str(path)

    def _below(self, root: Path) -> Iterator[Path]:
        if root.is_file():
            yield root
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if name not in LEFT_OUT]
            yield from (path for name in files if self.is_of_interest(path := Path(folder, name)))


def _identity(path: Path, *, with_content: bool = False) -> Identity:
    try:
        stat = path.stat()
    except OSError:
        return None
    written = (stat.st_mtime_ns, stat.st_size) if with_content or path.is_file() else ()
    return (stat.st_dev, stat.st_ino, *written)


def _is_left_by_an_editor(name: str) -> bool:
    """Swap files, backups, and what an editor writes before it takes a file's place."""
    return (
        name.endswith(("~", ".swp", ".swx", ".swo", ".tmp", ".bak", "___jb_tmp___", "___jb_old___"))
        or (name.startswith(".") and name != ".port")
        or name == "4913"
    )
