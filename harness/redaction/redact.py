"""Removes secrets from a recording before any of it touches the disk.

First everything is looked through for what must be a secret: sensitive configuration values, and whatever a header, a
cookie, a parameter or a field with the name of a credential holds, and tokens of known makers. Then each of these values gets its placeholder,
wherever it turns up and however it is encoded. So a token that one answer gives and a later request sends is the same
placeholder in both, and a replay still fits together.
"""

import base64
import contextlib
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

from harness.redaction.chance import looks_secret
from harness.redaction.credential_forms import JWT
from harness.redaction.credential_names import (
    is_credential_field,
    is_credential_header,
    is_credential_setting,
    is_identifying,
)
from harness.redaction.documents import decoded_text, documents_in, parsed
from harness.redaction.json_texts import all_texts, decoded, mapped, rewritten
from harness.redaction.places import PLACEHOLDER, Place, is_no_secret, is_secret_here, says_none, secret_place, walked
from harness.redaction.secret_finder import Finder
from harness.redaction.secret_forms import LONG, SHORTEST, Secret
from harness.redaction.text_places import SCHEME, Span, is_typed_password, secrets_in
from harness.redaction.url_places import FORM, PARAMETER

Json = Any
Pairs = list[tuple[str, str]]
_WRAPPED = re.compile(r"(?:[A-Za-z0-9+/]{40,}\r?\n)+[A-Za-z0-9+/]*={0,2}\s*\Z")
_COOKIE = re.compile(r"(?P<name>[^=;,\s]+)=(?P<value>\"[^\"]*\"|[^;]*)")
_KEY_LINES = re.compile(r"\\+[nr]|[\s\"',]+")
_FLAG = re.compile(r"(?i)true|false|\d{1,6}|\d+(?:\.\d+)?s?")
# Of a passphrase of several words that it is nothing else can be said from so many characters on.
_PHRASE = 16
_KEPT = 1000
_MOST_KEPT = 50_000
_DEEPEST = 8
_SEEN = 200_000


