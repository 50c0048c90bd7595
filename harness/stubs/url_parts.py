"""Says part by part how a URL differs from what a route or stub waits for: scheme, host, each segment of the path, the query."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

import httpx

from harness.routes.transport import whole_url

_ESCAPED = re.compile(r"\\([^\w\s]|_)")
_NO_SLASH = re.compile(r"\[\^[/?&#]+\]")
_SPECIAL = re.compile(r"[.*+?\[\](){}|^$\\]")
# A query that is meant literally: in a regular expression, the question mark makes what comes before it optional.
_BARE_QUERY = re.compile(r"(?<![\\)\]*+?}(])\?(?=[\w.\[\]%-]+=)")
_SIMILAR = 0.6
# What is nothing like it is not worth to be named.
_ALIKE = 0.5
_MISSPELT, _TYPO = 0.8, 0.15


@dataclass(frozen=True)
class Difference:
    """How a request differs from what something waits for.

    Args:
        text: It in words.
        weight: By how much: 1 for something else altogether.
        is_alien: Whether nothing suggests that this request was meant.
    """

    text: str
    weight: float = 1.0
    is_alien: bool = False


def of_pattern(pattern: str | re.Pattern[str], request: httpx.Request) -> Iterator[Difference]:
    """How the URL of a request differs from a pattern that is searched in it; nothing where it is found.

    Args:
        pattern: Text, or a regular expression.
        request: The request.
    """
    url = whole_url(request)
    if isinstance(pattern, str):
        if pattern not in url:
            yield from _of_text(pattern, request, is_expression=False)
    elif not pattern.search(url):
        if said := read_otherwise(pattern.pattern, url):
            yield Difference(said, 0.05)
        else:
            yield from _of_text(pattern.pattern, request, is_expression=True)


def of_path(wanted: str, request: httpx.Request, *, is_expression: bool = False) -> Iterator[Difference]:
    """How the path and the query of a request differ from what a stub file has.

    Args:
        wanted: The path, with or without a query; the whole of it is compared.
        request: The request.
        is_expression: Whether it is a regular expression.
    """
    yield from _of_text(f"^{wanted}$" if is_expression else wanted, request, is_expression=is_expression, is_whole=True)


def of_host(wanted: str, host: str) -> Difference:
    """How a host differs from the one that is waited for.

    Args:
        wanted: The host that is waited for.
        host: The request's.
    """
    return Difference(f"host {host!r} is not {wanted!r}", 1.2 - _likeness(wanted, host))


def read_otherwise(pattern: str, url: str) -> str:
    """Why a text that was meant literally does not match, if that is it: it is read as a regular expression.

    Args:
        pattern: The text.
        url: The URL that it does not match.
    """
    if not _SPECIAL.search(pattern):
        return ""
    bare = _BARE_QUERY.sub(r"\\?", pattern)
    if bare != pattern and _found(bare, url):
        return (
            f"{pattern!r} is read as a regular expression, in which `?` makes the character before it optional: write "
            f'r"{bare}"'
        )
    if pattern in url:
        escaped = _SPECIAL.sub(lambda found: f"\\{found[0]}", pattern)
        return f'{pattern!r} is read as a regular expression, and is not found as it is: write r"{escaped}"'
    return ""


def _found(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


@dataclass(frozen=True)
class _Parts:
    """What a pattern says of each part of a URL; nothing of a part that it leaves open."""

    scheme: str
    host: str
    segments: Sequence[str]
    query: str
    begins: bool
    ends: bool


def _of_text(
    wanted: str, request: httpx.Request, *, is_expression: bool, is_whole: bool = False
) -> Iterator[Difference]:
    parts = _taken_apart(wanted, request, is_expression=is_expression, is_whole=is_whole)
    found = list(_compared(parts, request, is_expression=is_expression))
    if found:
        yield from found
    else:  # alike in its parts, and yet it does not match: no part says why
        yield Difference(_of_the_whole(wanted, parts, request, is_expression=is_expression), 0.3)


def _of_the_whole(wanted: str, parts: _Parts, request: httpx.Request, *, is_expression: bool) -> str:
    path, _, query = request.url.raw_path.decode().partition("?")
    if parts.ends and not parts.query and query:
        return f"the URL goes on with {f'?{query}'!r}: a pattern is searched in the whole URL"
    if wanted.endswith("/") and not path.endswith("/"):
        return f"the path is {path!r}, without a slash at its end"
    return f"the URL does not {'match' if is_expression else 'contain'} {wanted!r}"


def _compared(parts: _Parts, request: httpx.Request, *, is_expression: bool) -> Iterator[Difference]:
    url = request.url
    if parts.scheme and not _fits(parts.scheme, url.scheme, is_expression=is_expression):
        yield Difference(f"scheme {url.scheme!r} is not {parts.scheme!r}", 0.3)
    netloc = url.netloc.decode()
    host_is = not parts.host or any(
        _fits(parts.host, each, is_expression=is_expression, at_end=not parts.scheme) for each in (netloc, url.host)
    )
    if not host_is:
        yield of_host(_plain(parts.host, is_expression=is_expression), netloc)
    given = [each for each in url.raw_path.decode().partition("?")[0].split("/")[1:] if each]
    wanted = [each for each in parts.segments if each]
    path = _path(wanted, given, parts, is_expression=is_expression)
    unlike = sum(each.weight > 1.2 - _ALIKE for each in path)
    is_near = bool(parts.host and host_is) or not wanted or unlike < min(len(wanted), len(given))
    for each in path:
        yield Difference(each.text, each.weight, is_alien=not is_near)
    if parts.query:
        yield from _query(parts.query, request, is_expression=is_expression)


def _path(wanted: list[str], given: list[str], parts: _Parts, *, is_expression: bool) -> list[Difference]:
    """How the segments differ, where they are laid side by side so that they differ least."""
    starts = [0] if parts.begins else range(max(1, len(given) - len(wanted) + 1))
    tried = [_side_by_side(wanted, given, start, parts, is_expression=is_expression) for start in starts]
    return min(tried, key=lambda differences: sum(each.weight for each in differences), default=[])


def _side_by_side(
    wanted: list[str], given: list[str], start: int, parts: _Parts, *, is_expression: bool
) -> list[Difference]:
    found = []
    for number, want in enumerate(wanted):
        plain, is_last = _plain(want, is_expression=is_expression), number == len(wanted) - 1
        if start + number >= len(given):
            found.append(Difference(f"the path ends before {plain!r}", 0.5))
            continue
        have = given[start + number]
        if not _fits(want, have, is_expression=is_expression, at_start=is_last and not parts.ends):
            word = "does not match" if is_expression and _SPECIAL.search(plain) else "is not"
            likeness = _likeness(plain, have)
            # Another number is another thing, and another spelling a mistake.
            weight = _TYPO if likeness > _MISSPELT else 1.2 - likeness
            found.append(Difference(f"path segment {start + number + 1} {have!r} {word} {plain!r}", weight))
    if parts.ends and (more := given[start + len(wanted) :]):
        found.append(Difference(f"the path goes on with {'/' + '/'.join(more)!r}", 0.5))
    return found


def _query(wanted: str, request: httpx.Request, *, is_expression: bool) -> Iterator[Difference]:
    """How the parameters differ; a pattern may want them in an order, which is said only where nothing else differs."""
    given = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
    found = False
    for pair in filter(None, wanted.split("&")):
        name, equals, want = pair.partition("=")
        name, plain = _plain(name, is_expression=is_expression), unquote(_plain(want, is_expression=is_expression))
        if not re.fullmatch(r"[\w.\[\]%$-]+", name):
            continue
        if name not in given:
            found = True
            close = difflib.get_close_matches(name, given, n=1)
            yield Difference(
                f"query parameter {name!r} is missing" + (f"; there is {close[0]!r}" if close else ""), 0.3
            )
        elif (
            equals and not _fits(want, given[name], is_expression=is_expression, at_start=True) and given[name] != plain
        ):
            found = True
            yield Difference(f"query parameter {name!r} is {given[name]!r}, not {plain!r}", 0.3)
    if not found and given:
        sent = request.url.query.decode()
        if not _found(wanted if is_expression else re.escape(wanted), sent):
            plain = _plain(wanted, is_expression=is_expression)
            yield Difference(f"the query is {sent!r}, in which {plain!r} is not found: the order counts", 0.2)
        elif is_expression and not sent.startswith(plain := _plain(wanted, is_expression=True)) and plain in sent:
            yield Difference(f"the query is {sent!r}, and does not begin with {plain!r}", 0.2)


def _taken_apart(wanted: str, request: httpx.Request, *, is_expression: bool, is_whole: bool) -> _Parts:
    text = wanted
    begins, ends = is_whole, is_whole
    if is_expression:
        begins, ends = text.startswith("^"), bool(re.search(r"(?<!\\)(?:\$|\\[zZ])$", text))
        text = re.sub(r"^\^|(?<!\\)(?:\$|\\[zZ])$", "", text)
        text = _NO_SLASH.sub(".", text.replace(r"\/", "/"))
    before, query = _cut_query(text, is_expression=is_expression)
    scheme, separator, rest = before.partition("://")
    if not separator:
        scheme, rest = "", before
    host, slash, path = rest.partition("/")
    if host and not separator and not _is_host(host, request, is_expression=is_expression):
        host, slash, path = "", "/", rest  # it begins within a segment
    # Without a host, it may begin anywhere in the path.
    begins = bool(begins or host) if slash else begins
    return _Parts(scheme, host, path.split("/") if slash else [], query, begins, ends or bool(query))


def _cut_query(text: str, *, is_expression: bool) -> tuple[str, str]:
    cut = re.search(r"\\\?|\[\?\]", text) if is_expression else re.search(r"\?", text)
    if cut is None and is_expression:
        cut = _BARE_QUERY.search(text)
    return (text[: cut.start()], text[cut.end() :]) if cut else (text, "")


def _is_host(text: str, request: httpx.Request, *, is_expression: bool) -> bool:
    plain = _plain(text, is_expression=is_expression)
    return "." in plain or ":" in plain or _likeness(plain, request.url.host) > _SIMILAR


def _fits(want: str, have: str, *, is_expression: bool, at_start: bool = False, at_end: bool = False) -> bool:
    """Whether a part is what is wanted; at a pattern's open end, its beginning is enough, and so is its end."""
    if not is_expression:
        return have == want or (at_start and have.startswith(want)) or (at_end and have.endswith(want))
    pattern = f"{'.*' if at_end else ''}(?:{want}){'.*' if at_start else ''}"
    try:
        return re.fullmatch(pattern, have) is not None
    except re.error:  # a part of a group that spans several
        return _likeness(_plain(want, is_expression=True), have) > _SIMILAR


def _plain(text: str, *, is_expression: bool) -> str:
    """A part of a regular expression as somebody reads it."""
    return _ESCAPED.sub(r"\1", text) if is_expression else text


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()
