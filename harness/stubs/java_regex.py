"""Tells why Java cannot read a regular expression, where that is certain: WireMock refuses a stub that has such a one."""

import re

# What may follow a backslash of the letters; digits and signs always may.
_ESCAPES = frozenset("tnrfaecxudDhHsSvVwWbBAGZzRXkpPNQ")
_GROUP = re.compile(r"\(\?(?:[:=!>]|<[=!]|<[A-Za-z][A-Za-z0-9]*>|[a-zA-Z-]*[:)])")
_TIMES = re.compile(r"\{(\d+)(,(\d*))?\}")
_ESCAPED = re.compile(r"\\Q.*?(?:\\E|\Z)|\\[pPxN]\{[^}]*\}|\\k<[^>]*>|\\c.|\\.", re.DOTALL)
_BRACE = "for a part of a path write urlPathTemplate; a brace itself is \\{"


def refusal(text: str) -> tuple[str, str] | None:
    """Why Java cannot read a regular expression, and what to do; None where it can, or where that is not certain.

    Args:
        text: The expression.
    """
    if "(?x" in text:  # with comments, which may hold anything
        return None
    return _Reader(text).refusal()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[int] = []
        # Whether a quantifier may follow, and whether what comes before is one.
        self._is_atom = self._is_quantified = False

    def refusal(self) -> tuple[str, str] | None:
        while self._at < len(self._text):
            if wrong := self._step():
                return wrong
        if self._open:
            return f"the ( at character {self._open[-1] + 1} is never closed", "close it, or write \\("
        return None

    def _step(self) -> tuple[str, str] | None:
        character = self._text[self._at]
        reads = {"\\": self._escape, "[": self._class, "(": self._group, ")": self._end, "{": self._times}
        if read := reads.get(character):
            return read()
        if character in "*+?":
            return self._repeat(character)
        self._at += 1
        self._now(is_atom=character != "|")
        return None

    def _end(self) -> tuple[str, str] | None:
        self._at += 1
        if not self._open:
            return f"the ) at character {self._at} has no matching (", "write \\)"
        self._open.pop()
        self._now(is_atom=True)
        return None

    def _now(self, *, is_atom: bool, is_quantified: bool = False) -> None:
        self._is_atom, self._is_quantified = is_atom, is_quantified

    def _escape(self) -> tuple[str, str] | None:
        found = _ESCAPED.match(self._text, self._at)
        if found is None:
            return "it ends in a backslash", "write \\\\ for a backslash itself"
        letter = found[0][1]
        if letter.isascii() and letter.isalpha() and letter not in _ESCAPES:
            return f"Java has no escape \\{letter}", f"write {letter} for the letter itself"
        self._at = found.end()
        self._now(is_atom=True)
        return None

    def _class(self) -> tuple[str, str] | None:
        """A class of characters, which may hold others; `]` is one of them where it comes first."""
        start, depth, is_first = self._at, 0, False
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "\\":
                found = _ESCAPED.match(self._text, self._at)
                self._at = found.end() if found else self._at + 1
                is_first = False
                continue
            self._at += 1
            if character == "[":
                depth, is_first = depth + 1, True
                if self._text[self._at : self._at + 1] == "^":
                    self._at += 1
            elif character == "]" and not is_first:
                depth -= 1
                if not depth:
                    self._now(is_atom=True)
                    return None
            else:
                is_first = False
        return f"the [ at character {start + 1} is never closed", "close it, or write \\["

    def _group(self) -> tuple[str, str] | None:
        start = self._at
        if self._text.startswith("(?", start):
            found = _GROUP.match(self._text, start)
            if found is None:
                given = self._text[start : start + 4]
                remedy = "write (?<name>…)" if given == "(?P<" else "Java has (?:…), (?=…), (?!…), (?<name>…)"
                return f"Java has no group {given}…", remedy
            self._at = found.end()
            if found[0].endswith(")"):  # flags for what follows
                self._now(is_atom=False)
                return None
        else:
            self._at += 1
        self._open.append(start)
        self._now(is_atom=False)
        return None

    def _times(self) -> tuple[str, str] | None:
        found = _TIMES.match(self._text, self._at)
        if found is None:
            return f"the {{ at character {self._at + 1} does not begin a repeat count", _BRACE
        if found[3] and int(found[3]) < int(found[1]):
            return f"in {found[0]} the minimum exceeds the maximum", "write the smaller number first"
        self._at = found.end()
        self._now(is_atom=True, is_quantified=True)
        return None

    def _repeat(self, character: str) -> tuple[str, str] | None:
        if self._is_quantified and character == "*":
            return f"the * at character {self._at + 1} follows another quantifier", "leave one out"
        before = self._text[self._at - 1 : self._at] if self._at else ""
        if not self._is_atom and before in ("", "(", "|", ":"):
            return (
                f"the {character} at character {self._at + 1} has nothing to repeat",
                f"write \\{character}, or .{character}",
            )
        self._at += 1
        # One more makes what is repeated lazy or possessive.
        self._now(is_atom=True, is_quantified=not self._is_quantified)
        return None
