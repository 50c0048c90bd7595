"""Classifies a text by its place in a JSON value: its name, its neighbours, what it is part of."""

import enum
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from harness.redaction.chance import looks_secret
from harness.redaction.credential_forms import JWT
from harness.redaction.credential_names import (
    is_about,
    is_credential_field,
    is_credential_header,
    is_identifying,
    is_name_of_several,
    is_password,
    is_weak,
)

Json = Any


class Place(enum.Enum):
    """What the place of a text says of it."""

    OPEN = enum.auto()  # nothing: its form decides
    PLAIN = enum.auto()  # it tells one thing from another: of forms, only those of known tokens count
    PERHAPS = enum.auto()  # it is a secret if it looks like one
    SECRET = enum.auto()  # it is a secret, unless the value says that it is not
    PASSWORD = enum.auto()  # as above, but a word is a secret, too


# What says of a name beside it what it is called, and what holds what is called so; letters and digits of the names.
_NAMES = frozenset(
    {
        *("name", "key", "variable", "var", "env", "envvar", "parameter", "parametername", "field", "header", "id"),
        *("label", "property", "setting", "option", "k", "n", "keyname", "fieldname", "variablename", "variablekey"),
    }
)
_VALUES = frozenset(
    {
        *("value", "val", "content", "data", "text", "default", "current", "secret", "plaintext", "stringvalue", "v"),
        *("defaultvalue", "values", "newvalue", "oldvalue", "previousvalue", "string", "raw", "secretvalue", "latest"),
        *("variablevalue", "old", "new", "previous"),
    }
)
_TYPES = frozenset({"type", "kind", "format", "sensitivity", "datatype", "valuetype", "fieldtype", "inputtype"})
_SECRET_TYPES = frozenset(
    {
        *("securestring", "secret", "password", "secure", "secretstring", "protectedstring", "encrypted", "credential"),
        *("sensitive", "secrettext", "concealed", "hiddenstring", "passwordstring", "securetext", "opaque"),
    }
)
_FLAGS = frozenset(
    {"sensitive", "secret", "issecret", "secure", "secured", "issensitive", "masked", "encrypted", "confidential"}
)
# Of a JSON Web Key, what is private.
_PRIVATE_OF_A_KEY = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
_OF_A_KUBERNETES_SECRET = frozenset({"data", "stringData"})
_WORDS_FOR_NONE = frozenset(
    {
        *("true", "false", "yes", "no", "on", "off", "none", "null", "nil", "undefined", "empty", "n/a", "required"),
        *("optional", "enabled", "disabled", "basic", "bearer", "digest", "oauth", "oauth2", "header", "query", "body"),
        *("custom", "default", "active", "inactive", "public", "private", "unknown", "string", "text", "redacted"),
        *("hidden", "masked", "present", "missing", "set", "unset", "valid", "invalid", "expired", "revoked", "saml"),
        *("read", "write", "admin", "any", "all", "manual", "automatic", "auto", "sso", "ldap", "plain", "hs256"),
        *("rs256", "es256", "hmac", "rsa", "ecdsa", "ed25519", "sha256", "sha-256", "aes", "get", "post", "jwt"),
    }
)
# And for none where a password is expected, which may be any other word.
_WORDS_FOR_NO_PASSWORD = frozenset(
    {
        *("true", "false", "yes", "no", "on", "off", "none", "null", "nil", "undefined", "empty", "n/a", "required"),
        *("optional", "enabled", "disabled", "string", "text", "redacted", "hidden", "masked", "present", "missing"),
        *("set", "unset", "valid", "invalid", "expired", "revoked", "unknown"),
    }
)
_USERS = frozenset({"user", "username", "login", "userid", "uid", "u", "email", "usr", "uname", "account"})
_MASKED = re.compile(r"[*•xX.#-]{3,}[A-Za-z0-9]{0,4}|\[[\w -]+\]|<[\w ./-]+>|\(.*\)")
_REFERENCE = re.compile(
    r"\$\{.*|\{\{.*|\$\(.*|%\(.*|\$[A-Z_][A-Z0-9_]*|arn:[a-z-]+:.*|(?:vault|ssm|op|secretsmanager):.*|!(?:Ref|Sub|GetAtt|vault|secret)\b.*"
)
_TEMPLATE = re.compile(r"(?:[A-Za-z]+ )?\{\{[^{}]*\}\}")
# Not any text with `://` in it: a password may have that.
_URL = re.compile(r"[\"'<(\[]?[A-Za-z][A-Za-z0-9+.:-]*://")
_MEDIA_TYPE = re.compile(r"(?:application|text|image|audio|video|multipart)/[a-z0-9.+*-]+(?:;.*)?|\*/\*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:?\d\d.*)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_SLUG = re.compile(r"(?:[A-Za-z]+|[0-9]+)(?:[-_./:@](?:[A-Za-z]+|[0-9]+))+")
PLACEHOLDER = re.compile(r"redacted-[0-9]{5,}")
_PAIR = 2


def walked(content: Json, change: Callable[[str, Place, str], Json], place: Place = Place.OPEN, name: str = "") -> Json:
    """A JSON value with each of its texts changed.

    Args:
        content: The value.
        change: Is given a text, what its place says of it, and its name.
        place: What is known of the place of ``content`` itself.
        name: Its name.
    """
    if isinstance(content, str):
        return change(content, place, name)
    if isinstance(content, list):
        if (
            len(content) == _PAIR
            and all(isinstance(each, str) for each in content)
            and is_credential_field(content[0])
            and place is Place.OPEN
        ):
            return [change(content[0], place, ""), change(content[1], Place.PERHAPS, content[0])]
        return [walked(each, change, place, name) for each in content]
    if isinstance(content, dict):
        places = places_of(content, place)
        return {
            change(field, Place.OPEN, ""): walked(each, change, *places[field])
            if isinstance(field, str)
            else walked(each, change)
            for field, each in content.items()
        }
    return content


def places_of(fields: Mapping[Any, Json], around: Place = Place.OPEN) -> dict[Any, tuple[Place, str]]:
    """What the place of each field of an object says of its value, with the name that the value goes by.

    Args:
        fields: The object.
        around: What is known of the place of the object itself.
    """
    bare = {field: _bare(field) for field in fields if isinstance(field, str)}
    called = next(
        (
            str(fields[field])
            for field, each in bare.items()
            if each in _NAMES and isinstance(fields[field], str) and _is_name_of_a_credential(fields[field])
        ),
        "",
    )
    is_said_to_be = any(
        (each in _TYPES and isinstance(fields[field], str) and _bare(fields[field]) in _SECRET_TYPES)
        or (each in _FLAGS and (fields[field] is True or fields[field] == "true"))
        for field, each in bare.items()
    )
    is_secret_of_kubernetes = fields.get("kind") == "Secret"
    has_user = any(is_user(field) for field in bare)
    found: dict[Any, tuple[Place, str]] = {}
    for field, each in bare.items():
        place = _by_name(field, fields[field], around, has_user=has_user)
        if each in _VALUES and (called or is_said_to_be):
            place = Place.PERHAPS if is_weak(called) and not is_said_to_be else secret_place(called)
        elif "kty" in fields:
            place = Place.SECRET if field in _PRIVATE_OF_A_KEY else Place.PLAIN
        elif (is_secret_of_kubernetes and field in _OF_A_KUBERNETES_SECRET) or (
            each in _VALUES and around in (Place.SECRET, Place.PERHAPS, Place.PASSWORD)
        ):
            place = Place.PASSWORD if around is Place.PASSWORD else Place.SECRET
        found[field] = (place, called if called and each in _VALUES else field)
    return found


def secret_place(name: str, *, has_user: bool = False) -> Place:
    """What the name of a credential says of its place, beside the name of a user or not."""
    return Place.PASSWORD if is_password(name, has_user=has_user) else Place.SECRET


@lru_cache(maxsize=10_000)
def is_user(name: str) -> bool:
    """Whether a field or a parameter has the name of somebody who logs in."""
    return _bare(name) in _USERS


def _by_name(field: str, value: Json, around: Place, *, has_user: bool) -> Place:
    if isinstance(value, str) and is_password(field, has_user=has_user):
        return Place.PASSWORD
    if is_credential_field(field):
        if isinstance(value, str) or is_weak(field):
            return Place.PERHAPS if is_weak(field) else Place.SECRET
        # Of names and kinds, an object below a credential's name has more than of secrets; a list of it has none.
        if is_name_of_several(field) and not field.lower().endswith(("secrets", "credentials")):
            return secret_place(field)
        return Place.PERHAPS
    if around in (Place.SECRET, Place.PERHAPS, Place.PASSWORD):
        # A list of scopes tells of it; an object of headers may have it.
        return Place.OPEN if is_about(field) and not isinstance(value, dict) else around
    return Place.PLAIN if is_identifying(field) else Place.OPEN


def is_secret_here(text: str, place: Place) -> bool:
    """Whether the place of a text makes all of it a secret."""
    if place is Place.PASSWORD:
        return not says_none(text) and text.strip().lower() not in _WORDS_FOR_NO_PASSWORD
    if place is Place.SECRET:
        return not is_no_secret(text)
    return place is Place.PERHAPS and looks_secret_enough(text)


def is_no_secret(text: str) -> bool:
    """Whether a value says that it is not a secret, whatever its name: see :func:`says_none`, or a word for "none" or a kind."""
    bare = text.strip()
    return (
        says_none(bare)
        or bare.lower() in _WORDS_FOR_NONE
        or (bare.replace("_", "").replace("-", "").isalpha() and is_credential_field(bare))
    )


def says_none(text: str) -> bool:
    """Whether a value stands for a secret, or leads to it, but is not one: a mask, a reference, a template, a URL."""
    bare = text.strip()
    return (
        not bare
        or _URL.match(bare) is not None
        or any(form.fullmatch(bare) for form in (_MASKED, _REFERENCE, _TEMPLATE, _MEDIA_TYPE, PLACEHOLDER))
    )


def looks_secret_enough(text: str) -> bool:
    """Whether a text that may be a secret by its place is one: no name of a variable, no date, no UUID, no slug."""
    return (
        looks_secret(text)
        and not is_no_secret(text)
        and not any(form.fullmatch(text) for form in (_VARIABLE, _DATE, _UUID, _SLUG))
        and ("@" not in text or JWT.search(text) is not None or "." not in text.rpartition("@")[2])
    )


def _is_name_of_a_credential(text: str) -> bool:
    return len(text) <= 80 and (is_credential_field(text) or (is_credential_header(text) and "-" in text))  # noqa: PLR2004 # no text


@lru_cache(maxsize=10_000)
def _bare(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", name).lower()
