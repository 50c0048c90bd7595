"""What is packed of each public integration suffices: everything that its code imports from itself is included. Needs no engine."""

import ast
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.images.archive import pack

CHECKOUT = os.environ.get("OCEAN_SANDBOX_PUBLIC_OCEAN", "")
pytestmark = pytest.mark.skipif(
    not CHECKOUT, reason="OCEAN_SANDBOX_PUBLIC_OCEAN names no checkout of Ocean's repository"
)


def imported(file: str, source: bytes) -> Iterator[tuple[str, ...]]:
    """Each module or name that a file imports, by its path below the integration's directory."""
    package = tuple(file.split("/")[:-1])
    try:
        tree = ast.parse(source)
    except SyntaxError:  # the integrations' Python is newer than this one
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = (*above, *(node.module.split(".") if node.module else ()))
            yield base
            yield from ((*base, alias.name) for alias in node.names)


def modules_in(files: set[str]) -> set[tuple[str, ...]]:
    """Packages with or without ``__init__.py``, and modules."""
    found = set()
    for file in files:
        *folders, name = file.split("/")
        if name.endswith(".py"):
            found |= {tuple(folders[: depth + 1]) for depth in range(len(folders))}
            found.add((*folders, name.removesuffix(".py")))
    return found


def test_no_import_is_broken() -> None:
    looked = 0
    for main in sorted(Path(CHECKOUT, "integrations").glob("*/main.py")):
        directory = main.parent
        with tarfile.open(fileobj=io.BytesIO(pack(directory))) as tar:
            packed = set(tar.getnames())
        there = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}
        missing = modules_in(there) - modules_in(packed)
        for file in sorted(name for name in packed if name.endswith(".py")):
            broken = missing.intersection(imported(file, (directory / file).read_bytes()))
            assert not broken, f"{directory / file} imports {broken}, which is not packed"
            looked += 1
        assert not any(name.startswith("tests/") for name in packed)

    assert looked
