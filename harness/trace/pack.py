"""Stores what a page shows on demand: values in compressed pieces, each stored once, which a browser unpacks as needed."""

import base64
import gzip
import json
from typing import Any

# Characters of a piece before it is compressed: some milliseconds to unpack.
_PIECE = 300_000


class Pack:
    """Values by number, in pieces."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._pieces: list[list[str]] = [[]]
        self._size = 0
        # The piece that each number is in, and its place there.
        self.places: list[tuple[int, int]] = []

    def add(self, value: Any) -> int:
        """Keep a JSON value; the same value has the same number.

        Args:
            value: The value.

        Returns:
            Its number.
        """
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        known = self._numbers.get(text)
        if known is not None:
            return known
        if self._size and self._size + len(text) > _PIECE:
            self._pieces.append([])
            self._size = 0
        self._size += len(text)
        self._pieces[-1].append(text)
        self.places.append((len(self._pieces) - 1, len(self._pieces[-1]) - 1))
        self._numbers[text] = len(self.places) - 1
        return len(self.places) - 1

    def texts(self) -> list[str]:
        """The pieces as JSON arrays."""
        return [f"[{','.join(piece)}]" for piece in self._pieces if piece]

    def starts(self) -> list[int]:
        """The number of each piece's first value."""
        return [number for number, (_, place) in enumerate(self.places) if place == 0]


def packed(text: str) -> str:
    """A text as the base64 of its gzip, which no body can break out of.

    Args:
        text: The text. Half a surrogate, which JSON may hold, becomes a question mark.
    """
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), compresslevel=6, mtime=0)).decode()
