"""Which files of an integration's directory belong to it: what a resync gets, and what ``watch`` watches.

The rule, in this order:

1. ``main.py`` and what is below ``.port`` belong to it, but for a recording.
2. What holds no code of anybody's never does: virtual environments (any folder with a ``pyvenv.cfg`` or ``conda-meta``),
   version control, caches, installed packages, ``.env``.
3. What the integration's ``.dockerignore`` names does not, as it is not in the production image either.
4. Folders that are named as tests, build output, or a tool's own (``.anything``) do not, unless code that belongs to it
   imports them or names them in a string. A ``build`` or ``dist`` that is a package is not build output.
5. All else does.
"""

import ast
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path, PurePosixPath

from docker.utils.build import Pattern

RESOURCES = ".port"
IGNORE_FILE = ".dockerignore"
# What a discovery wrote: no code, and often larger than all of it.
_RECORDING = PurePosixPath(RESOURCES, "resources", "discovery.json")
_KEPT = PurePosixPath("main.py")
_NO_CODE = (
    ".git",
    ".hg",
    ".svn",
    ".venv",
    "venv",
    "site-packages",
    "__pypackages__",
    "node_modules",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".tox",
    ".nox",
    ".terraform",
    ".idea",
    ".vscode",
    ".eggs",
    "*.egg-info",
    ".sandbox-traces",
    ".generated",  # copies of generated tests, see harness/replay/generated_files.py
)
# A developer's secrets and settings must not change what a test sees.
_NO_CODE_FILES = frozenset({".env"})
_ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")
_OUTPUT = frozenset({"build", "dist", "htmlcov"})
_TESTS = re.compile(r"(.+_)?tests?")


class Contents:
    """What belongs to the integration in a directory, as its files are when this is made.

    Args:
        directory: The integration's.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._ignored = _patterns(directory / IGNORE_FILE)
        self._named: set[str] = set()
        self._files = self._find()

    def files(self) -> list[Path]:
        """The files that belong to it, sorted; links to folders are followed, but not back up."""
        return self._files

    def may_hold(self, path: Path) -> bool:
        """Whether a file or folder below the directory belongs to it, were it there."""
        relative = PurePosixPath(path.relative_to(self.directory).as_posix())
        folders = [each for each in relative.parents if each.name] + ([relative] if path.is_dir() else [])
        return not any(self._is_out(folder) for folder in folders) and self._takes(relative)

    def _find(self) -> list[Path]:
        """The files, by the rule's first three points, and what of the others' folders they name, and those in turn."""
        files, candidates = self._walk(PurePosixPath())
        while candidates:
            names = {candidate.name for candidate in candidates}
            self._named |= _names_in([file for file in files if file.suffix == ".py"], names)
            found = [candidate for candidate in candidates if candidate.name in self._named]
            if not found:
                break
            candidates = [candidate for candidate in candidates if candidate not in found]
            for folder in found:
                more, inner = self._walk(folder)
                files += more
                candidates += inner
        return sorted(files)

    def _walk(self, start: PurePosixPath) -> tuple[list[Path], list[PurePosixPath]]:
        """The files at and below a folder, and the folders that belong to the integration only if it names them."""
        files: list[Path] = []
        candidates: list[PurePosixPath] = []
        first = self.directory / start
        # To resolve a path is dear, and nothing but a link leads back.
        behind_links = (
            {first.parent} if any((self.directory / above).is_symlink() for above in start.parents) else set()
        )
        for folder, folders, names in os.walk(first, followlinks=True):
            path = Path(folder)
            here = PurePosixPath(path.relative_to(self.directory).as_posix())
            if path.parent in behind_links or (path != self.directory and path.is_symlink()):
                behind_links.add(path)
                if _leads_back(path, self.directory):
                    folders.clear()
                    continue
            below = {name: here / name for name in folders}
            candidates += [path for path in below.values() if not self._is_never(path) and self._is_unnamed(path)]
            folders[:] = [name for name, path in below.items() if not self._is_out(path)]
            files += [path / name for name in names if self._takes(here / name)]
        return [file for file in files if file.is_file()], candidates

    def _is_out(self, folder: PurePosixPath) -> bool:
        return self._is_never(folder) or self._is_unnamed(folder)

    def _is_never(self, folder: PurePosixPath) -> bool:
        """Whether a folder has no code of the integration, by its name or by what is in it."""
        if folder.parts[0] == RESOURCES:
            return False
        path = self.directory / folder
        # Where a pattern takes files back, each has to be looked at.
        is_ignored = _matches(self._ignored, folder) and not any(pattern.exclusion for pattern in self._ignored)
        return is_ignored or holds_no_code(path)

    def _is_unnamed(self, folder: PurePosixPath) -> bool:
        """Whether a folder is named as what is of use only to developers, and no code names it."""
        name = folder.name
        if folder.parts[0] == RESOURCES or name in self._named:
            return False
        if name in _OUTPUT:
            return not any((self.directory / folder).glob("*.py"))
        return name.startswith(".") or _TESTS.fullmatch(name) is not None

    def _takes(self, file: PurePosixPath) -> bool:
        if file == _RECORDING or file.name in _NO_CODE_FILES:
            return False
        return file == _KEPT or file.parts[0] == RESOURCES or not _matches(self._ignored, file)


def holds_no_code(folder: Path) -> bool:
    """Whether a folder is a virtual environment, a cache or similar, by its name or contents."""
    return any(fnmatch(folder.name, pattern) for pattern in _NO_CODE) or any(
        (folder / mark).exists() for mark in _ENVIRONMENT_MARKS
    )


def _leads_back(folder: Path, directory: Path) -> bool:
    """Whether a folder is, behind a link, one that it lies in."""
    above = folder.parents[: len(folder.relative_to(directory).parts)]
    return folder.resolve() in {each.resolve() for each in above}


def _patterns(file: Path) -> list[Pattern]:
    """The patterns of a ``.dockerignore``, as docker-py reads them for a build."""
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return []
    patterns = [Pattern(line.strip()) for line in lines if line.strip() and not line.startswith("#")]
    return [pattern for pattern in patterns if pattern.dirs]


def _matches(patterns: list[Pattern], path: PurePosixPath) -> bool:
    """Whether the last pattern that fits a path, or a folder that it is in, leaves it out."""
    if not patterns:
        return False
    paths = [str(path), *(str(parent) for parent in path.parents if parent.name)]
    last = next((pattern for pattern in reversed(patterns) if any(map(pattern.match, paths))), None)
    return last is not None and not last.exclusion


def _names_in(files: list[Path], names: set[str]) -> set[str]:
    """Which of ``names`` the code in ``files`` imports, or has in a string."""
    left = set(names)
    for file in files:
        if not left:
            break
        try:
            stat = file.stat()
        except OSError:
            continue
        left -= _mentioned(file, stat.st_mtime_ns, stat.st_size, frozenset(names))
    return names - left


@lru_cache(maxsize=4096)
def _mentioned(file: Path, written: int, size: int, names: frozenset[str]) -> frozenset[str]:  # noqa: ARG001 # of the key
    try:
        source = file.read_bytes()
    except OSError:
        return frozenset()
    words = {name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)".encode(), source)}
    try:
        return frozenset(words.intersection(_parts(ast.parse(source)))) if words else frozenset()
    except (ValueError, SyntaxError, RecursionError):
        return frozenset(words)  # the integration's Python may be newer than this one


def _parts(tree: ast.AST) -> Iterator[str]:
    """The parts of all names that are imported, and of all strings, as a module's name and as a path."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield from alias.name.split(".")
        if isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from node.value.split(".")
            yield from re.split(r"[/\\]", node.value)
