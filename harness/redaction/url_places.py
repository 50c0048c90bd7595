"""Finds secrets in URLs: in the user part, in the path, and in parameters of the query or the fragment."""

import re
import urllib.parse
from collections.abc import Iterator

from harness.redaction.chance import is_random
from harness.redaction.credential_names import is_credential_field, is_identifying, is_password, is_weak
from harness.redaction.places import Place, is_no_secret, is_secret_here, is_user, looks_secret_enough

Range = tuple[int, int]
# In a URL or a form.
PARAMETER = re.compile(r"(?<=[?&;#!])(?P<name>[A-Za-z0-9_.%\[\]~-]+)=(?P<value>[^&;#\s\"'<>\\]+)")
FORM = re.compile(r"\A[A-Za-z0-9_.%\[\]~+-]+=[^\s&]*(&[A-Za-z0-9_.%\[\]~+-]+=[^\s&]*)*\Z")
_USER = re.compile(r"(?<=://)(?P<user>[^/\s:@\"'<>?#]{8,})(?P<password>:[^/\s@\"'<>?#]*)?(?=@)")
# What stands for no password, where the user is a token.
_NO_PASSWORD = frozenset({":", ":x", ":X", ":x-oauth-basic", ":api_token", ":unused", ":api"})
_LONG_USER = 20
_LONG_TOKEN = 20
# After a host, or at the start of a word: base64 has slashes, too.
_PATH = re.compile(r"(?:(?<=://)[^/\s?#\"'<>\\]+|(?<![^\s\"'(<=\[]))(?P<path>(?:/[^/\s?#\"'<>\\]+){2,})")
_NAME = re.compile(r"[A-Za-z]+(?:[-_][A-Za-z]+)*")
_SEGMENT = re.compile(r"/([^/]+)")
# After these, a segment that looks like a token is one.
_TELLING = re.compile(
    r"(?i)(?:web)?hooks?|bots?|invit(?:e|ation)s?|magic(?:[-_]?links?)?|unsubscribe|confirm(?:ation)?|activat(?:e|ion)|"
    r"(?:reset[-_]?)?passwords?(?:[-_]?resets?)?|reset|sessions?"
)
# After these, a long one is.
_HINTING = re.compile(
    r"(?i)verify|verification|keys?|callbacks?|integrations?|incoming|shared?|services|secrets?|triggers|workflows|feeds?|private"
)
_NEAR = 3
_BOT = re.compile(r"bot\d+:(?P<value>[^/:]+)")
_NAMED = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_-]*)[=:](?P<value>.+)")
_PRIVATE = re.compile(r"private-(?P<value>[0-9a-z]{16,})")
_RUNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+")
_WORD_AND_NUMBER = re.compile(r"[A-Za-z]+[0-9]{1,4}")
_FEWEST_RUNS = 4
_HEXADECIMAL = re.compile(r"(?=.*[a-f])(?=.*[0-9])[0-9a-f]{16,}")
# Of a login by URL, what it comes with: a secret if it looks like one.
_OF_A_LOGIN = frozenset({"code", "ticket", "pat", "sid", "appid", "access", "sso", "saml"})


def secrets_in_urls(text: str) -> Iterator[Range]:
    """Where the URLs in a text have secrets, whatever their parameters: first and last place of each."""
    if "@" in text and "://" in text:
        yield from _users(text)
    if "/" in text:
        for path in _PATH.finditer(text):
            yield from _in_path(path["path"], path.start("path"))


def parameters_with_secrets(text: str) -> Iterator[Range]:
    """Where the parameters of a URL or a form have secrets."""
    is_form = FORM.match(text) is not None
    if not is_form and "://" not in text and not text.startswith(("/", "?", "#")):
        return
    read, shift = (f"&{text}", -1) if is_form else (text, 0)
    found = list(PARAMETER.finditer(read))
    has_user = any(is_user(_unquoted(each["name"])) for each in found)
    for each in found:
        if is_secret_parameter(_unquoted(each["name"]), _unquoted(each["value"]), has_user=has_user):
            start, end = each.span("value")
            yield start + shift, end + shift


def is_secret_parameter(name: str, value: str, *, has_user: bool = False) -> bool:
    """Whether a parameter of a URL or a form is a secret.

    Args:
        name: Its name.
        value: Its value.
        has_user: Whether a name of a user is beside it.
    """
    if is_password(name, has_user=has_user):
        return is_secret_here(value, Place.PASSWORD)
    if is_weak(name):
        return looks_secret_enough(value)
    if is_credential_field(name):
        return not is_no_secret(value)
    if name == "key" or name.lower() in _OF_A_LOGIN:
        return _is_token(value)
    return is_random(value) and not is_identifying(name)


def _users(text: str) -> Iterator[Range]:
    """Tokens in the place of a user, with no password or with a word for none."""
    for found in _USER.finditer(text):
        if (found["password"] in _NO_PASSWORD or len(found["user"]) >= _LONG_USER) and _is_token(
            _unquoted(found["user"])
        ):
            yield found.span("user")


def _in_path(path: str, shift: int) -> Iterator[Range]:
    told, hinted = -_NEAR - 1, -_NEAR - 1
    for number, found in enumerate(_SEGMENT.finditer(path)):
        segment, start = found[1], found.start(1) + shift
        if inner := _BOT.fullmatch(segment) or _PRIVATE.fullmatch(segment) or _named(segment):
            yield inner.start("value") + start, inner.end("value") + start
        elif _TELLING.fullmatch(segment) or (_NAME.fullmatch(segment) and is_credential_field(segment.lower())):
            told = number
        elif _HINTING.fullmatch(segment):
            hinted = number
        elif (number - told <= _NEAR and _is_token(segment)) or (number - hinted <= _NEAR and _is_long_token(segment)):
            yield start, start + len(segment)


def _named(segment: str) -> re.Match[str] | None:
    found = _NAMED.fullmatch(segment)
    return found if found and is_secret_parameter(found["name"], _unquoted(found["value"])) else None


def _is_token(text: str) -> bool:
    """Whether a text that may be a token is one: letters and digits as if drawn by lot."""
    return (
        looks_secret_enough(text)
        and "." not in text
        and not _WORD_AND_NUMBER.fullmatch(text)
        and (len(_RUNS.findall(text)) >= _FEWEST_RUNS or _HEXADECIMAL.fullmatch(text) is not None)
    )


def _is_long_token(text: str) -> bool:
    return len(text) >= _LONG_TOKEN and _is_token(text) and not _HEXADECIMAL.fullmatch(text)


def _unquoted(text: str) -> str:
    return urllib.parse.unquote_plus(text)
