"""The forms in which a secret turns up: plain, URL-encoded, escaped in JSON or HTML, in base64, in hex.

Characters that no encoding touches are looked for first: most texts hold none of them, and that answer is quick.
"""

import base64
import binascii
import json
import re
import urllib.parse
from collections.abc import Iterator
from functools import cached_property

# Shorter ones are words of every language: replaced only where they stand alone, see `Secret`.
LONG = 8
SHORTEST = 4
_UNTOUCHED = re.compile(r"[A-Za-z0-9]+")
_BASE64 = r"A-Za-z0-9+/\-_"
_RUN = re.compile(rf"[{_BASE64}]*={{0,2}}")
_BACKSLASHES = r"\\{1,16}"
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}
# By the place of a secret's first byte in a group of three: the characters of its group that belong to others, too.
_SHARED_BEFORE = (0, 2, 3)


class Secret:
    """One secret, and what takes its place.

    Args:
        value: The secret. Below ``LONG`` characters it counts only between characters that are no letters or digits.
        placeholder: What takes its place: letters, digits and hyphens.
        deep: Whether to look for it in base64 of base64, too.
    """

    def __init__(self, value: str, placeholder: str, *, deep: bool = True) -> None:
        self.value = value
        self.placeholder = placeholder
        self._deep = deep

    @property
    def is_long(self) -> bool:
        """Whether it is unlikely to be a part of something else."""
        return len(self.value) >= LONG

    @cached_property
    def _core(self) -> str:
        return max(_UNTOUCHED.findall(self.value), key=len, default="")

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        pattern = "".join(_any_form(character) for character in self.value)
        if not self.is_long:
            pattern = rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])"
        return re.compile(rf"(?<!redacted-){pattern}")

    @cached_property
    def _hex(self) -> list[str]:
        raw = self.value.encode().hex()
        return [raw, raw.upper()] if self.is_long else []

    @cached_property
    def _base64(self) -> list[tuple[str, int]]:
        """What is the same in every base64 text that has it, with the place of its first byte in a group of three."""
        return list(dict.fromkeys(_cores(self.value.encode()))) if self.is_long else []

    @cached_property
    def _wrapped(self) -> list[str]:
        """Base64 in another form, URL-encoded or in base64 again; and another form in base64, as in a cursor."""
        found = [urllib.parse.quote(core, safe="") for core, _ in self._base64 if "+" in core or "/" in core]
        if self.is_long:
            found += [core for each in self._escaped for core, _ in _cores(each.encode())]
        if self._deep:
            found += [again for core, _ in self._base64 for again, _ in _cores(core.encode())]
        return list(dict.fromkeys(found))

    @property
    def _escaped(self) -> set[str]:
        """As URLs and JSON have it, where that is not how it is."""
        forms = {urllib.parse.quote(self.value, safe=safe) for safe in ("", "/", "/:?=&+,;@!$'()*~")}
        forms |= {urllib.parse.quote_plus(self.value)}
        forms |= {json.dumps(self.value, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)}
        return forms - {self.value}

    def needles(self) -> list[str]:
        """Texts one of which is in every text that has it in any form; an empty one says nothing."""
        return [self._core, *(core for core, _ in self._base64), *self._hex, *self._wrapped]

    def is_in(self, text: str) -> bool:
        """Whether ``text`` has it in any form."""
        return (
            (self._core in text and self._plain.search(text) is not None)
            or any(core in text for core, _ in self._base64)
            or any(each in text for each in self._hex)
            or any(each in text for each in self._wrapped)
        )

    def replaced_in(self, text: str) -> str:
        """``text`` with the placeholder in the place of each form, in the same form where that can be read back."""
        if self._core in text:
            text = self._plain.sub(self.placeholder, text)
        for each in self._hex:
            if each in text:
                text = text.replace(each, self.placeholder.encode().hex())
        for core, shift in self._base64:
            while (at := text.find(core)) >= 0:
                text = self._replaced_in_base64(text, at, core, shift)
        for each in self._wrapped:
            text = text.replace(each, self.placeholder)
        return text

    def _replaced_in_base64(self, text: str, at: int, core: str, shift: int) -> str:
        """Decode from the group that has the secret's first byte to the end of the run, replace there, encode again."""
        start = at - _SHARED_BEFORE[shift]
        run = _RUN.match(text, max(start, 0))
        whole = run.group() if run else ""
        is_url_safe = "-" in whole or "_" in whole
        digits = whole.rstrip("=").translate(str.maketrans("-_", "+/"))
        raw = self.value.encode()
        try:
            content = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
        except binascii.Error:
            content = b""
        if start < 0 or raw not in content:
            return text[:at] + self.placeholder + text[at + len(core) :]
        encoded = base64.b64encode(content.replace(raw, self.placeholder.encode())).decode()
        if is_url_safe:
            encoded = encoded.translate(str.maketrans("+/", "-_"))
        if not whole.endswith("=") and len(digits) % 4:
            encoded = encoded.rstrip("=")
        return text[:start] + encoded + text[start + len(whole) :]


def _any_form(character: str) -> str:
    """A regular expression for one character, as it is or as any encoding in use writes it."""
    if _UNTOUCHED.fullmatch(character):
        return character
    if character == "\\":
        return rf"(?:{_BACKSLASHES}(?:u005[cC])?|%(?:25)*5[cC]|&#92;)"
    quoted = "".join(f"%{byte:02X}" for byte in character.encode())
    # JSON in JSON has a backslash more for each time that it was written.
    escaped = "".join(f"{_BACKSLASHES}u(?i:{unit:04x})" for unit in _utf16(character))
    plain = [character, _HTML.get(character, ""), f"&#{ord(character)};", "+" if character == " " else ""]
    if not character.isascii():  # a text that is no UTF-8 is looked at byte by byte
        plain.append(character.encode().decode("latin-1"))
    forms = [*map(re.escape, filter(None, plain)), f"(?i:{quoted.replace('%', '%(?:25)*')})", escaped]
    forms.append(_BACKSLASHES + {"\n": "n", "\r": "r", "\t": "t"}.get(character, re.escape(character)))
    return f"(?:{'|'.join(sorted(dict.fromkeys(forms), key=len, reverse=True))})"


def _utf16(character: str) -> Iterator[int]:
    raw = character.encode("utf-16-be", "surrogatepass")
    for place in range(0, len(raw), 2):
        yield int.from_bytes(raw[place : place + 2], "big")


def _cores(raw: bytes) -> Iterator[tuple[str, int]]:
    for shift, shared in enumerate(_SHARED_BEFORE):
        encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        # Where the last byte does not end a group, its last character depends on what follows.
        core = encoded[shared : len(encoded) - (1 if (shift + len(raw)) % 3 else 0)]
        yield core, shift
        yield core.translate(str.maketrans("+/", "-_")), shift
