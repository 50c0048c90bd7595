"""Finds secrets and personal data in what is to be committed. It would rather miss one than cry wolf.

A secret is what has the form of a known kind of token, or stands under a name that says so and looks like chance. Values
that are evidently made up (``test-token``, ``<redacted>``, ``xxxx``) do not count.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.redaction.credential_forms import JWT, PRIVATE_KEY, TOKENS, USER_INFO
from harness.redaction.credential_names import is_credential_field
from harness.stubs.leak_clues import is_nobodys, parts

# What follows is looked at, not taken: in `json: {token: …` it is a name again.
# From a word's beginning on, or a long word would be read once from each of its letters.
_NAMED = re.compile(
    r"(?<![A-Za-z0-9_-])(?P<name>[A-Za-z0-9_-]+)[\"']?\s*[:=]\s*[\"']?(?=(?P<value>[^\s\"',}&]{12,400}))"
)
# What a token may be a part of, with whatever may stand before or after one; and what no token is.
_WORD = re.compile(r"[A-Za-z0-9_.~+/=:@-]{16,}")
_DIGITS = re.compile(r"[0-9a-f]+")
_AUTHORIZATION = re.compile(r"(?i)\b(?:bearer|basic|token)\s+(?P<value>[A-Za-z0-9._~+/-]{16,}=*)")
_MADE_UP = re.compile(
    r"(?i)test|fake|dummy|example|sample|redact|placeholder|change|secret|token|password|your|mock|stub|sandbox|demo|"
    r"\*{3}|x{4}|\.{3}|0{6}|1234|abcd|[<{$]"
)
_SIGNATURE, _PASSWORD = 20, 6  # characters; a shorter one does not count
_RANDOM = 3.2  # bits a character: words have less, tokens of 16 characters and more have it
_EMAIL = re.compile(
    r"(?:(?<=mailto:)|(?<![\w.%+:-]))[A-Za-z0-9._%+-]+@(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\b"
)
_NO_PERSON = re.compile(
    r"(?i)^(?:no-?reply|noreply\+.*|git|support|info|admin|notifications?)@|@users\.noreply\.github\.com$"
)
_PHONE = re.compile(
    r"(?i)(?:phone|mobile|telephone|phone_?number)[\"']?\s*:\s*[\"']?(?P<value>\+?[0-9][0-9 ()./-]{7,}[0-9])"
)
_NOBODYS_PHONE = re.compile(r"555|(\d)\1{5}|123456")


@dataclass(frozen=True)
class Leak:
    """What should not be committed.

    Args:
        line: The line of the text, from 1.
        what: What it looks like; never all of it.
        is_personal: Whether it is personal data rather than a secret.
    """

    line: int
    what: str
    is_personal: bool = False


def leaks(text: str) -> list[Leak]:
    """What in a text looks like a secret or like a person's data, a finding a line and kind.

    Args:
        text: A file's content.
    """
    found = {
        leak: None
        for before, part in parts(text)
        for number, line in enumerate(part.splitlines(), before + 1)
        for leak in _in_line(number, line)
    }
    return list(found)


def _in_line(number: int, line: str) -> Iterator[Leak]:
    if re.search(PRIVATE_KEY, line):
        yield Leak(number, "a private key")
    # Forty forms, each looked for in all of a line, would take two seconds for a megabyte.
    words = "\n".join(word for word in _WORD.findall(line) if not _DIGITS.fullmatch(word))
    for what, form in TOKENS.items() if words else ():
        yield from (
            Leak(number, f"{what}: {match[0][:4]}…") for match in re.finditer(form, words) if _is_real(match[0])
        )
    for match in JWT.finditer(line) if ".eyJ" in line else ():
        if len(match[0].rpartition(".")[2]) >= _SIGNATURE and _is_real(match[0]):
            yield Leak(number, f"a signed token (JWT): {match[0][:4]}…")
    for match in USER_INFO.finditer(line) if "://" in line else ():
        if len(match[2]) >= _PASSWORD and _is_real(match[2]):
            yield Leak(number, f"a password in a URL: {match[1][:4]}…")
    named = (match for match in _NAMED.finditer(line) if is_credential_field(match["name"]))
    lower = line.lower()
    schemes = _AUTHORIZATION.finditer(line) if any(each in lower for each in ("bearer", "basic", "token")) else ()
    for match in itertools.chain(named, schemes):
        if _looks_random(match["value"]):
            yield Leak(number, f"a secret: {match[0][: match.start('value') - match.start()]}…")
    yield from _personal(number, line)


def _personal(number: int, line: str) -> Iterator[Leak]:
    for match in _EMAIL.finditer(line) if "@" in line else ():
        if not is_nobodys(match["domain"]) and not _NO_PERSON.search(match[0]):
            yield Leak(number, f"an e-mail address: {match[0][0]}…@{match['domain']}", is_personal=True)
    lower = line.lower()
    for match in _PHONE.finditer(line) if "phone" in lower or "mobile" in lower else ():
        if not _NOBODYS_PHONE.search(re.sub(r"\D", "", match["value"])):
            yield Leak(number, f"a telephone number: {match['value'][:4]}…", is_personal=True)


def _is_real(value: str) -> bool:
    return not _MADE_UP.search(value)


def _looks_random(value: str) -> bool:
    if not _is_real(value) or not re.search(r"[0-9]", value) or not re.search(r"[A-Za-z]", value):
        return False
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) >= _RANDOM
