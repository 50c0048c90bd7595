"""Replaces real people with made-up ones: names, e-mail addresses, logins, telephone numbers, postal addresses.

A person is the same made-up one wherever: each word of a name has one that stands for it, so that "Ada Lovelace",
"Lovelace, Ada", ``ada.lovelace@…`` and a first name in a field of its own fit together, in this run and the next.
"""

import hashlib
import html
import json
import re
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from harness.redaction import person_fields, person_names, person_texts
from harness.redaction.documents import documents_in, parsed
from harness.redaction.person_names import FIRST, LAST, WHOLE

if TYPE_CHECKING:
    from faker import Faker

Json = Any
NAME, EMAIL, LOGIN, PHONE, ADDRESS = "name", "e-mail address", "login", "phone number", "postal address"
_WORD = re.compile(r"\w+")
_MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[A-Za-z]{2,}")
_LOGIN_IN_TEXT = re.compile(r"(?:(?<=[/@=~:\"'])|\A)(?P<login>[A-Za-z][A-Za-z0-9._-]{3,39})(?=[/?&#\"'<>\s,;)]|\Z)")
# Below such a field, what holds for an object holds for what is in it, too.
_WRAPPERS = frozenset(
    {
        "node",
        "nodes",
        "edges",
        "data",
        "user",
        "users",
        "profile",
        "attributes",
        "values",
        "items",
        "identity",
        "person",
    }
)
_THINGS = frozenset(
    {"organization", "organisation", "team", "bot", "service", "group", "app", "application", "company", "squad", "org"}
)
_TYPES = frozenset({"type", "__typename", "kind", "actorType", "accountType", "objectType"})
# How a text is written in others, and what mappings make of names.
_ENCODINGS: tuple[Callable[[str], str], ...] = (
    str,
    urllib.parse.quote,
    urllib.parse.quote_plus,
    html.escape,
    lambda text: json.dumps(text)[1:-1],
)
_SLUGS: tuple[Callable[[str], str], ...] = (
    str.lower,
    str.upper,
    str.title,
    lambda text: text.lower().replace(" ", "-"),
    lambda text: text.lower().replace(" ", "_"),
    lambda text: text.lower().replace(" ", "."),
)
_SHORTEST_SUBSTRING = 5
_LONGEST_TEXT = 2_000_000
_SHORTEST_NUMBER = 9
_DEEPEST, _TRIES, _KEPT = 5, 60, 100_000


