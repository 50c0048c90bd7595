"""Translates a route's pattern exactly into WireMock's matchers for whole URLs, or says that it cannot be done.

A route's pattern is searched in the whole URL; WireMock sees the parts apart: scheme, ``Host`` header, and path with
query. So a pattern becomes a list of alternatives, one for each way in which a match can lie across the parts:

    https://api.example.com/v2/items?page=2
    `- scheme `- host      `- target
"""

import re
from collections.abc import Iterator
from re import _constants as op  # type: ignore[attr-defined] # the parse tree has no public name
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

Matcher = dict[str, Any]
_SCHEMES = ("http", "https")
# What the authority of a URL can be made of; a match that needs anything else cannot lie there.
_AUTHORITY = re.compile(r"[A-Za-z0-9.\-_~%!$&'()*+,;=:\[\]]*")
_SLASH = (op.LITERAL, ord("/"))
_RAW = "raw"
_MOST_PARTS = 24
_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


class _Unsayable(Exception):  # noqa: N818 # no error: the caller has another way
    """WireMock has no words for it."""


class _Part(NamedTuple):
    """One alternative: what the scheme, the host and the target must be, as Java regular expressions."""

    scheme: str | None
    host: str | None
    target: str | None

    def matcher(self) -> Matcher:
        found: Matcher = {"urlPattern": self.target or ".*"}
        if self.scheme:
            found["scheme"] = self.scheme
        if self.host is not None:
            found["headers"] = {"Host": {"matches": self.host}}
        return found


def matchers(pattern: str | re.Pattern[str]) -> list[Matcher] | None:
    """Request matchers of which at least one matches exactly when ``pattern`` is found in the whole URL.

    Args:
        pattern: Text, or a compiled regular expression.

    Returns:
        Parts of WireMock request patterns, or None where WireMock cannot express it.
    """
    if isinstance(pattern, str):
        return [part.matcher() for part in _text(pattern)]
    try:
        return [part.matcher() for part in _Expression(pattern).parts()]
    except _Unsayable:
        return None


def _text(text: str) -> list[_Part]:
    if not text:
        return [_Part(None, None, None)]
    parts = [_Part(None, None, f".*{_quote(text)}.*")]
    before, slash, after = text.partition("/")
    if not slash:
        if _AUTHORITY.fullmatch(text):
            parts.append(_Part(None, f".*{_quote(text)}.*", None))
    elif before and _AUTHORITY.fullmatch(before):
        parts.append(_Part(None, f".*{_quote(before)}", f"{_quote(slash + after)}.*"))
    return parts + _merge([part for scheme in _SCHEMES for part in _text_from_scheme(text, scheme)])


def _text_from_scheme(text: str, scheme: str) -> list[_Part]:
    """The ways in which ``text`` begins within ``https://``."""
    head = f"{scheme}://"
    if text in head:
        return [_Part(scheme, None, None)]
    parts = []
    for start in range(len(head)):
        if text.startswith(head[start:]):
            authority, slash, target = text[len(head) - start :].partition("/")
            if not _AUTHORITY.fullmatch(authority):
                continue
            if slash and authority:
                parts.append(_Part(scheme, _quote(authority), f"{_quote(slash + target)}.*"))
            elif not slash:
                parts.append(_Part(scheme, f"{_quote(authority)}.*", None))
    return parts


def _merge(parts: list[_Part]) -> list[_Part]:
    """What holds for both schemes holds for any."""
    merged: dict[tuple[str | None, str | None], set[str | None]] = {}
    for part in parts:
        merged.setdefault((part.host, part.target), set()).add(part.scheme)
    return [
        _Part(None if len(schemes) == len(_SCHEMES) else schemes.pop(), host, target)
        for (host, target), schemes in merged.items()
    ]


