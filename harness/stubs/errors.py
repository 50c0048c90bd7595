"""What can be wrong with a stub file."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sandbox.errors import SandboxError

_SHOWN = 10


class Wrong(NamedTuple):
    """One thing that is wrong with a stub file.

    Args:
        line: Its line, from 1.
        what: What is wrong.
        remedy: What to do.
        pointer: Its JSON pointer, where that says more than the line.
    """

    line: int
    what: str
    remedy: str
    pointer: str = ""

    def __str__(self) -> str:
        return f"{self.what} ({self.pointer})" if self.pointer else self.what


class StubFileError(SandboxError):
    """A stub file, or the folder it should be in, is not as it must be."""


class RefusedFileError(StubFileError):
    """A stub file has mistakes at places that are known; the message names the first of them.

    Args:
        path: The file.
        wrong: All that is wrong with it; at least one thing.
    """

    def __init__(self, path: Path, wrong: Sequence[Wrong]) -> None:
        first = wrong[0]
        others = [f"{path}:{each.line}: {each}: {each.remedy}" for each in wrong[1:_SHOWN]]
        if len(wrong) > _SHOWN:
            others.append(f"… and {len(wrong) - _SHOWN} more")
        super().__init__(f"{path}:{first.line}: {first}.", remedy=first.remedy, detail="\n".join(others))
        self.wrong = wrong