class Redactor:
    """Knows the secrets of one recording, and replaces them.

    Args:
        also: What else is done to each text; it is given the name of its field, too.
    """

    def __init__(self, also: Callable[[str, str], str] | None = None) -> None:
        self._also = also
        self._placeholders: dict[str, str] = {}
        self._everywhere: dict[str, Secret] = {}
        self._ordered: list[Secret] | None = None
        self._finder: Finder | None = None
        self._focus: list[Secret] | None = None
        self._cleaned: dict[tuple[str, bool, str], str] = {}
        self._has_numbers = False
        self._learned: set[tuple[str, Place]] = set()

    def __len__(self) -> int:
        """How many values got a placeholder."""
        return len(self._placeholders)

    # What is a secret

    def add(self, value: str, *, deep: bool = False) -> bool:
        """Take ``value`` for a secret, to be replaced wherever it turns up.

        Args:
            value: The secret.
            deep: Whether to look for it in base64 of base64, too.

        Returns:
            Whether that can be done: one of three characters is a part of everything.
        """
        if len(value) < SHORTEST:
            return False
        if value not in self._everywhere:
            self._everywhere[value] = Secret(value, self.placeholder(value), deep=deep)
            self._has_numbers = self._has_numbers or value.replace(".", "").lstrip("-").isdigit()
            self._ordered = self._finder = None
            self._cleaned.clear()
        return True

    def add_config(self, name: str, value: Json, *, is_sensitive: bool, is_plain: bool = False) -> bool:
        """Take for secrets what of a configuration value is one, the parts of a list or an object too.

        Args:
            name: Its name.
            value: Its value.
            is_sensitive: Whether the spec says that it is sensitive.
            is_plain: Whether the spec says that it is not, or its type does, such as a URL's.

        Returns:
            Whether all of them can be replaced wherever they turn up.
        """
        done = True

        def take(text: str, place: Place, field: str) -> str:
            nonlocal done
            if (read := parsed(text)) is not None and not isinstance(read, str):
                return str(walked(read, take, place, field))
            if _is_secret_setting(text, place, is_sensitive=is_sensitive):
                done = self.add(text, deep=True) and done
                for part in re.split(r"[,;\s]+", text):  # several tokens, or the lines of a private key
                    if part != text and looks_secret(part):
                        self.add(part, deep=True)
            elif "://" in text and is_sensitive:  # where it is may be known, what it says may not
                for part in re.split(r"[/?&=#]+", text.partition("://")[2].partition("/")[2]):
                    if looks_secret(part):
                        self.add(urllib.parse.unquote(part), deep=True)
            self._learn_within(text, Place.OPEN, deep=True)
            return text

        walked(value, take, _config_place(name, value, is_sensitive=is_sensitive, is_plain=is_plain), name)
        return done

    def learn_headers(self, headers: Pairs) -> None:
        """Take for secrets what cookies and headers with the name of a credential hold."""
        for name, value in headers:
            if name.lower() in ("cookie", "set-cookie"):
                for cookie in _cookies(name, value):
                    self._learn(urllib.parse.unquote(cookie["value"].strip('"')))
                    self._learn(cookie["value"].strip('"'))
            elif is_credential_header(name):
                if not _says_nothing(value):
                    self._learn_credential(value)
            else:
                self._learn_text(value, Place.PLAIN if is_identifying(name) else Place.OPEN, name)

    def learn(self, content: Json) -> None:
        """Take for secrets what its place or its form makes one, whatever is wrapped in what.

        Args:
            content: A text such as a URL or a form, or a JSON value.
        """
        walked(content, self._learn_text)

    def _learn_text(self, text: str, place: Place, name: str) -> str:
        """As :func:`walked` calls it: ``text`` stays as it is."""
        if is_secret_here(text, place):
            if name.lower() in ("cookie", "set-cookie"):
                self.learn_headers([(name, text)])
            else:
                self._learn_credential(text, place)
        self._learn_within(text, place)
        return text

    def _learn_within(self, text: str, place: Place, depth: int = 0, *, deep: bool = False) -> None:
        if len(text) < LONG or (text, place) in self._learned:
            return
        if len(self._learned) < _SEEN:
            self._learned.add((text, place))
        for span in secrets_in(text, by_chance=place is not Place.PLAIN):
            if span.is_sure:
                self._learn_span(text[span.start : span.end], deep=deep)
        if depth < _DEEPEST:
            self._learn_documents(text, place, depth, deep=deep)

    def _learn_documents(self, text: str, around: Place, depth: int, *, deep: bool) -> None:
        """What is inside of a text by what it is, and in the parameters of a URL or a form."""

        def inner(each: str, place: Place, _: str) -> str:
            if is_secret_here(each, place):
                self._learn_credential(each, place)
            self._learn_within(each, place, depth + 1, deep=deep)
            return each

        for document in documents_in(text):
            walked(document, inner, around if isinstance(document, str) else Place.OPEN)
        for _, value in _parameters(text):
            if len(value) >= LONG and value != text:
                self._learn_within(value, Place.PLAIN, depth + 1, deep=deep)

    def _learn_span(self, value: str, *, deep: bool) -> None:
        if "PRIVATE KEY" in value or value.startswith("PuTTY"):
            for line in _KEY_LINES.split(value):
                if looks_secret(line) and len(line) >= _PHRASE:
                    self.add(line, deep=deep)
        else:
            self._learn(urllib.parse.unquote(value) if "%" in value else value, deep=deep)

    def _learn_credential(self, value: str, place: Place = Place.SECRET) -> None:
        """Take for a secret what comes after the scheme, such as ``Bearer``, and the password of ``Basic``."""
        if place is Place.PASSWORD and is_typed_password(value):
            self.add(value)
        scheme = SCHEME.match(value)
        credential = value[scheme.end() :] if scheme else value
        if scheme and not looks_secret(credential):
            credential = value
        self._learn(credential)
        if scheme and scheme.group().strip().lower() == "basic":
            self._learn_login(decoded(credential))
        elif (inside := decoded_text(credential)) is not None:
            self._learn_login(inside.strip())

    def _learn_login(self, login: str) -> None:
        """Take for a secret the password of ``user:password``; with the user before it if it is a word."""
        user, _, password = login.partition(":")
        self._learn(password or login)
        if is_typed_password(password):
            self.add(password)
        elif user and password and not looks_secret(password):
            self.add(login)

    def _learn(self, value: str, *, deep: bool = False) -> None:
        if JWT.fullmatch(value):  # its claims stay readable; without its signature it is worth nothing
            value = value.rpartition(".")[2]
        if looks_secret(value) or (len(value) >= _PHRASE and " " in value.strip() and "://" not in value):
            self.add(value, deep=deep)

    # What takes its place

    @contextlib.contextmanager
    def focus(self, *contents: Json) -> Iterator[None]:
        """Within the block, clean nothing but ``contents``: what is in none of them is looked for once, not in each text."""
        together = "\n".join(text for content in contents for text in all_texts(content))
        before, self._focus = self._focus, self._found_in(together)
        try:
            yield
        finally:
            self._focus = before

    def placeholder(self, value: str) -> str:
        """What takes the place of a value: the same for the same value, none of them a part of another."""
        if JWT.fullmatch(value):
            return self._jwt(value)
        if PLACEHOLDER.fullmatch(value):
            return value
        return self._placeholders.setdefault(value, f"redacted-{len(self._placeholders) + 1:05}")

    def forget_cleaned(self) -> None:
        """Clean every text again, after what else is done to it (see ``also``) has changed."""
        self._cleaned.clear()

    def clean_headers(self, headers: Pairs) -> Pairs:
        """Headers, without cookies' values and without credentials."""
        return [(name, self._clean_header(name.lower(), value)) for name, value in headers]

    def _clean_header(self, name: str, value: str) -> str:
        if name in ("cookie", "set-cookie"):
            for cookie in reversed(list(_cookies(name, value))):
                quote = '"' if cookie["value"].startswith('"') else ""
                given = cookie["value"].strip('"')
                value = (
                    f"{value[: cookie.start('value')]}{quote}{self.placeholder(urllib.parse.unquote(given))}{quote}"
                    f"{value[cookie.end('value') :]}"
                    if given
                    else value
                )
            return self.clean_text(value)
        if is_credential_header(name) and value and not _says_nothing(value):
            return self._clean_credential(value)
        return self.clean_text(value, by_chance=not is_identifying(name))

    def _clean_credential(self, value: str) -> str:
        scheme = SCHEME.match(value)
        start = scheme.end() if scheme else 0
        return value[:start] + self.placeholder(value[start:])

    def clean_config(self, name: str, value: Json, *, is_sensitive: bool, is_plain: bool = False) -> Json:
        """A configuration value without what is secret of it; see :meth:`add_config`."""

        def clean(text: str, place: Place, field: str) -> str:
            if (read := parsed(text)) is not None and not isinstance(read, str):
                cleaned = walked(read, clean, place, field)
                return text if cleaned == read else rewritten(text, cleaned)
            if _is_secret_setting(text, place, is_sensitive=is_sensitive):
                return self.placeholder(text)
            return self.clean_text(text)

        return walked(value, clean, _config_place(name, value, is_sensitive=is_sensitive, is_plain=is_plain), name)

    def clean_texts(self, content: Json) -> Json:
        """A JSON value whose fields are no credentials, whatever their names: a mapping, say."""
        return mapped(content, self.clean_text)

    def clean(self, content: Json) -> Json:
        """A text or a JSON value without secrets; what its place makes a secret is a placeholder."""
        cleaned = walked(content, self._clean_in_place)
        return self._numbers(cleaned) if self._has_numbers else cleaned

    def _numbers(self, content: Json) -> Json:
        """With a placeholder for each number that is a secret elsewhere."""
        if isinstance(content, list):
            return [self._numbers(each) for each in content]
        if isinstance(content, dict):
            return {name: self._numbers(each) for name, each in content.items()}
        if isinstance(content, int | float) and (known := self._everywhere.get(str(content))):
            return known.placeholder
        return content

    def _clean_in_place(self, text: str, place: Place, name: str) -> str:
        if not is_secret_here(text, place):
            return self.clean_text(text, by_chance=place is not Place.PLAIN, field=name)
        if name.lower() in ("cookie", "set-cookie") and "=" in text:
            return self._clean_header(name.lower(), text)
        return self._clean_credential(text) if is_credential_header(name) else self.placeholder(text)

    def clean_bytes(self, content: bytes) -> bytes:
        """Bytes that are no text, without secrets."""
        return self._replaced(content.decode("latin-1")).encode("latin-1", "replace")

    def clean_text(self, text: str, *, by_chance: bool = True, field: str = "") -> str:
        """A text without secrets.

        Args:
            text: The text.
            by_chance: Whether what looks like chance is a secret here.
            field: The name of the field that it is in.
        """
        if (done := self._cleaned.get((text, by_chance, field))) is not None:
            return done
        is_json = parsed(text) is not None  # cleaned value by value
        cleaned = text if is_json else self._clean_spans(text, secrets_in(text, by_chance=by_chance))
        if (inside := self._clean_inside(cleaned, by_chance=by_chance)) is not None:
            cleaned = inside
        elif "\n" in cleaned and _WRAPPED.match(cleaned):
            cleaned = self._clean_wrapped(cleaned)
        cleaned = self._replaced(cleaned)
        if self._also is not None:
            cleaned = self._also(cleaned, field)
        if len(text) < _KEPT and len(self._cleaned) < _MOST_KEPT:
            self._cleaned[text, by_chance, field] = cleaned
        return cleaned

    def _clean_spans(self, text: str, spans: tuple[Span, ...]) -> str:
        for span in reversed(spans):
            value = text[span.start : span.end]
            if "%" in value:
                value = urllib.parse.unquote_plus(value)
            text = text[: span.start] + self.placeholder(value) + text[span.end :]
        return text

    def _clean_inside(self, text: str, *, by_chance: bool) -> str | None:
        """JSON in a text, or a text in base64, without secrets and written in the same way; None where it has none."""
        if (read := parsed(text)) is not None:
            cleaned = self.clean_text(read, by_chance=by_chance) if isinstance(read, str) else self.clean(read)
            return None if cleaned == read else rewritten(text, cleaned)
        if (inside := decoded_text(text)) is None or "redacted-" in inside:
            return None
        cleaned_inside = self.clean_text(inside, by_chance=by_chance)
        if cleaned_inside == inside:
            return None
        return _encoded_like(text, cleaned_inside)

    def _clean_wrapped(self, text: str) -> str:
        """Base64 in lines, as mail and Git hosts write it: a secret may go over the end of one."""
        width, end = text.index("\n"), "\r\n" if "\r\n" in text else "\n"
        joined = "".join(text.split())
        with self.focus(joined):
            cleaned = self._replaced(joined)
        if cleaned == joined:
            return text
        width = len(text[:width].rstrip("\r"))
        lines = [cleaned[place : place + width] for place in range(0, len(cleaned), width)]
        return end.join(lines) + (end if text.endswith("\n") else "")

    def _replaced(self, text: str) -> str:
        for secret in self._secrets() if self._focus is None else self._focus:
            text = secret.replaced_in(text)
        return text

    def _secrets(self) -> list[Secret]:
        """The longest first: a shorter one may be a part of it."""
        if self._ordered is None:
            self._ordered = sorted(self._everywhere.values(), key=lambda secret: -len(secret.value))
        return self._ordered

    def _found_in(self, text: str) -> list[Secret]:
        if self._finder is None:
            self._finder = Finder(self._secrets())
        return sorted(self._finder.found_in(text), key=lambda secret: -len(secret.value))

    def _jwt(self, token: str) -> str:
        """A token that can still be decoded: its claims without secrets, and what stands for its signature.

        One that was made here stays as it is: JSON in a text is cleaned as a text and as JSON, and a token in it has to
        come out as it does where it stands alone.
        """
        head, claims, signature = token.split(".")
        if PLACEHOLDER.fullmatch(decoded(signature)):
            return token
        kept = []
        for part in (head, claims):
            try:
                read = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            except ValueError:
                return self._placeholders.setdefault(token, f"redacted-{len(self._placeholders) + 1:05}")
            with self.focus(read):
                kept.append(json.dumps(self.clean(read), separators=(",", ":")))
        if signature:
            kept.append(self._placeholders.setdefault(token, f"redacted-{len(self._placeholders) + 1:05}"))
        else:
            kept.append("")
        return ".".join(base64.urlsafe_b64encode(each.encode()).decode().rstrip("=") for each in kept)

    def known(self) -> dict[str, str]:
        """The secrets that are replaced wherever they are, each with its placeholder."""
        return {secret.value: secret.placeholder for secret in self._everywhere.values()}


