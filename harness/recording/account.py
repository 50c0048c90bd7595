"""Keeps account of what becomes of a document that others made: nothing is left out silently."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_USER_INFO = re.compile(r"(?<=//)[^/?#\s]*@")


@dataclass
class Account:
    """What was not taken over, or only in part.

    Attributes:
        left_out: The places that were left out, by the reason.
        notes: The places of which there is something to know, by what it is.
        clean: Takes secrets out of the name of a place; what is known of them is known only after all has been read.
    """

    left_out: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    clean: Callable[[str], str] = field(default=str, repr=False, compare=False)

    def leave_out(self, place: str, reason: str) -> None:
        """Say why something was not taken over.

        Args:
            place: What it is, or where.
            reason: Why; the same words for the same reason.
        """
        self.left_out.setdefault(reason, []).append(self.clean(place))

    def note(self, place: str, what: str) -> None:
        """Say what there is to know about something that was taken over."""
        known = self.notes.setdefault(what, [])
        if (cleaned := self.clean(place)) not in known:
            known.append(cleaned)

    def places(self) -> list[str]:
        """The places that were named so far, each once."""
        return list(dict.fromkeys(place for several in self._lists() for place in several))

    def rename(self, names: dict[str, str]) -> None:
        """Give places other names.

        Args:
            names: The new names, by the old ones.
        """
        for several in self._lists():
            several[:] = [names.get(place, place) for place in several]

    def _lists(self) -> Iterator[list[str]]:
        yield from self.left_out.values()
        yield from self.notes.values()


def without_user(url: str) -> str:
    """A URL without the user and the password that it may have, for a message."""
    return _USER_INFO.sub("", url)
