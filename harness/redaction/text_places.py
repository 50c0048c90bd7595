"""Finds secrets in a text: by a name before them, by their form, by their randomness.

Whatever the text is (lines of ``.env``, YAML, a log, HTML, a mail that quotes a request), each of these is looked for in
all of it: a format that is guessed wrong hides nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from harness.redaction.chance import from_base64, looks_secret, random_in
from harness.redaction.credential_forms import ANY_TOKEN, JWT, USER_INFO
from harness.redaction.credential_names import is_credential_field, is_credential_header, is_identifying, is_weak
from harness.redaction.documents import cells
from harness.redaction.places import Place, is_no_secret, is_secret_here, places_of, secret_place
from harness.redaction.url_places import FORM, PARAMETER, parameters_with_secrets, secrets_in_urls


@dataclass(frozen=True)
class Span:
    """A secret in a text.

    Args:
        start: Where it begins.
        end: Where it ends.
        is_sure: Whether it is one wherever else it occurs, too; otherwise only here, such as a word.
    """

    start: int
    end: int
    is_sure: bool = True


_NAME = r"[A-Za-z_][A-Za-z0-9_.-]{1,60}"
_CLUE = re.compile(
    r"(?i)pass|pwd|secret|token|key|auth|sig|cred|jwt|cookie|session|otp|csrf|assert|psk|bearer|basic|identified|-u |user "
)
_QUOTED_PAIR = re.compile(
    rf"(?P<q>\\{{0,16}}[\"'`])(?P<name>{_NAME})(?P=q)\s*(?::|=>?)\s*(?P<r>\\{{0,16}}[\"'`])"
    r"(?P<value>(?:(?!(?P=r))(?:\\+[^\n]|[^\n\\]))+)(?:(?P=r)|\Z)"
)
# The value is looked at, not taken: in `json: {token: …` it is a name again.
_ASSIGNED = re.compile(
    rf"(?<![A-Za-z0-9_.%:])(?P<name>{_NAME})(?:\[[A-Za-z0-9]*\])?[\"'`\])]{{0,2}}[ \t]*(?::=|=>|={{1,3}}|:)[ \t]*"
    r"(?=\"(?P<double>[^\"\n]+)\"|'(?P<single>[^'\n]+)'|`(?P<back>[^`\n]+)`|(?P<value>[^\s,;&\"'<>`\\]+))"
)
_LINE = re.compile(
    rf"^[ \t]*(?:export[ \t]+|set[ \t]+|-[ \t]+|[#;<>*][ \t]*|//\S+/:)?[\"']?(?P<name>{_NAME})[\"']?[ \t]*(?P<sep>=|:)"
    r"[ \t]*(?P<value>\S[^\n\r]*?)[ \t]*\r?$",
    re.MULTILINE,
)
_COMMENT = re.compile(r"\s+#.*\Z")
_SCHEMED = re.compile(
    r"(?i)\b(?P<scheme>bearer|basic|token|apikey|api-key|splunk|genie ?key|ssws|oauth)[ \t]+(?P<value>[A-Za-z0-9._~+/=-]{12,})"
)
SCHEME = re.compile(r"\A(?:[A-Za-z][A-Za-z0-9-]*) +(?=\S)")
_WORDED = re.compile(
    r"(?i)\b(?:password|passwd|pwd|passphrase|passcode|secret|token|api[ _-]?key|access[ _-]?key|identified by|credentials?)\b"
    r"[\"']?[ \t]*(?:is[ \t]*:?|was|=|:|as|\|)?[ \t]+[\"'`]?(?P<value>[^\s\"'`,;<>|]+)"
)
_CURL = re.compile(r"(?:\s-u|--user|--proxy-user)[ \t=]*[\"']?[^\s:\"']+:(?P<value>[^\s\"']+)")
_COOKIES = re.compile(r"(?im)(?:^|[\"'\s])(?:set-)?cookie[\"']?:[ \t]*(?P<value>[^\r\n\"']+)")
_COOKIE = re.compile(r"[^=;,\s]+=(?P<value>[^;\s]+)")
_XML = re.compile(
    rf"<(?:[\w-]+:)?(?P<name>{_NAME})(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[(?P<cdata>.*?)\]\]>|(?P<value>[^<]+?))\s*</",
    re.DOTALL,
)
_TAG = re.compile(r"<[A-Za-z][^<>]{5,2000}>")
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_MULTIPART = re.compile(
    r"[ ;]name=\"(?P<name>[^\"\n]+)\"[^\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(?P<value>.*?)\r?\n--", re.DOTALL
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?P<kind>(?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----"
    r"(?:.*?-----END (?P=kind)-----|(?:[A-Za-z0-9+/=\s,:-]|\\+[nr])*)|"
    r"PuTTY-User-Key-File-\d:.*?(?:Private-MAC:[^\n]*|\Z)|"
    r"---- BEGIN (?P<old>SSH2 [A-Z ]+ KEY) ----.*?(?:---- END (?P=old) ----|\Z)",
    re.DOTALL,
)
_PATH = re.compile(r"(?<![A-Za-z0-9])[a-z][a-z0-9+.-]+://[^\s?#\"'<>]+|\A/[^\s?#\"'<>/]+/[^\s?#\"'<>]*")
# What a known token has; of it, the list of known tokens need not be gone through.
_LONG = re.compile(
    r"[A-Za-z0-9_~+-]{19}|SG\.|hooks\.slack|xox[a-zA-Z]-|[0-9A-Za-z]{14}\.atlas|Q~|ya29\.|hv[sbr]\.|dp\.[a-z]+\."
)
_HEXADECIMAL = re.compile(r"\W*(?:[a-z][a-z0-9]+:)?[0-9a-f]{8}[0-9a-f]*(?:-[0-9a-f]{4,})*\W*")
_CODE = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|\[[\"']?|::|->)[A-Za-z_$][\w$]*[\"']?\]?)+\(?.*|[A-Za-z_]\w*\(.*")
_DOCUMENT = re.compile(r"[{\[]\s*\\*[\"'{\[]")
_DIGIT = re.compile(r"[0-9]")
_TYPED_PASSWORD = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])[^\s:/]{6,}")


@lru_cache(maxsize=5_000)
def secrets_in(text: str, *, by_chance: bool = True) -> tuple[Span, ...]:
    """The secrets of a text, in their order; none within another.

    Args:
        text: The text.
        by_chance: Whether what looks like chance is a secret here.
    """
    if len(text) < 6:  # noqa: PLR2004 # no name and value is shorter
        return ()
    found = list(_by_form(text))
    if _CLUE.search(text):
        found += _by_name(text)
    if "=" in text:
        found += (Span(*each) for each in parameters_with_secrets(text))
    found += (Span(*each) for each in secrets_in_urls(text))
    if by_chance:
        found += _by_chance(text)
    return tuple(_apart(found))


def _by_form(text: str) -> Iterator[Span]:
    if "PRIVATE KEY" in text or "PuTTY" in text:
        yield from (Span(*each.span()) for each in _PRIVATE_KEY.finditer(text))
    if _LONG.search(text) and not _HEXADECIMAL.fullmatch(text):
        yield from (Span(*each.span()) for each in ANY_TOKEN.finditer(text))
    if "eyJ" in text:
        yield from (Span(*each.span()) for each in JWT.finditer(text))
    if "@" in text:
        yield from (Span(*each.span(2)) for each in USER_INFO.finditer(text))


def _by_name(text: str) -> Iterator[Span]:
    yield from _in_pairs(text)
    for found in _LINE.finditer(text):
        yield from _in_line(found)
    yield from _in_words(text)
    for header in _COOKIES.finditer(text):
        for found in _COOKIE.finditer(header["value"]):
            if looks_secret(found["value"]):
                yield Span(header.start("value") + found.start("value"), header.start("value") + found.end("value"))
    if "<" in text:
        yield from _in_tags(text)
    if "\n" in text:
        for name, start, end in cells(text):
            place = _place_by(name)
            if is_secret_here(text[start:end], place):
                yield Span(start, end, looks_secret(text[start:end]))


def _in_pairs(text: str) -> Iterator[Span]:
    for found in _QUOTED_PAIR.finditer(text):
        yield from _named(text, found["name"], *found.span("value"), is_quoted=True)
    for found in _ASSIGNED.finditer(text):
        group = next((each for each in ("double", "single", "back", "value") if found[each]), None)
        if group is not None:
            yield from _named(text, found["name"], *found.span(group), is_quoted=group != "value")
    if "name=" in text:
        for found in _MULTIPART.finditer(text):
            yield from _named(text, found["name"], *found.span("value"), is_quoted=True)


def _in_words(text: str) -> Iterator[Span]:
    """What follows a scheme such as ``Bearer``, a word such as ``password``, or the user of a command line."""
    for found in _SCHEMED.finditer(text):
        if _is_credential_of(found["scheme"], found["value"]):
            yield _span(found)
    for form in (_WORDED, _CURL):
        for found in form.finditer(text):
            value = found["value"].rstrip(".,:)")
            is_password_here = found.group()[:4].lower() == "pass" and is_typed_password(value)
            if _looks_typed(value) or is_password_here or (form is _CURL and not is_no_secret(value)):
                yield Span(found.start("value"), found.start("value") + len(value), looks_secret(value))


def _named(text: str, name: str, start: int, end: int, *, is_quoted: bool) -> Iterator[Span]:
    """A value that a name stands before; without quotes around it, it has to look like one."""
    place = _place_by(name)
    if place is Place.OPEN:
        return
    value = text[start:end]
    if is_quoted and _DOCUMENT.match(value):  # its names were found, too
        return
    scheme = SCHEME.match(value)
    if scheme and is_credential_header(name) and looks_secret(value[scheme.end() :]):
        start, value = start + scheme.end(), value[scheme.end() :]
    if not is_quoted:
        value = value.rstrip(")]}.") if not looks_secret(value) or not _DIGIT.search(value[-1:]) else value
        end = start + len(value)
        is_set = place is Place.PASSWORD and (text[start - 1 : start] == "=" or is_typed_password(value))
        if not _looks_typed(value) and not is_set:
            return
    if _CODE.fullmatch(value) and not _DIGIT.search(value):
        return
    if is_secret_here(value, place):
        yield Span(start, end, looks_secret(value) or " " in value or is_typed_password(value))


def _in_line(found: re.Match[str]) -> Iterator[Span]:
    """A line that sets one name, as in ``.env``, YAML and headers: a word is enough for a secret there."""
    name = found["name"]
    place = _place_by(name)
    if place is Place.OPEN:
        return
    start, value = found.start("value"), found["value"]
    if value[:1] in ("'", '"', "`"):
        end = value.find(value[0], 1)
        start, value = start + 1, value[1:end] if end > 0 else value[1:]
    else:
        value = _COMMENT.sub("", value)
        if scheme := SCHEME.match(value):
            start, value = start + scheme.end(), value[scheme.end() :]
        is_phrase = any(character.isspace() for character in value)
        if (is_phrase and not (place is Place.PASSWORD and found["sep"] == "=")) or value[:1] in "{[|>&*":
            return
    is_long = len(value) > 3 or place is Place.PASSWORD  # noqa: PLR2004 # a shorter one is a part of anything
    if is_long and is_secret_here(value, place) and not (_CODE.fullmatch(value) and not _DIGIT.search(value)):
        yield Span(start, start + len(value), looks_secret(value) or is_typed_password(value))


def _in_tags(text: str) -> Iterator[Span]:
    for found in _XML.finditer(text):
        group = "cdata" if found["cdata"] else "value"
        yield from _named(text, found["name"], *found.span(group), is_quoted=True)
    for tag in _TAG.finditer(text):
        attributes = {each[1].rpartition(":")[2]: each for each in _ATTRIBUTE.finditer(tag.group())}
        values = {name: each[2] if each[2] is not None else each[3] for name, each in attributes.items()}
        for name, (place, _) in places_of(values).items():
            if is_secret_here(values[name], place):
                start, end = attributes[name].span(2 if attributes[name][2] is not None else 3)
                yield Span(tag.start() + start, tag.start() + end, looks_secret(values[name]))


def _by_chance(text: str) -> Iterator[Span]:
    blank = _PATH.sub(lambda found: " " * len(found.group()), text) if "/" in text else text
    if "=" in text:  # parameters were looked at, by their names
        blank = PARAMETER.sub(lambda found: " " * len(found.group()), blank)
        if FORM.match(text):
            return
    for start, end in random_in(blank):
        before = re.search(r"([A-Za-z_][\w-]*)[\"']?\s*(?:[=:]|=>)\s*[\"']?\Z", blank[max(0, start - 60) : start])
        if before is None or not is_identifying(before[1]):
            yield Span(start, end)


def _place_by(name: str) -> Place:
    name = name.rpartition(".")[2] or name
    if is_credential_field(name):
        return Place.PERHAPS if is_weak(name) else secret_place(name)
    return Place.PERHAPS if is_credential_header(name) and "-" in name else Place.OPEN


def _looks_typed(value: str) -> bool:
    """Whether a word of a text is not a word of a language."""
    return looks_secret(value) and _DIGIT.search(value) is not None and not is_no_secret(value)


def is_typed_password(value: str) -> bool:
    """Whether a password is no word, and long enough to be looked for elsewhere, too."""
    return _TYPED_PASSWORD.fullmatch(value) is not None and not is_no_secret(value)


def _is_credential_of(scheme: str, value: str) -> bool:
    if scheme.lower() == "basic":
        return b":" in (from_base64(value) or b"")
    return _looks_typed(value) and re.search("[A-Za-z]", value) is not None


def _span(found: re.Match[str]) -> Span:
    return Span(*found.span("value"))


def _apart(found: list[Span]) -> Iterator[Span]:
    """In their order; of two that overlap, the one that begins first, else the longer."""
    end = -1
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if span.start >= end and span.end > span.start:
            yield span
            end = span.end