def _cookies(header: str, value: str) -> Iterator[re.Match[str]]:
    """The cookies of a header; of ``Set-Cookie`` the first pair alone, since the rest are its attributes."""
    found = _COOKIE.finditer(value)
    return iter(list(found)[:1]) if header.lower() == "set-cookie" else found


def _parameters(text: str) -> Iterator[tuple[str, str]]:
    if "=" in text:
        for found in PARAMETER.finditer(f"&{text}" if FORM.match(text) else text):
            yield urllib.parse.unquote_plus(found["name"]), urllib.parse.unquote_plus(found["value"])


def _says_nothing(value: str) -> bool:
    """Whether a header with the name of a credential holds none: a flag, a number, an address."""
    return _FLAG.fullmatch(value.strip()) is not None or is_no_secret(value)


def _config_place(name: str, value: Json, *, is_sensitive: bool, is_plain: bool) -> Place:
    """What the spec says decides, then the value, then the name."""
    if is_sensitive:
        return secret_place(name)
    if is_plain or not is_credential_setting(name):
        return Place.OPEN
    # A key may be the name of a key: where nothing else says so, a word is a word.
    is_word = isinstance(value, str) and not is_credential_field(name) and not looks_secret(value)
    return Place.OPEN if is_word else secret_place(name)


