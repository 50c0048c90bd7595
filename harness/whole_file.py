"""Writes a file whole or not at all, whenever this process is killed."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(file: Path, prefix: str) -> Iterator[Path]:
    """A new file beside ``file``, which takes its place when the block has ended; if it raises, nothing changes.

    Args:
        file: What to write; its folder is made.
        prefix: What the new file's name begins with. What a run that was killed has left by that name is removed.

    Raises:
        OSError: It cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    for left in file.parent.glob(f"{prefix}*"):
        left.unlink(missing_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=prefix, dir=file.parent)  # no suffix, for which others would read it
    temporary = Path(name)
    try:
        yield temporary
        os.fsync(descriptor)
        temporary.chmod(0o644)
        temporary.replace(file)
    finally:
        os.close(descriptor)
        temporary.unlink(missing_ok=True)
