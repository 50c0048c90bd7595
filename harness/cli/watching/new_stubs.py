"""Writes missing stubs into a stub folder, beside whatever a person wrote there."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from harness.atomic_write import replacing
from harness.stubs import short_file
from harness.stubs.errors import StubFileError
from harness.stubs.unmatched_requests import Unanswered

_NAME = "unanswered"


def add(folder: Path, missing: Sequence[Unanswered]) -> Path:
    """Add stubs to ``unanswered.yaml`` of a folder; what is in it stays, to the byte.

    If that file cannot be added to, because it is broken or not a block list, another is started: ``unanswered-2.yaml``.

    Args:
        folder: The stub folder; made if need be.
        missing: The requests to answer.

    Returns:
        The file.

    Raises:
        StubFileError: It cannot be written.
    """
    text = short_file.write([each.entry() for each in missing])
    try:
        for number in itertools.count(1):
            file = folder / (f"{_NAME}.yaml" if number == 1 else f"{_NAME}-{number}.yaml")
            if _add(file, text, len(missing)):
                return file
    except OSError as error:
        raise StubFileError(f"{folder} cannot be written: {error.strerror}.", remedy="make it writable.") from error
    raise AssertionError  # there are more numbers than files


def _add(file: Path, text: str, count: int) -> bool:
    """Whether it could be added, and then it is."""
    before = file.read_bytes() if file.exists() else b""
    gap = b"" if not before else b"\n" if before.endswith(b"\n") else b"\n\n"
    try:
        there = len(short_file.read(file, file.name)) if before.strip() else 0
        with replacing(file, f".{_NAME}.") as new:
            new.write_bytes(before + gap + text.encode())
            _check(new, there + count)
    except StubFileError:
        return False
    return True


def _check(file: Path, count: int) -> None:
    if len(short_file.read(file, file.name)) != count:
        raise StubFileError(f"{file} is not a list of stubs, so none can be added.")
