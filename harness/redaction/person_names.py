"""Tells people's names from those of things: by the field that has them, by what is beside it, by their form."""

import importlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

Json = Any
FIRST, LAST, WHOLE = "first", "last", "whole"
# A field by its name without separators, and the kind of name that it has.
_ALWAYS = {
    "firstname": FIRST,
    "givenname": FIRST,
    "lastname": LAST,
    "familyname": LAST,
    "surname": LAST,
    "sn": LAST,
    "realname": WHOLE,
    "authorname": WHOLE,
    "committername": WHOLE,
}
_NAMES = frozenset(
    {"name", "displayname", "fullname", "realname", "cn", "commonname", "formatted", "formattedname", "nameformatted"}
)
# Below the name of a role, a person is named by these, too.
_NAMES_BELOW_A_ROLE = _NAMES | frozenset({"value", "text", "label", "title", "summary", "content", "screenname"})
_LOGINS = frozenset({"login", "username", "userlogin", "nickname", "handle", "samaccountname", "userid", "uid"})
_MARKS = frozenset(
    {
        *("email", "emailaddress", "mail", "useremail", "userprincipalname", "accountid", "avatarurls", "firstname"),
        *(
            "login",
            "username",
            "samaccountname",
            "givenname",
            "familyname",
            "surname",
            "lastname",
            "emails",
            "jobtitle",
        ),
        *("avatarurl", "phone", "phonenumber", "mobile", "mobilephone", "publicemail", "profileimage", "birthday"),
    }
)
_TYPES = frozenset({"type", "typename", "kind", "objecttype", "accounttype", "membertype", "resourcetype"})
_PEOPLE = frozenset(
    {"user", "person", "userreference", "employee", "contact", "member", "atlassian", "human", "people"}
)
_ROLES = frozenset(
    {
        *("author", "assignee", "reporter", "creator", "owner", "maintainer", "committer", "reviewer", "approver"),
        *("manager", "lead", "contact", "requester", "submitter", "uploader", "updater", "editor", "sender", "user"),
        *("recipient", "member", "person", "employee", "actor", "initiator", "developer", "engineer"),
        *("watcher", "subscriber", "participant", "responder", "collaborator", "contributor", "supervisor", "caller"),
        *("requestor", "signer", "tagger", "instructor", "student", "patient", "applicant", "people"),
        *("commander", "attendee", "organizer", "organiser", "delegate", "assigner", "merger", "closer", "pusher"),
        *("resolver", "invitee", "inviter", "beneficiary", "analyst", "tester", "oncall", "signatory"),
    }
)
_VERBS = frozenset({"by", "to"})
_HANGS_ON_A_ROLE = frozenset(
    {"name", "names", "display", "full", "real", "formatted", "value", "text", "string", "raw"}
)
_FIELDS = frozenset({"field", "name", "key", "label", "fieldname", "attribute", "property", "fieldid", "title"})
_VALUES = frozenset(
    {
        *("value", "displayvalue", "text", "content", "newvalue", "oldvalue", "fromstring", "tostring", "from", "to"),
        *("stringvalue", "new", "old", "before", "after", "displayname", "data"),
    }
)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LETTERS = r"[^\W\d_]"
_WORD = re.compile(rf"{_LETTERS}(?:{_LETTERS}|['\u2019.\-])*")
_PARTICLES = frozenset(
    {
        *("van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "du", "la", "le", "el"),
        *("al", "bin", "ibn", "ben", "ter", "ten", "zu", "y", "e", "st"),
    }
)
_ASIAN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,6}(?:[ \u3000・][\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,6})?"
)
_MOST_WORDS, _LONGEST = 5, 60
_LOGIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]{3,39}")
# What things, groups and programs are called, but nobody.
_OF_THINGS = frozenset(Path(__file__).with_name("words_of_things.txt").read_text(encoding="utf-8").split())


def names_in(fields: Mapping[Any, Json], role: bool) -> Iterator[tuple[str, str, str]]:  # noqa: FBT001 # of the walk
    """The names of people that an object has: field, name, and whether it is the first, the last or the whole one.

    Args:
        fields: The object.
        role: Whether it stands below the name of a role, such as ``assignee``.
    """
    bare = {field: bare_of(field) for field in fields if isinstance(field, str)}
    is_person = role or is_one(fields)
    is_role_said = any(
        each in _FIELDS and isinstance(fields[field], str) and is_role(fields[field]) for field, each in bare.items()
    )
    for field, each in bare.items():
        value = fields[field]
        if not isinstance(value, str) or not value.strip():
            continue
        if each in _ALWAYS:
            if _could_be(value) or each != "sn":
                yield field, value, _ALWAYS[each]
        elif (
            (each in _NAMES and is_person and (_could_be(value) if _has_mark(bare.values()) else looks_like_one(value)))
            or (role and each in _NAMES_BELOW_A_ROLE and looks_like_one(value))
            or (is_role(field) and looks_like_one(value))
            or (each in _VALUES and is_role_said and looks_like_one(value))
            or (each in ("displayname", "fullname", "cn") and looks_like_one(value) and _begins_as_one(value))
        ):
            yield field, value, WHOLE


