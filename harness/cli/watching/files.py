"""Which files a resync of a directory depends on: the integration, its stub folders, the mapping."""

from collections.abc import Iterator
from pathlib import Path

from harness.stubs.errors import StubFileError
from harness.stubs.folder import files_below
from sandbox.images.contents import IGNORE_FILE, Contents

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
        self._contents = Contents(directory)
        # The system tells of what is in a linked folder by where that really is.
        self._links = self._linked()

    def _linked(self) -> dict[Path, Path]:
        """The folders that are linked into a stub folder, where they really are, each with its name there."""
        named = {path.parent for folder in self._folders for path in _below(folder)}
        found = {path for folder in named for path in (folder, *folder.parents) if path.is_symlink()}
        return {path.resolve(): path for path in found if any(root in (path, *path.parents) for root in self._folders)}

    @property
    def roots(self) -> list[Path]:
        """What to watch, whole; none of them lies below another."""
        roots = dict.fromkeys([self._directory, self._root, *([self._mapping] if self._mapping else []), *self._links])
        return [root for root in roots if not any(other in root.parents for other in roots)]

    def is_of_interest(self, path: Path) -> bool:
        """Whether a change of this path may change what comes of a resync."""
        if path == self._mapping or path in (self._directory, self._root):
            return True
        if any(path == folder or folder in path.parents for folder in (*self._folders, *self._links)):
            return not _is_left_by_an_editor(path.name)
        if self._root in path.parents or self._directory not in path.parents:
            return any(path in folder.parents for folder in self._folders)
        if path == self._directory / IGNORE_FILE:
            return True
        return self._contents.may_hold(path) and not _is_left_by_an_editor(path.name)

    def identities(self) -> dict[Path, Identity]:
        """What each root is now: one that was removed and made again is another."""
        return {root: _identity(root) for root in self.roots}

    def state(self) -> dict[Path, Identity]:
        """Each file of interest, so that two states differ if one was written, made or removed in between."""
        self._contents = Contents(self._directory)  # what belongs to it may depend on what was saved
        self._links = self._linked()
        below = (path for folder in self._folders for path in _below(folder))
        mapping = [self._mapping] if self._mapping and self._mapping.is_file() else []
        paths = {*self._contents.files(), *below, *mapping}
        return {path: _identity(path, with_content=True) for path in paths if self.is_of_interest(path)}

    def is_there(self, path: str) -> bool:
        """Whether there is such a file or folder now."""
        return Path(path).exists()

    def shown(self, path: Path) -> str:
        """A path in short."""
        for real, link in self._links.items():
            if real in path.parents:
                path = link / path.relative_to(real)
        for base in (self._root, self._directory):
            if base in path.parents:
                return path.relative_to(base).as_posix()
        return str(path)


def _below(folder: Path) -> Iterator[Path]:
    try:
        yield from files_below(folder)
    except StubFileError:  # which the run will say, as long as it lasts
        return


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
