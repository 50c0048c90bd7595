"""Replaces real people with made-up ones: e-mail addresses, and names in fields that only people have.

A value always becomes the same, in this run and the next, so a replay still fits together.
"""

import hashlib
import re
import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faker import Faker

Json = Any
_EMAIL = re.compile(
    r"(?:(?<![A-Za-z0-9._%+-])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))(?!git@|ssh@)[A-Za-z0-9_][A-Za-z0-9._+-]*(?:%2[Bb][A-Za-z0-9._+-]*)*(?P<at>@|%40)"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}(?![A-Za-z0-9@])"
)
# A field by its name without separators, and the kind of name that it has.
_ALWAYS = {
    "firstname": "first",
    "givenname": "first",
    "lastname": "last",
    "familyname": "last",
    "surname": "last",
    "realname": "whole",
    "authorname": "whole",
    "committername": "whole",
}
# Other things have these, too: only where one of the marks is beside them.
_OF_A_PERSON = {"name": "whole", "displayname": "whole", "fullname": "whole"}
_MARKS = frozenset(
    {"email", "emailaddress", "mail", "useremail", "userprincipalname", "accountid", "avatarurls", "firstname"}
)
_WORD = re.compile(r"\w+")
_SHORTEST_SUBSTRING = 5


class People:
    """The people of one recording."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._emails: dict[str, str] = {}
        self._used: set[str] = set()
        self._faker: Faker | None = None
        # What is looked for, and what takes its place, by its first word.
        self._by_first_word: dict[str, list[tuple[str, str]]] = {}

    def __len__(self) -> int:
        """How many names and addresses were replaced."""
        return len(self._names) + len(self._emails)

    def learn(self, content: Json) -> None:
        """Take for people's names what fields that only people have hold."""
        if isinstance(content, list):
            for each in content:
                self.learn(each)
        elif isinstance(content, dict):
            fields = {_bare(name): name for name in content}
            known = _ALWAYS | (_OF_A_PERSON if _MARKS.intersection(fields) else {})
            for bare, kind in known.items():
                value = content.get(fields.get(bare, ""))
                if isinstance(value, str) and value.strip() and not _EMAIL.fullmatch(value):
                    self._name(value, kind)
            for each in content.values():
                if isinstance(each, list | dict):
                    self.learn(each)

    def clean_text(self, text: str) -> str:
        """A text without addresses, and without the names learned; a name of one word only where it stands alone."""
        if text in self._names:
            return self._names[text]
        if "@" in text or "%40" in text:
            text = _EMAIL.sub(lambda found: self._email(found.group(), found["at"]), text)
        if self._by_first_word and any(each in text for each in (" ", "+", "%20")):
            for word in self._by_first_word.keys() & _WORD.findall(text):
                text = self._whole_name(word, text)
        return text

    def left_in(self, text: str) -> list[str]:
        """What stands for the addresses that ``text`` still has."""
        found = {each.group().replace("%40", "@") for each in _EMAIL.finditer(text)}
        return [self._emails[address] for address in sorted(found & self._emails.keys())]

    def _whole_name(self, word: str, text: str) -> str:
        """``text`` with a made-up name for each of those that begin with ``word``."""
        for form, fake in self._by_first_word[word]:
            if form in text:
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", fake, text)
        return text

    def _name(self, value: str, kind: str) -> None:
        if value not in self._names:
            makers: dict[str, Callable[[Faker], str]] = {
                "first": lambda fake: fake.first_name(),
                "last": lambda fake: fake.last_name(),
                "whole": lambda fake: f"{fake.first_name()} {fake.last_name()}",
            }
            fake = self._names[value] = self._fake(value, makers[kind])
            if " " not in value or len(value) < _SHORTEST_SUBSTRING:
                return
            for quote in (str, urllib.parse.quote, urllib.parse.quote_plus):
                form = quote(value)
                if word := _WORD.search(form):
                    self._by_first_word.setdefault(word.group(), []).append((form, quote(fake)))

    def _email(self, written: str, at: str) -> str:
        address = urllib.parse.unquote(written) if at == "%40" else written
        if address in self._used:  # one of ours
            return written
        if address not in self._emails:
            self._emails[address] = self._fake(
                address.lower(),
                lambda fake: f"{fake.first_name()}.{fake.last_name()}.{fake.pyint(100, 999)}@example.org".lower(),
            )
        return self._emails[address].replace("@", at)

    def _fake(self, value: str, make: Callable[["Faker"], str]) -> str:
        if self._faker is None:
            from faker import Faker  # noqa: PLC0415 # takes a second, and only this needs it

            self._faker = Faker("en_US")
        fake = self._faker
        fake.seed_instance(int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "big"))
        made = make(fake)
        while made in self._used:
            made = make(fake)
        self._used.add(made)
        return made


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
