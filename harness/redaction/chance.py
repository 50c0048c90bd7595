"""Distinguishes random text, such as a generated secret, from what only looks random: ids, digests, images, words.

What hexadecimal digits alone are made of never counts: a commit, a digest or a UUID tells one thing from another, and a
replay needs it. Of those, only the name says that they are secret.
"""

import base64
import binascii
import math
import re
from collections import Counter
from functools import lru_cache

LONG = 8
# So long, and without a space, nothing is a word.
_NO_WORD = 20
_LEAST, _MOST = 20, 512
# Bits a character: detect-secrets' limit, and less where all three kinds of characters are there.
_RANDOM, _RANDOM_OF_THREE_KINDS = 4.5, 3.9
# Changes between letters, capitals and digits, per character: names of classes and slugs have far fewer.
_CHANGES = 0.22
_LETTER_AND_DIGIT = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])", re.DOTALL)
_CANDIDATE = re.compile(rf"(?<![A-Za-z0-9+/_~-])[A-Za-z0-9+/_~-]{{{_LEAST},{_MOST}}}={{0,2}}(?![A-Za-z0-9+/_=~-])")
_INNOCENT = re.compile(
    r"[0-9a-fA-F]+|"
    r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}.*|"  # a UUID, and what is hung on it
    r"[0-7][0-9A-HJKMNP-TV-Z]{25}|"  # a ULID
    r"AAAA[BCE][0-9A-Za-z+/=]+|"  # a public key of SSH
    r"(?:sha(?:1|256|384|512)|md5|SHA256)[-:/_].*|"
    r"redacted-.*|.*redacted-[0-9]{5}.*",
    re.DOTALL,
)
# A name of several words, as classes and methods have it.
_CAMEL = re.compile(r"(?:[a-z]{2,})?(?:[A-Z][a-z]{2,}|[A-Z]{2,6}|[A-Z]?[0-9]{1,3})+")
_RUNS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_PUBLIC = re.compile(r"-----BEGIN (?!(?:[A-Z0-9]+ )*PRIVATE)([A-Z0-9 ]+)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_HASHED = re.compile(r"(?:\b(?:sha(?:1|256|384|512)|md5)[-:=]|\bSHA256:|(?i:nonce-)|(?:\bW/)?\")\Z")
_WORDS_AROUND = re.compile(r"[-_/.~+=]+")
_DATA_URL = re.compile(r"data:[a-z]+/[A-Za-z0-9.+-]+(?:;[a-z]+=[^;,]*)*;base64,[A-Za-z0-9+/=_-]*")
# Files and programs by how they begin; UTF-8 is checked separately.
_MAGIC = (
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"RIFF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"%PDF",
    b"wOF",
    b"\0\0\1\0",
    b"BM",
)
_READABLE = 0.85


def looks_secret(value: str) -> bool:
    """Whether a value can hardly be anything but a secret, where its name says that it is one: long, and no word."""
    return (
        len(value) >= LONG
        and not any(character.isspace() for character in value)
        and "://" not in value
        and (len(value) >= _NO_WORD or _LETTER_AND_DIGIT.match(value) is not None)
    )


def random_in(text: str) -> list[tuple[int, int]]:
    """Where in a text there is something that looks like chance: first and last place of each.

    What is within a URL's path does not count, nor what is within an image or a certificate.
    """
    if len(text) < _LEAST:
        return []
    if "-----BEGIN" in text:
        text = _PUBLIC.sub(lambda found: " " * len(found.group()), text)
    if ";base64," in text:
        text = _DATA_URL.sub(lambda found: " " * len(found.group()), text)
    return [
        (found.start(), found.end())
        for found in _CANDIDATE.finditer(text)
        if is_random(found.group()) and not _HASHED.search(text[max(0, found.start() - 9) : found.start()].rstrip())
    ]


@lru_cache(maxsize=20_000)
def is_random(text: str) -> bool:
    """Whether a text without spaces looks like a secret that was drawn by lot."""
    bare = text.rstrip("=")
    if not _LEAST <= len(bare) <= _MOST or _INNOCENT.fullmatch(text):
        return False
    kinds = sum(re.search(kind, bare) is not None for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    limit = _RANDOM_OF_THREE_KINDS if kinds == 3 else _RANDOM  # noqa: PLR2004 # all three
    return (
        kinds > 1
        and re.search("[0-9]", bare) is not None
        and entropy(bare) >= limit
        and len(_RUNS.findall(bare)) / len(bare) >= _CHANGES
        and not _CAMEL.fullmatch(bare)
        and not _is_made_of_ids(bare)
        and not _holds_something(text)
    )


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _is_made_of_ids(text: str) -> bool:
    """Whether the parts between hyphens, dots and slashes are words, numbers and hexadecimal digits, as in a slug."""
    parts = [part for part in _WORDS_AROUND.split(text) if part]
    return len(parts) > 1 and all(
        len(part) < LONG or re.fullmatch(r"[0-9a-f]+|[0-9A-F]+|[A-Z]?[a-z]+|[A-Z]+|[a-z]+[0-9]{1,4}", part)
        for part in parts
    )


def _holds_something(text: str) -> bool:
    """Whether it is base64 of a text, which is checked separately, or of an image, a font, an archive."""
    content = from_base64(text)
    if content is None:
        return False
    if content.startswith(_MAGIC):
        return True
    return readable(content) is not None


def from_base64(text: str) -> bytes | None:
    """The bytes that base64 of either alphabet encodes; None if it is not base64."""
    digits = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    if len(digits) % 4 == 1:
        return None
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def readable(content: bytes) -> str | None:
    """The text that bytes are, if somebody could read most of it."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    good = sum(character.isprintable() or character in "\r\n\t" for character in text)
    return text if text and good / len(text) >= _READABLE else None