class People:
    """The people of one recording."""

    def __init__(self) -> None:
        # What is replaced where it is all of a text: the kind, and what kind of name it is.
        self._whole: dict[str, tuple[str, str]] = {}
        self._logins: dict[str, str] = {}
        self._fields: dict[str, set[str]] = {}  # of names that are words for something else, too
        self._names_of: dict[str, str] = {}  # by address or login
        self._fakes: dict[tuple[str, str], str] = {}
        self._used: set[str] = set()
        self._whose: dict[tuple[str, str], tuple[str, str]] = {}
        self._faker: Faker | None = None
        # What is looked for in texts, with the kind and how it is encoded, by its first word.
        self._by_first_word: dict[str, list[tuple[str, str, Callable[[str], str]]]] = {}
        self._learned: set[tuple[str, bool]] = set()
        self._replaced: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        """How many names, addresses and so on were replaced."""
        return len(self._replaced)

    # Who is one

    def learn(self, content: Json) -> None:
        """Take for people whom a value names: by fields, by what is beside them, or by forms in texts, to any depth.

        Args:
            content: A body, the parameters of a URL, or headers by name.
        """
        self._learn(content, role=False, depth=0)

    def _learn(self, content: Json, *, role: bool, depth: int) -> None:
        if isinstance(content, str):
            self._learn_text(content, role=role, depth=depth)
        elif isinstance(content, list):
            for each in content:
                self._learn(each, role=role, depth=depth)
        elif isinstance(content, dict):
            role = role and not _is_thing(content)
            self._learn_object(content, role=role)
            for field, each in content.items():
                if isinstance(field, str):
                    inner = person_names.is_role(field) or (role and field.lower() in _WRAPPERS)
                    # Of a text with a name of its own, the field was looked at above.
                    self._learn(each, role=inner and not isinstance(each, str), depth=depth)

    def _learn_object(self, fields: dict[str, Json], *, role: bool) -> None:
        fields = {
            field: _composed(each if person_names.is_role(str(field)) else _value_of(each))
            for field, each in fields.items()
        }
        parts: dict[str, str] = {}
        for field, value, kind in () if _is_thing(fields) else person_names.names_in(fields, role):
            if not person_texts.EMAIL.fullmatch(value):
                self._add_name(value, kind)
                self._add_field(field, value)
                parts.setdefault(kind, value)
        self._learn_places(fields)
        mails = [each for each in fields.values() if isinstance(each, str) and _MAIL.fullmatch(each)]
        name = parts.get(WHOLE) or (f"{parts[FIRST]} {parts[LAST]}" if parts.keys() >= {FIRST, LAST} else "")
        if name:
            self._add_name(name, WHOLE)
            for mail in mails:
                self._names_of.setdefault(mail.lower(), name)
        if name or mails:
            for login in person_names.logins_in(fields):
                self._logins.setdefault(login, LOGIN)
                self._names_of.setdefault(login, name or mails[0])

    def _learn_places(self, fields: dict[str, Json]) -> None:
        for field, value in _with_their_lists(fields):
            if person_texts.is_phone(field, value):
                self._add_phone(value)
            elif person_texts.is_street(field, value):
                self._add_street(value)

    def _learn_text(self, text: str, *, role: bool, depth: int) -> None:
        if len(text) < _SHORTEST_SUBSTRING or len(text) > _LONGEST_TEXT or (text, role) in self._learned:
            return
        if len(self._learned) < _KEPT:
            self._learned.add((text, role))
        text = _composed(text)
        if role and person_names.looks_like_one(text):
            self._add_name(text, WHOLE)
        self._learn_forms(text)
        if depth >= _DEEPEST:
            return
        for document in documents_in(text):
            self._learn(document, role=role and not isinstance(document, str), depth=depth + 1)
        query = text.partition("?")[2] or text
        if "=" in query and not any(map(str.isspace, query)):
            self._learn(dict(urllib.parse.parse_qsl(query)), role=False, depth=_DEEPEST)

    def _learn_forms(self, text: str) -> None:
        for name, mail in person_texts.named_in(text):
            if mail or person_names.looks_like_one(name):
                self._add_name(name, WHOLE)
            if mail:
                self._names_of.setdefault(mail.lower(), name)
        for street in person_texts.streets_in(text):
            self._add_street(street)

    def _add_name(self, value: str, kind: str) -> None:
        value = value.strip()
        if value in self._whole or not value:
            return
        self._whole[value] = NAME, kind
        if kind == WHOLE and " " in value and len(value) >= _SHORTEST_SUBSTRING:
            self._look_for(value, NAME)
            first, _, last = value.rpartition(" ")
            if "," not in value:
                self._look_for(f"{last}, {first}", NAME)

    def _add_field(self, field: str, value: str) -> None:
        value = value.strip()
        if " " not in value and person_names.is_common(value):
            self._fields.setdefault(value, set()).add(person_names.bare_of(field))

    def _add_phone(self, value: str) -> None:
        value = value.strip()
        if value in self._whole or value in self._used:
            return
        self._whole[value] = PHONE, ""
        # Digits alone may be a number of anything.
        if not value.isdigit() or len(value) >= _SHORTEST_NUMBER:
            self._look_for(value, PHONE)

    def _add_street(self, value: str) -> None:
        self._whole.setdefault(value, (ADDRESS, ""))
        if " " in value:
            self._look_for(value, ADDRESS)

    def _look_for(self, value: str, kind: str) -> None:
        written: set[str] = set()
        for encode in (*_ENCODINGS, *(_SLUGS if kind == NAME else ())):
            form = encode(value)
            if form not in written and (word := _WORD.search(form)):
                written.add(form)
                known = self._by_first_word.setdefault(word.group(), [])
                known.append((form, kind, encode))
                known.sort(key=lambda each: -len(each[0]))
                self._fakes.setdefault((f"form of {kind}", form), value)

    # What takes their place

    def clean_text(self, text: str, field: str = "") -> str:
        """A text without people.

        A name of one word, or a login, is replaced only where it stands alone: as all of a text, or of a field of XML, YAML,
        CSV, a form and so on. One that is a word for something else, too, is replaced only in fields where it was a name.

        Args:
            text: The text.
            field: The name of the field that it is in.
        """
        # Two ways to write an accent are one name; what is not replaced stays as it is written.
        composed = _composed(text)
        cleaned = self._cleaned(composed, set(), field)
        return text if cleaned == composed else cleaned

    def kinds_in(self, text: str, field: str = "") -> set[str]:
        """What of people a text has: the kinds of it."""
        kinds: set[str] = set()
        self._cleaned(_composed(text), kinds, field)
        return kinds

    def left_in(self, text: str) -> list[str]:
        """What stands for the people whom ``text`` still names."""
        mails = {each.group().replace("%40", "@") for each in person_texts.EMAIL.finditer(text)}
        left = [fake for (kind, value), fake in self._fakes.items() if kind == EMAIL and value in mails]
        for word in sorted(self._by_first_word.keys() & set(_WORD.findall(text))):
            for form, kind, _ in self._by_first_word[word]:
                if form in text and re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text):
                    left.append(self._fake_of(kind, _part_of(kind), self._value_of(kind, form)))
        plain = text.replace("\\n", "\n").replace('\\"', '"')

        def take(field: str, value: str) -> None:
            if value not in self._used and (other := self._alone(value, field, set())) is not None:
                left.append(other)

        person_fields.replaced(plain, take)
        return sorted(set(left))

    def _cleaned(self, text: str, kinds: set[str], field: str) -> str:
        if (other := self._alone(text, field, kinds)) is not None:
            return other
        # JSON was cleaned value by value.
        if (self._whole or self._logins) and not text.isalnum() and parsed(text) is None:
            text = person_fields.replaced(text, lambda name, value: self._alone(value, name, kinds))
        text = self._clean_in_place(text, kinds)
        if "@" in text or "%40" in text:
            text = person_texts.EMAIL.sub(lambda found: self._email(found.group(), found["at"], kinds), text)
        if self._by_first_word and not text.isalnum():
            for word in sorted(self._by_first_word.keys() & set(_WORD.findall(text))):
                text = self._clean_word(word, text, kinds)
        if self._logins and any(each in text for each in "/@=~:"):
            text = _LOGIN_IN_TEXT.sub(lambda found: self._login(found["login"], kinds), text)
        if "+" in text or "(" in text or "00" in text:
            text = person_texts.PHONE.sub(lambda found: self._phone(found.group(), kinds), text)
        return text

    def _alone(self, text: str, field: str, kinds: set[str]) -> str | None:
        """What takes the place of all of a text, or of a field; None where it names nobody."""
        known = self._whole.get(text) or self._whole.get(text.strip())
        if known is not None and (text not in self._used or known[1] in (FIRST, LAST)):
            fields = self._fields.get(text.strip())
            if fields is None or person_names.bare_of(field) in fields:
                kinds.add(known[0])
                return self._fake_of(*known, text.strip())
        if text in self._logins:
            kinds.add(LOGIN)
            return self._fake_of(LOGIN, "", text)
        return None

    def _clean_in_place(self, text: str, kinds: set[str]) -> str:
        """A text with made-up names where its form says that there is one, even if it is of one word."""
        if "@" not in text or ("<" not in text and "&lt;" not in text):
            return text

        def fake(name: str, mail: str) -> str:
            if name in self._used or mail in self._used:
                return name
            kinds.add(NAME)
            return self._fake_of(NAME, WHOLE, name)

        return person_texts.with_names_replaced(text, fake)

    def _clean_word(self, word: str, text: str, kinds: set[str]) -> str:
        """``text`` without the names and streets that begin with ``word``."""
        for form, kind, encode in self._by_first_word[word]:
            if form in text:
                fake = encode(self._fake_of(kind, _part_of(kind), self._value_of(kind, form)))
                text, count = re.subn(rf"(?<!\w){re.escape(form)}(?!\w)", fake.replace("\\", r"\\"), text)
                if count:
                    kinds.add(kind)
        return text

    def _value_of(self, kind: str, form: str) -> str:
        return self._fakes[f"form of {kind}", form]

    def _email(self, written: str, at: str, kinds: set[str]) -> str:
        address = urllib.parse.unquote(written) if at == "%40" else written
        if address in self._used:  # one of ours
            return written
        kinds.add(EMAIL)
        return self._fake_of(EMAIL, "", address).replace("@", at)

    def _login(self, login: str, kinds: set[str]) -> str:
        if login not in self._logins:
            return login
        kinds.add(LOGIN)
        return self._fake_of(LOGIN, "", login)

    def _phone(self, number: str, kinds: set[str]) -> str:
        if number in self._used or sum(map(str.isdigit, number)) < 8:  # noqa: PLR2004 # with the country's digits
            return number
        kinds.add(PHONE)
        return self._fake_of(PHONE, "", number)

    def _fake_of(self, kind: str, part: str, value: str) -> str:
        """What takes the place of a value, always the same."""
        self._replaced.add((kind, value))
        key = (f"{kind} {part}".strip(), value)
        if key not in self._fakes:
            makers: dict[str, Callable[[str, str], str]] = {
                NAME: self._made_up_name,
                EMAIL: self._made_up_email,
                LOGIN: self._made_up_login,
                PHONE: self._made_up_phone,
                ADDRESS: self._made_up_street,
            }
            made = makers[kind](value, part)
            self._fakes[key] = made
            self._used.add(made)
        return self._fakes[key]

    def _made_up_name(self, value: str, part: str) -> str:
        if part in (FIRST, LAST):
            return self._word(value, part)
        first, last = _first_and_last(value)
        if not last:
            return " ".join((self._word(first, FIRST), self._word(first, LAST)))
        made_up, family = self._word(first, FIRST), self._word(last, LAST)
        if self._whose.setdefault((made_up, family), (first, last)) != (first, last):
            made_up = f"{made_up} {first[:1].upper()}."  # somebody else's
        return f"{family}, {made_up}" if "," in value else f"{made_up} {family}"

    def _made_up_email(self, value: str, _: str) -> str:
        first, last = self._words_of(value)
        return self._unused(value, lambda fake: f"{first}.{last}.{fake.pyint(100, 999)}@example.org".lower())

    def _made_up_login(self, value: str, _: str) -> str:
        first, last = self._words_of(value)
        return self._unused(value, lambda fake: f"{first}{last}{fake.pyint(10, 99)}".lower())

    def _made_up_phone(self, value: str, _: str) -> str:
        # Numbers that are set aside for fiction.
        plus = "" if value.strip()[0] != "+" else "+"
        return self._unused(value, lambda fake: f"{plus}1 {fake.pyint(200, 989)} 555 01{fake.pyint(0, 99):02}")

    def _made_up_street(self, value: str, _: str) -> str:
        return self._unused(value, lambda fake: f"{fake.street_address()}, {fake.city()}".replace("\n", ", "))

    def _words_of(self, address: str) -> tuple[str, str]:
        """The made-up name of whom an address or a login is."""
        name = self._names_of.get(address.lower(), self._names_of.get(address, ""))
        if "@" in name:
            name = self._names_of.get(name.lower(), name)
        if "@" in name or not name:
            local = (name or address).partition("@")[0].partition("+")[0]
            words = [word for word in re.split(r"[._-]+", local) if word.isalpha()]
            name = " ".join(words) if len(words) > 1 else local
        first, last = _first_and_last(name)
        return self._word(first, FIRST), self._word(last or first, LAST)

    def _word(self, word: str, part: str) -> str:
        """The made-up name for a word of a name; two may have the same one, as people have."""
        key = (f"word {part}", word.casefold())
        if key not in self._fakes:
            fake = self._seeded(f"{part} {word.casefold()}")
            made = fake.first_name() if part == FIRST else fake.last_name()
            while made.casefold() == word.casefold():
                made = fake.first_name() if part == FIRST else fake.last_name()
            self._fakes[key] = made
            self._used.add(made)
        return self._fakes[key]

    def _unused(self, value: str, make: Callable[["Faker"], str]) -> str:
        fake = self._seeded(value)
        made = make(fake)
        for _ in range(_TRIES):
            if made not in self._used and made not in self._whole:
                return made
            made = make(fake)
        while made in self._used:  # there are only so many
            made = (
                made.replace("@", f"{fake.pyint(0, 9)}@") if "@" in made else f"{made}{fake.random_lowercase_letter()}"
            )
        return made

    def _seeded(self, value: str) -> "Faker":
        if self._faker is None:
            from faker import Faker  # noqa: PLC0415 # takes a second, and only this needs it

            self._faker = Faker("en_US")
        self._faker.seed_instance(int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "big"))
        return self._faker


