"""Looks for unknown secrets in what was written: by the form of a token, by its name, by its randomness.

The forms are detect-secrets' own. It shares nothing with what replaces secrets (:mod:`harness.redaction.redact`), so it is
not blind to what that is blind to; where it is too suspicious, somebody looks and allows the place.
"""

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from harness.redaction import leak_scan

# What they look for is a name or a word as often as a secret: the first of each kind would stop a recording.
_TOO_EAGER = frozenset(
    {
        *("Artifactory Credentials", "Base64 High Entropy String", "Hex High Entropy String", "IBM Cloud IAM Key"),
        *(
            "IBM COS HMAC Credentials",
            "Public IP (ipv4)",
            "Secret Keyword",
            "SoftLayer Credentials",
            "Cloudant Credentials",
        ),
        "JSON Web Token",  # one that was cleaned can still be read
    }
)
_REQUESTS = ("third_party_requests", "port_requests")
_PLACEHOLDER = re.compile(r"redacted-\d{5,}")
_NAME = re.compile(
    r"(?i)(?:password|passwd|passphrase|client_?secret|secret_?(?:access_?)?key|api_?key|private_?key)\Z"
)
_TYPED = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])[^\s{}<>$]{10,}")
_PAGED_OR_ID = re.compile(
    r"(?i)(?:id|sha\d*|hash|digest|e-?tag|cursor|token|after|before|checksum|integrity|fingerprint|kid|image|avatar|icon|"
    r"content|data|cert\w*|x5\w+|match|marker|next|ref|revision|version|nonce|trace\w*|body|\$base64|signature|\b[nxye])\Z"
)
_CHANCE = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9+/_-]{32,128}={0,2}")
_LONG = re.compile(r"[A-Za-z0-9+/_-]{40}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F-]+")
_RANDOM, _RANDOM_UNDER_A_NAME = 4.5, 3.0  # bits a character
_DEEPEST = 3


def suspects(content: bytes, allowed: Collection[str] = ()) -> dict[str, str]:
    """What looks like a secret in a recording.

    Args:
        content: The recording, a JSON object.
        allowed: Places where nothing is looked for; ``[*]`` stands for any index.

    Returns:
        The place of each, as in ``third_party_requests[3].response_body.items[0].memo``, with what it looks like.
    """
    excused = [re.compile(re.escape(each).replace(r"\[\*\]", r"\[\d+\]")) for each in allowed]
    found = {}
    for place, name, text in _texts(json.loads(content), "", ""):
        what = _form(text) or (place.startswith(_REQUESTS) and _by_name_or_chance(name, text))
        if what and not any(each.fullmatch(place) for each in excused):
            found[place] = str(what)
    return found


def _texts(content: Any, place: str, name: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(content, str):
        yield place, name, content
    elif isinstance(content, list):
        for number, each in enumerate(content):
            yield from _texts(each, f"{place}[{number}]", name)
    elif isinstance(content, dict):
        for field, each in content.items():
            yield from _texts(each, f"{place}.{field}" if place else field, field)


@lru_cache(maxsize=50_000)
def _form(text: str) -> str:
    """The kind of token, key or password that a text has, be it wrapped in base64 or in compressed bytes."""
    if len(text) < 16 or _HEXADECIMAL.fullmatch(text):  # noqa: PLR2004 # no token is shorter
        return ""
    level = {text.encode(errors="replace"): ""}
    for _ in range(_DEEPEST if _LONG.search(text) else 1):
        for piece, around in level.items():
            if kind := _kind(_PLACEHOLDER.sub("", piece.decode(errors="replace"))):
                return f"{kind}, in {around}" if around else kind
        level = dict(leak_scan.unwrapped(level))
    return ""


def _kind(text: str) -> str:
    return next((kind for kind, form in _forms() if form.search(text)), "")


@lru_cache(maxsize=1)
def _forms() -> list[tuple[str, re.Pattern[str]]]:
    from detect_secrets.core.plugins.util import (  # noqa: PLC0415 # takes a moment, and comes with an extra
        get_mapping_from_secret_type_to_class,
    )

    plugins: dict[str, Any] = get_mapping_from_secret_type_to_class()
    return [(kind, form) for kind, plugin in plugins.items() if kind not in _TOO_EAGER for form in plugin.denylist]


def _by_name_or_chance(name: str, text: str) -> str:
    if _PLACEHOLDER.search(text) or "://" in text:
        return ""
    if _NAME.search(name) and _TYPED.fullmatch(text) and _entropy(text) >= _RANDOM_UNDER_A_NAME:
        return f"a value under the name {name}"
    if (
        _CHANCE.fullmatch(text)
        and not _PAGED_OR_ID.search(name)
        and _entropy(text) > _RANDOM
        and not _can_be_read(text)
    ):
        return "a text that looks random"
    return ""


def _can_be_read(text: str) -> bool:
    try:
        content = base64.b64decode(text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4))
        return content.decode().isprintable()
    except (binascii.Error, UnicodeDecodeError):
        return False


def _entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
