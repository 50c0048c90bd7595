"""Tells quickly which parts of a text may hold a leak, so that the rest is not read again and again.

Stub folders are mostly bodies without a clue: a megabyte of them takes a millisecond here, and a hundred in
:mod:`harness.stubs.leaks`. What tells is one regular expression that finds whatever any rule there finds, and more, run by
the engine that pydantic comes with, since it takes time in proportion to the text alone.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated

from pydantic import ConfigDict, StringConstraints, TypeAdapter

from harness.redaction.credential_forms import PRIVATE_KEY, TOKENS

# Each name of a credential has one of these in it.
STEMS = (
    *(
        "token",
        "secret",
        "pass",
        "pwd",
        "pw",
        "cred",
        "psk",
        "auth",
        "sig",
        "jwt",
        "key",
        "session",
        "assert",
        "bearer",
    ),
    *("otp", "csrf", "xsrf", "cookie", "dockerconfig"),
    *("kennwort", "senha", "contrasena", "parola", "wachtwoord", "haslo", "losenord", "adgangskode", "salasana"),
)
_OTHERS = (
    PRIVATE_KEY,
    r"\.eyJ",
    r"://[^/\s:@\"'<>]*:[^/\s@\"'<>]+@",
    rf"(?i:{'|'.join(STEMS)})[A-Za-z0-9_-]*[\"']?\s*[:=]\s*[\"']?[^\s\"',}}&]{{12}}",
    r"(?i:bearer|basic|token)\s+[A-Za-z0-9._~+/-]{16}",
    r"(?i:phone|mobile|telephone)(?:_?number)?[\"']?\s*:\s*[\"']?\+?[0-9]",
)
# What that engine does not know, since it would have to go back: without it, more is found.
_LOOKS_AROUND = re.compile(r"\(\?<?!(?:\[[^\]]*\]|\\d)\)|\\b")
# Characters of a part that is not cut again.
_SMALL = 500
# Where a line ends, or a value of JSON; nothing that is looked for goes on behind it.
_MARKS = ("\n", '",')
_CUT = re.compile("|".join(_MARKS))
_AT = re.compile(r"@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\b")
# Reserved for documentation and tests by RFC 2606 and 6761.
_NOBODYS = re.compile(r"(?i)(?:^|\.)(?:example\.(?:com|net|org|edu)|example|test|invalid|localhost|local)$")


def parts(text: str) -> Iterator[tuple[int, str]]:
    """The parts of a text that may hold a leak, each with the number of lines that end before it."""
    lines, done = 0, 0
    for start, end in _spans(text, 0, len(text)):
        lines += len((text[done:start] + ".").splitlines()) - 1
        done = start
        yield lines, text[start:end]


@cache
def is_nobodys(domain: str) -> bool:
    """Whether an e-mail address in this domain can be no person's."""
    return _NOBODYS.search(domain) is not None


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    part = text[start:end]
    if not _has_clue(part):
        return
    if (middle := _middle(part)) is None:
        yield start, end
        return
    yield from _spans(text, start, start + middle)
    yield from _spans(text, start + middle, end)


def _middle(part: str) -> int | None:
    """Where to cut a part: nearest behind the middle, or else before it."""
    if len(part) <= _SMALL:
        return None
    half = len(part) // 2
    found = _CUT.search(part, half)
    if found and found.end() < len(part):
        return found.end()
    before = max((end + len(mark) for mark in _MARKS if (end := part.rfind(mark, 0, half)) >= 0), default=0)
    return before or None


def _has_clue(text: str) -> bool:
    if _clues().validator.isinstance_python(text):
        return True
    return "@" in text and any(not is_nobodys(found[1]) for found in _AT.finditer(text))


@cache
def _clues() -> TypeAdapter[str]:
    pattern = "|".join(f"(?:{_LOOKS_AROUND.sub('', each)})" for each in (*TOKENS.values(), *_OTHERS))
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)], config=ConfigDict(regex_engine="rust-regex"))