def _value_of(field: Json) -> Json:
    """A field's value, where it has attributes beside it, too: ``<phone type="home">…``, or ``{"type": …, "value": …}``."""
    value = field.get("value") if isinstance(field, dict) else None
    return value if isinstance(value, str) else field


def _with_their_lists(fields: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """The texts of an object with their fields, and those of lists and objects in it: ``{"phones": {"home": …}}``."""
    for field, value in fields.items():
        if not isinstance(field, str):
            continue
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, str):
                yield field, _composed(each)
            elif isinstance(each, dict):
                yield from ((f"{field}_{name}", text) for name, text in each.items() if isinstance(text, str))


def _composed(value: Json) -> Json:
    """A text with each accent in its letter; what is no text stays."""
    return unicodedata.normalize("NFC", value) if isinstance(value, str) and not value.isascii() else value


def _part_of(kind: str) -> str:
    return WHOLE if kind == NAME else ""


def _is_thing(fields: dict[str, Json]) -> bool:
    return any(str(fields.get(each, "")).lower() in _THINGS for each in _TYPES)


def _first_and_last(name: str) -> tuple[str, str]:
    before, comma, after = name.partition(",")
    words = [*after.split(), *before.split()] if comma else name.split()
    if comma and after.split():
        return after.split()[0], before.split()[-1] if before.split() else ""
    return words[0] if words else name, words[-1] if len(words) > 1 else ""
