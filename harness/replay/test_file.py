"""Reads a generated test as Python does, without running it."""

import importlib.util
import sys
from pathlib import Path

from harness.testing.declaration import Declaration


def read(file: Path) -> list[Declaration]:
    """The test classes of a file, one object each.

    Args:
        file: The file; nothing is written beside it.

    Raises:
        Exception: Whatever its import raises.
    """
    spec = importlib.util.spec_from_file_location("ocean_sandbox_generated", file)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 # it ends with .py
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return [
        each()
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Declaration) and each.__module__ == module.__name__
    ]
