"""A problem in a stub folder."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal[
    "invalid",
    "unreachable",
    "unused-file",
    "missing-file",
    "secret",
    "personal-data",
    "suspicious",
    "order",
    "unused-ignore",
]


@dataclass(frozen=True)
class Finding:
    """A problem in a stub folder.

    Args:
        kind: What kind of thing.
        file: The file.
        line: Its line, from 1; 0 for the whole file.
        message: What is wrong.
        remedy: What to do about it.
        pointer: The JSON pointer of the part of the file, where that says more than the line.
    """

    kind: Kind
    file: str
    line: int
    message: str
    remedy: str
    pointer: str = ""

    @property
    def is_warning(self) -> bool:
        """Whether it may well be meant as it is: what is suspicious loads, and does what it says."""
        return self.kind in ("suspicious", "order", "unused-ignore")

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        what = f"{self.message} ({self.pointer})" if self.pointer else self.message
        return f"{place}: {'warning: ' if self.is_warning else ''}{what}. {self.remedy[:1].upper()}{self.remedy[1:]}"

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return {**asdict(self), "is_warning": self.is_warning}
