"""What came of a document: stubs, and what became of the rest of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.recording.account import Account
from harness.stubs.mappings import Stub
from sandbox.sizes import count


class LeftOutError(Exception):
    """A part of a document cannot be taken over; the message is the reason."""


@dataclass(frozen=True)
class Imported:
    """What is to be written to a stub folder.

    Args:
        kind: What the document is, for people.
        unit: What it has, in the singular: request, operation.
        found: How many of them it has.
        taken: How many of them became stubs.
        account: What became of the rest.
        stubs: The stubs by the name of their file, without its ending.
        bodies: Body files by name: their content, or the file that has it.
        copied: Stub files that are taken over as they are, by name.
    """

    kind: str
    unit: str
    found: int
    taken: int
    account: Account
    stubs: Mapping[str, list[Stub]] = field(default_factory=dict)
    bodies: Mapping[str, bytes | Path] = field(default_factory=dict)
    copied: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def counted(self) -> str:
        """How many it has, for people: ``1 request``, ``2 stubs or files``."""
        return count(self.found, self.unit if self.found == 1 else self.unit.replace(" or ", "s or "))


@dataclass(frozen=True)
class Options:
    """How a document is to be read.

    Args:
        only: Globs; only requests whose path or URL matches one of them are taken. All, if empty.
        server: The URL that the API of an OpenAPI document is at, instead of the one that it names.
        variables: Values of a Postman collection's variables that it does not have itself.
        keep_personal_data: Whether e-mail addresses and people's names stay as they are.
        allowed: Places where what looks like a secret is not one, as in a recording.
    """

    only: tuple[str, ...] = ()
    server: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    keep_personal_data: bool = False
    allowed: tuple[str, ...] = ()