class _Expression:
    """A regular expression, taken apart where a match could cross from one part of the URL to the next."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._prefix = "(?i)" if pattern.flags & re.IGNORECASE else ""
        items = list(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))
        self._begins = bool(items) and items[0] in ((op.AT, op.AT_BEGINNING), (op.AT, op.AT_BEGINNING_STRING))
        if self._begins:
            items.pop(0)
        self._ends = bool(items) and items[-1] in ((op.AT, op.AT_END), (op.AT, op.AT_END_STRING))
        if self._ends:
            items.pop()
        while items and not self._begins and _is_anything(items[0]):
            items.pop(0)
        while items and not self._ends and _is_anything(items[-1]):
            items.pop()
        self._items = items

    def parts(self) -> list[_Part]:
        """The alternatives."""
        if not self._items:
            return [] if self._begins and self._ends else [_Part(None, None, None)]
        found: list[_Part] = []
        if not self._begins:
            found += [_Part(None, None, self._java(self._items, before=".*", after="" if self._ends else ".*"))]
            found += self._from_within_authority()
        found += self._from_scheme()
        if len(found) > _MOST_PARTS:
            raise _Unsayable
        return _merge(found)

    def _from_within_authority(self) -> list[_Part]:
        found = []
        for head, tail in _splits(self._items):
            if tail is not None and head:
                found.append(_Part(None, self._java(head, before=".*"), self._target(tail)))
            elif tail is None and not self._ends:  # without a slash it cannot reach the end, which is the target's
                found.append(_Part(None, self._java(head, before=".*", after=".*"), None))
        return found

    def _from_scheme(self) -> list[_Part]:
        """The ways in which a match begins within ``https://``."""
        found = []
        for scheme in _SCHEMES:
            for head, tail in _splits(self._items):
                if tail is None:
                    if not self._ends and self._reaches(head, scheme, to_the_end=False):
                        found.append(_Part(scheme, None, None))
                    continue
                if self._reaches(head, scheme, to_the_end=True):
                    found += self._from_second_slash(tail[1:], scheme)
                if not self._begins and _can_be_empty(head):
                    found += self._from_authority(tail[1:], scheme)
        return found

    def _from_second_slash(self, items: list[Any], scheme: str) -> list[_Part]:
        """The match has taken the first slash of ``://``, so the second comes next, or nothing."""
        found = []
        for head, tail in _splits(items):
            if not _can_be_empty(head):
                continue
            if tail is not None:
                found += self._from_authority(tail[1:], scheme)
            elif not self._ends:
                found.append(_Part(scheme, None, None))
        return found

    def _from_authority(self, items: list[Any], scheme: str) -> list[_Part]:
        """The match has taken all of ``://``."""
        found = []
        for head, tail in _splits(items):
            if not _fits_authority(head):
                continue
            if tail is not None:
                found.append(_Part(scheme, self._java(head), self._target(tail)))
            elif not self._ends:
                found.append(_Part(scheme, self._java(head, after=".*"), None))
        return found

    def _reaches(self, head: list[Any], scheme: str, *, to_the_end: bool) -> bool:
        """Whether ``head`` matches somewhere in ``https:`` (from its beginning, if anchored; to its end, if asked)."""
        expression = self._java(head, before="^" if self._begins else "", after="$" if to_the_end else "")
        return re.search(expression, f"{scheme}:") is not None

    def _target(self, items: list[Any]) -> str:
        return self._java(items, after="" if self._ends else ".*")

    def _java(self, items: list[Any], *, before: str = "", after: str = "") -> str:
        return f"{self._prefix}{before}(?:{_java(items)}){after}"


def _splits(items: list[Any]) -> Iterator[tuple[list[Any], list[Any] | None]]:
    """The ways to cut a match at its first slash: what comes before it, and the slash with what comes after.

    The last way may be that there is no slash (then there is no second part).
    """
    head: list[Any] = []
    for index, item in enumerate(items):
        rest = items[index + 1 :]
        if not _can_match_slash(item):
            head.append(item)
        elif _is_slash(item):
            yield list(head), [item, *rest]
            return
        elif _is_one_character(item):
            yield list(head), [_SLASH, *rest]
            head.append(_without_slash(item))
        elif (inner := _repeated_character(item)) is not None:
            least, character = inner
            before = (op.MAX_REPEAT, (0, op.MAXREPEAT, [_without_slash(character)]))
            yield [*head, before], [_SLASH, (op.MAX_REPEAT, (0, op.MAXREPEAT, [character])), *rest]
            head.append((op.MAX_REPEAT, (least, op.MAXREPEAT, [_without_slash(character)])))
        else:
            raise _Unsayable
    yield head, None