def _is_secret_setting(text: str, place: Place, *, is_sensitive: bool) -> bool:
    """Whether a text of a setting is a secret: where the spec says so, a word is one, too, unless its name tells of it."""
    if not text or place not in (Place.SECRET, Place.PASSWORD) or says_none(text):
        return False
    if is_sensitive:
        return True
    return len(text) >= SHORTEST and is_secret_here(text, place)


def _encoded_like(text: str, content: str) -> str:
    """``content`` in base64, as ``text`` has it: with its alphabet, its padding, its lines."""
    before = text[: text.index("base64,") + len("base64,")] if text.startswith("data:") else ""
    bare = text[len(before) :].strip()
    encoded = base64.b64encode(content.encode()).decode()
    if "-" in bare or "_" in bare:
        encoded = encoded.translate(str.maketrans("+/", "-_"))
    if "\n" in bare:
        end = "\r\n" if "\r\n" in bare else "\n"
        width = len(bare.splitlines()[0])
        lines = [encoded[place : place + width] for place in range(0, len(encoded), width)]
        return before + end.join(lines) + (end if text.endswith("\n") else "")
    if not bare.endswith("=") and len(bare) % 4:
        encoded = encoded.rstrip("=")
    return before + encoded + ("\n" if text.endswith("\n") else "")