def logins_in(fields: Mapping[Any, Json]) -> list[str]:
    """What a person is called by machines; a word for something else, such as ``admin``, would be one everywhere."""
    found = [fields[field] for field in fields if isinstance(field, str) and bare_of(field) in _LOGINS]
    return [each for each in found if isinstance(each, str) and _LOGIN.fullmatch(each) and not is_common(each)]


def is_one(fields: Mapping[Any, Json]) -> bool:
    """Whether what is in an object says that it is a person."""
    bare = {bare_of(field): field for field in fields if isinstance(field, str)}
    if any(kind in bare and bare_of(str(fields[bare[kind]])) in _PEOPLE for kind in _TYPES):
        return True
    return _has_mark(bare)


def _has_mark(bare: Any) -> bool:
    return not _MARKS.isdisjoint(bare)


@lru_cache(maxsize=10_000)
def is_role(field: str) -> bool:
    """Whether a field has people of a role, or one: ``assignee``, ``createdBy``, ``owner_name``, ``Reviewers``."""
    if len(field) > _LONGEST:
        return False
    words = [word.lower() for word in _PARTS.findall(field)]
    while len(words) > 1 and words[-1] in _HANGS_ON_A_ROLE:
        words.pop()
    if not words:
        return False
    last = words[-1]
    if last in _VERBS:
        return len(words) > 1 and words[-2].endswith(("ed", "sent", "run", "made", "reports"))
    return last in _ROLES or last.removesuffix("s") in _ROLES


@lru_cache(maxsize=50_000)
def looks_like_one(text: str) -> bool:
    """Whether a text may be a person's whole name: two words or more, each with a capital, none of them of a thing."""
    text = text.strip()
    if _ASIAN.fullmatch(text):
        return True
    if not _could_be(text):
        return False
    words = text.replace(",", " ").split()
    said = [word for word in words if word not in _PARTICLES]
    return len(said) >= 2 and all(_is_capital(word) for word in said)  # noqa: PLR2004 # first and last


def _is_capital(word: str) -> bool:
    return word[0].isupper() and (len(word) <= 3 or not word.isupper() or "." in word or len(word) > 4)  # noqa: PLR2004 # II, J.R.


def _could_be(text: str) -> bool:
    words = text.replace(",", " ").split()
    return (
        0 < len(words) <= _MOST_WORDS
        and len(text) <= _LONGEST
        and text.count(",") <= 1
        and all(_WORD.fullmatch(word) for word in words)
        and _OF_THINGS.isdisjoint(word.lower().strip(".") for word in words)
    )


def _begins_as_one(text: str) -> bool:
    words = text.replace(",", " ").split()
    first = words[1] if "," in text and len(words) > 1 else words[0]
    return first.title() in _first_names()


def is_common(text: str) -> bool:
    """Whether a name or a login of one word is a word for something else, too: ``Open``, ``main``, ``issues``, ``team-a``."""
    words = re.split(r"[._-]+", text.lower())
    return all(len(word) == 1 or _is_word(word) for word in words)


def _is_word(word: str) -> bool:
    forms = {word, word.removesuffix("s"), word.removesuffix("es")}
    return not forms.isdisjoint(_common_words()) and (
        word not in _first_names_in_small_letters() or word in _words_of_apis()
    )


@lru_cache(maxsize=1)
def _common_words() -> frozenset[str]:
    provider = importlib.import_module("faker.providers.lorem.en_US").Provider
    return _OF_THINGS | _words_of_apis() | frozenset(provider.word_list)


@lru_cache(maxsize=1)
def _words_of_apis() -> frozenset[str]:
    """What APIs call resources, roles, branches and states."""
    return frozenset(Path(__file__).with_name("words_of_apis.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1)
def _first_names_in_small_letters() -> frozenset[str]:
    return frozenset(map(str.lower, _first_names()))


@lru_cache(maxsize=1)
def _first_names() -> frozenset[str]:
    """Common ones, from those that Faker makes people up of."""
    found: set[str] = set()
    for locale in (
        "en_US",
        "en_GB",
        "de_DE",
        "fr_FR",
        "es_ES",
        "it_IT",
        "nl_NL",
        "pl_PL",
        "sv_SE",
        "pt_BR",
        "en_IN",
        "tr_TR",
    ):
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for kind in ("first_names", "first_names_male", "first_names_female"):
            found |= set(getattr(provider, kind, ()))
    return frozenset(found)


@lru_cache(maxsize=10_000)
def bare_of(name: str) -> str:
    """A field's name without separators: ``firstname`` of ``first_name`` and ``firstName``."""
    return re.sub(r"[^a-z]", "", name.lower())
