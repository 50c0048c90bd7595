"""Takes secrets out of a recording before any of it touches the disk.

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

from harness.credential_forms import ANY_TOKEN, JWT, USER_INFO
from harness.credential_names import fits_the_documented_patterns, is_credential_field, is_credential_header
from harness.discovery.json_texts import all_texts, decoded, mapped, named_texts, parsed, texts
from harness.discovery.secret_finder import Finder
from harness.discovery.secret_forms import LONG, SHORTEST, Secret

Json = Any
Pairs = list[tuple[str, str]]
_PARAMETER = re.compile(r"(?<=[?&;])([A-Za-z0-9_.%\[\]~-]+)=([^&;#\s\"'<>\\]+)")
_FORM = re.compile(r"\A[A-Za-z0-9_.%\[\]~+-]+=[^\s&]*(&[A-Za-z0-9_.%\[\]~+-]+=[^\s&]*)*\Z")
_WRAPPED = re.compile(r"(?:[A-Za-z0-9+/]{40,}\r?\n)+[A-Za-z0-9+/]*={0,2}\s*\Z")
_SCHEME = re.compile(r"\A(?:[A-Za-z][A-Za-z0-9-]*) +(?=\S)")
_COOKIE = re.compile(r"(?P<name>[^=;,\s]+)=(?P<value>\"[^\"]*\"|[^;]*)")
_LETTER_AND_DIGIT = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])", re.DOTALL)
_OURS = re.compile(r"redacted-[0-9]{5,}")
# So long, and without a space, nothing is a word.
_NO_WORD = 20
_KEPT = 1000
_MOST_KEPT = 50_000


class Redactor:
    """Knows the secrets of one recording, and replaces them.

    Args:
        also: What else is done to each text.
    """

    def __init__(self, also: Callable[[str], str] | None = None) -> None:
        self._also = also
        self._placeholders: dict[str, str] = {}
        self._everywhere: dict[str, Secret] = {}
        self._ordered: list[Secret] | None = None
        self._finder: Finder | None = None
        self._focus: list[Secret] | None = None
        self._cleaned: dict[str, str] = {}

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
            self._ordered = self._finder = None
            self._cleaned.clear()
        return True

    def add_config(self, name: str, value: Json, *, is_sensitive: bool) -> bool:
        """Take for secrets what of a configuration value is one, the parts of a list or an object too.

        Args:
            name: Its name.
            value: Its value.
            is_sensitive: Whether the spec says that it is sensitive.

        Returns:
            Whether all of them can be replaced wherever they turn up.
        """
        done = True
        for each in texts(value):
            if is_sensitive or (len(each) >= LONG and fits_the_documented_patterns(name) and "://" not in each):
                done = self.add(each, deep=True) and done
                for part in re.split(r"[,;\s]+", each):  # several tokens, or the lines of a private key
                    if part != each and looks_secret(part):
                        self.add(part, deep=True)
            for _, password in USER_INFO.findall(each):
                self.add(urllib.parse.unquote(password), deep=True)
            for field, part in named_texts(parsed(each)):
                if is_credential_field(field):
                    self.add(part, deep=True)
        return done

    def learn_headers(self, headers: Pairs) -> None:
        """Take for secrets what cookies and headers with the name of a credential hold."""
        for name, value in headers:
            if name.lower() in ("cookie", "set-cookie"):
                for cookie in _cookies(name, value):
                    self._learn(urllib.parse.unquote(cookie["value"].strip('"')))
                    self._learn(cookie["value"].strip('"'))
            elif is_credential_header(name):
                scheme = _SCHEME.match(value)
                credential = value[scheme.end() :] if scheme else value
                self._learn(credential)
                if scheme and scheme.group().strip().lower() == "basic":
                    self._learn(decoded(credential).partition(":")[2])
            else:
                self.learn(value)

    def learn(self, content: Json) -> None:
        """Take for secrets what fields and parameters with the name of a credential hold, and what has the form of one.

        Args:
            content: A text such as a URL or a form, or a JSON value.
        """
        for field, text in named_texts(content):
            if is_credential_field(field):
                self._learn(text)
            for name, value in _parameters(text):
                if is_credential_field(name) or (name == "key" and looks_secret(value)):
                    self._learn(value)
            if "@" in text:
                for _, password in USER_INFO.findall(text):
                    self._learn(urllib.parse.unquote(password))
            for token in ANY_TOKEN.findall(text):
                self._learn(token)

    def _learn(self, value: str) -> None:
        if JWT.fullmatch(value):  # its claims stay readable; without its signature it is worth nothing
            value = value.rpartition(".")[2]
        if looks_secret(value):
            self.add(value)

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
        if _OURS.fullmatch(value):
            return value
        return self._placeholders.setdefault(value, f"redacted-{len(self._placeholders) + 1:05}")

    def forget_cleaned(self) -> None:
        """Clean every text anew, after what is done to it besides (see ``also``) has changed."""
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
        if is_credential_header(name) and value:
            scheme = _SCHEME.match(value)
            start = scheme.end() if scheme else 0
            return value[:start] + self.placeholder(value[start:])
        return self.clean_text(value)

    def clean_config(self, name: str, value: Json, *, is_sensitive: bool) -> Json:
        """A configuration value; all texts of a sensitive one are placeholders."""
        if is_sensitive or fits_the_documented_patterns(name):
            return mapped(value, lambda text: self.placeholder(text) if "://" not in text else self.clean_text(text))
        return self.clean(value)

    def clean_texts(self, content: Json) -> Json:
        """A JSON value whose fields are no credentials, whatever their names: a mapping, say."""
        return mapped(content, self.clean_text)

    def clean(self, content: Json) -> Json:
        """A text or a JSON value without secrets; fields with the name of a credential hold placeholders."""
        if isinstance(content, str):
            return self.clean_text(content)
        if isinstance(content, list):
            return [self.clean(each) for each in content]
        if isinstance(content, dict):
            return {self.clean_text(name): self._clean_field(name, each) for name, each in content.items()}
        if isinstance(content, int | float) and (known := self._everywhere.get(str(content))):
            return known.placeholder
        return content

    def _clean_field(self, name: str, value: Json) -> Json:
        if isinstance(value, str) and value and is_credential_field(name):
            return self.placeholder(value)
        return self.clean(value)

    def clean_bytes(self, content: bytes) -> bytes:
        """Bytes that are no text, without secrets."""
        return self._replaced(content.decode("latin-1")).encode("latin-1", "replace")

    def clean_text(self, text: str) -> str:
        """A text without secrets."""
        if (done := self._cleaned.get(text)) is not None:
            return done
        cleaned = text
        if "eyJ" in cleaned:
            cleaned = JWT.sub(lambda found: self._jwt(found.group()), cleaned)
        if "=" in cleaned:
            cleaned = self._clean_parameters(cleaned)
        if "@" in cleaned:
            cleaned = USER_INFO.sub(
                lambda found: f"{found[1]}:{self.placeholder(urllib.parse.unquote(found[2]))}", cleaned
            )
        if "\n" in cleaned and _WRAPPED.match(cleaned):
            cleaned = self._clean_wrapped(cleaned)
        cleaned = self._replaced(cleaned)
        if self._also is not None:
            cleaned = self._also(cleaned)
        if len(text) < _KEPT and len(self._cleaned) < _MOST_KEPT:
            self._cleaned[text] = cleaned
        return cleaned

    def _clean_parameters(self, text: str) -> str:
        def clean(found: re.Match[str]) -> str:
            name, value = urllib.parse.unquote_plus(found[1]), urllib.parse.unquote_plus(found[2])
            if is_credential_field(name) or (name == "key" and looks_secret(value)):
                return f"{found[1]}={self.placeholder(value)}"
            return found.group()

        if _FORM.match(text):
            return _PARAMETER.sub(clean, f"&{text}")[1:]
        return _PARAMETER.sub(clean, text) if "://" in text or text.startswith(("/", "?")) else text

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
        """A token that can still be decoded: its claims without secrets, and what stands for its signature."""
        head, claims, signature = token.split(".")
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


def looks_secret(value: str) -> bool:
    """Whether a value can hardly be anything but a secret: long, and no word."""
    return (
        len(value) >= LONG
        and not any(character.isspace() for character in value)
        and "://" not in value
        and (len(value) >= _NO_WORD or _LETTER_AND_DIGIT.match(value) is not None)
    )


def _cookies(header: str, value: str) -> Iterator[re.Match[str]]:
    """The cookies of a header; of ``Set-Cookie`` the first pair alone, since the rest are its attributes."""
    found = _COOKIE.finditer(value)
    return iter(list(found)[:1]) if header.lower() == "set-cookie" else found


def _parameters(text: str) -> Iterator[tuple[str, str]]:
    if "=" in text:
        for name, value in _PARAMETER.findall(f"&{text}" if _FORM.match(text) else text):
            yield urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(value)
