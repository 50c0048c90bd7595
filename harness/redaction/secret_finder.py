"""Finds which of many secrets are in a text, in one pass, however many there are."""

import re
from collections.abc import Iterable
from typing import Any

from harness.redaction.secret_forms import Secret

# A part of a needle is enough to look closer, and a shorter one is found too often.
_MOST, _LEAST = 16, 4


class Finder:
    """Looks for all secrets at once, with one regular expression that is a tree of what all their forms begin with.

    Args:
        secrets: What to look for.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._always: list[Secret] = []
        self._by_needle: dict[str, list[Secret]] = {}
        for secret in secrets:
            for needle in secret.needles():
                if len(needle) < _LEAST:
                    self._always.append(secret)
                else:
                    self._by_needle.setdefault(needle[:_MOST], []).append(secret)
        self._pattern = re.compile(_tree(self._by_needle)) if self._by_needle else None

    def found_in(self, text: str) -> list[Secret]:
        """Those that ``text`` has in any form, each once."""
        candidates = dict.fromkeys(self._always)
        if self._pattern is not None:
            seen: set[str] = set()
            match = self._pattern.search(text)
            while match:
                seen.add(match.group())
                match = self._pattern.search(text, match.start() + 1)
            for longest in seen:  # one that it begins with is there, too
                for end in range(_LEAST, len(longest) + 1):
                    candidates.update(dict.fromkeys(self._by_needle.get(longest[:end], ())))
        return [secret for secret in candidates if secret.is_in(text)]


def _tree(needles: Iterable[str]) -> str:
    """A regular expression for the longest of ``needles`` at a place."""
    root: dict[str, Any] = {}
    for needle in needles:
        node = root
        for character in needle:
            node = node.setdefault(character, {})
        node[""] = {}
    return _expression(root)


def _expression(node: dict[str, Any]) -> str:
    branches = [re.escape(character) + _expression(below) for character, below in sorted(node.items()) if character]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)}){'?' if '' in node else ''}"