def _repeated_character(item: Any) -> tuple[int, Any] | None:
    """The least count and the character of ``x*`` or ``x+``."""
    name, argument = item
    if name in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, inner = argument
        if least <= 1 and most == op.MAXREPEAT and len(inner) == 1 and _is_one_character(inner[0]):
            return least, inner[0]
    return None


def _without_slash(item: Any) -> Any:
    return (_RAW, f"(?!/){_java([item])}")


def _is_slash(item: Any) -> bool:
    return bool(item == _SLASH)


def _is_anything(item: Any) -> bool:
    """``.*``, which at either end of a search changes nothing."""
    name, argument = item
    return bool(
        name in (op.MAX_REPEAT, op.MIN_REPEAT) and argument[0] == 0 and argument[1] == op.MAXREPEAT
        and list(argument[2]) == [(op.ANY, None)]
    )  # fmt: skip


def _can_match_slash(item: Any) -> bool:
    return re.search(_java([item]), "/") is not None if _is_one_character(item) else _inner_can_match_slash(item)


def _is_one_character(item: Any) -> bool:
    return item[0] in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)


def _inner_can_match_slash(item: Any) -> bool:
    name, argument = item
    if name is _RAW:
        return False
    if name in (op.MAX_REPEAT, op.MIN_REPEAT):
        return any(_can_match_slash(inner) for inner in argument[2])
    if name is op.SUBPATTERN:
        return any(_can_match_slash(inner) for inner in argument[3])
    if name is op.BRANCH:
        return any(_can_match_slash(inner) for branch in argument[1] for inner in branch)
    if name is op.AT and argument is op.AT_BOUNDARY:
        return False
    raise _Unsayable


def _fits_authority(items: list[Any]) -> bool:
    """Whether the literal characters that the match begins with can be in an authority at all."""
    for name, argument in items:
        if name is not op.LITERAL:
            return True
        if not _AUTHORITY.fullmatch(chr(argument)):
            return False
    return True


def _can_be_empty(items: list[Any]) -> bool:
    return re.fullmatch(_java(items), "") is not None


def _java(items: Any) -> str:
    """The expression as Java writes it, for text that is all ASCII, as a URL is."""
    return "".join(_java_item(name, argument) for name, argument in items)


def _java_item(name: Any, argument: Any) -> str:  # noqa: PLR0911 # one return for each kind of item
    if name is _RAW:
        return str(argument)
    if name is op.LITERAL:
        return _java_character(argument)
    if name is op.NOT_LITERAL:
        return f"[^{_java_character(argument)}]"
    if name is op.ANY:
        return "."
    if name is op.IN:
        return _java_set(argument)
    if name in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, inner = argument
        upper = "" if most == op.MAXREPEAT else most
        return f"(?:{_java(inner)}){{{least},{upper}}}{'?' if name is op.MIN_REPEAT else ''}"
    if name is op.SUBPATTERN and not argument[1] and not argument[2]:
        return f"(?:{_java(argument[3])})"
    if name is op.BRANCH:
        return f"(?:{'|'.join(_java(branch) for branch in argument[1])})"
    if name is op.AT and argument is op.AT_BOUNDARY:
        return r"\b"
    raise _Unsayable


def _java_set(items: Any) -> str:
    inner = ""
    for name, argument in items:
        if name is op.NEGATE:
            inner += "^"
        elif name is op.LITERAL:
            inner += _java_character(argument)
        elif name is op.RANGE:
            inner += f"{_java_character(argument[0])}-{_java_character(argument[1])}"
        elif name is op.CATEGORY and argument in _CATEGORIES:
            inner += _CATEGORIES[argument]
        else:
            raise _Unsayable
    return f"[{inner}]"


def _java_character(code: int) -> str:
    character = chr(code)
    if character.isascii() and (character.isalnum() or character in "/_"):
        return character
    if not character.isascii() or not character.isprintable():  # no URL holds one unencoded
        raise _Unsayable
    return f"\\{character}"


def _quote(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z_\-/]", lambda found: f"\\{found[0]}", text)
