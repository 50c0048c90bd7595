"""Cuts answers short, so that a replay stays small and still ends.

Only the lists that an answer is about are cut: the answer itself, or a list in its envelope, never one inside an item.
Where pages follow, the first answer is made to look like the last, by what the recorded last page says of itself: no
next link, no cursor, ``hasNextPage`` as it is there. Counters beside a list that was cut say what is left of it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import Any

from harness.replay.answers import Answer
from harness.replay.recording import Headers

ITEMS = 2
_DEPTH = 4
_IDENTIFIERS = frozenset({"id", "uuid", "guid", "node_id", "_id"})
_COUNTERS = frozenset(
    {
        *("total", "count", "totalcount", "totalresults", "resultcount", "numfound", "totalitems", "recordcount"),
        *("totalelements", "totalsize", "totalhits", "numberofelements", "totalrecords", "totalentries", "itemcount"),
        *("totalnumber", "length", "size", "numresults", "totalnumberofresults"),
    }
)
_PAGE_COUNTERS = frozenset({"totalpages", "pages", "pagecount", "lastpage", "numpages", "numberofpages", "pagestotal"})
_POSITIONS = frozenset(
    {"page", "offset", "startat", "start", "skip", "from", "index", "pagenumber", "currentpage", "number"}
)
_SIZES = frozenset({"limit", "perpage", "pagesize", "maxresults", "maxitems", "pagelimit"})
_LINK = re.compile(r"\s*(<[^>]*>(?:\s*;\s*[^,;]+)*)\s*(?:,|$)")
_ENDS = re.compile(r"""rel\s*=\s*"?(?:next|last)\b""", re.IGNORECASE)
_MISSING = object()


class Cut(Enum):
    """How much is cut."""

    LISTS = "the main list of each answer"
    OBJECTS = "the main list of objects of each answer; pages are kept"
    NOTHING = "nothing"


def cut(answer: Answer, how: Cut, *, is_all: bool = False) -> Answer:
    """The answer with its lists cut, and the counters beside them.

    Args:
        answer: The whole answer.
        how: How much is cut.
        is_all: Whether no page follows, so that counters say what is left even where the list is short already.
    """
    if how is Cut.NOTHING or not answer.is_json or not 200 <= answer.status < 300:  # noqa: PLR2004 # statuses
        return answer
    body, kept = _cut(answer.body, how, 0, is_all=is_all)
    if kept is None:
        return answer
    headers = {name: _counter(name, value, kept, 1) for name, value in answer.headers.items()}
    return replace(answer, body=body, headers=headers)


def end(first: Answer, last: Answer) -> Answer:
    """The first of several pages, cut, as if it were the last.

    Args:
        first: The first page, cut already.
        last: The recorded last page, whole.
    """
    headers: Headers = {}
    for name, value in first.headers.items():
        if name == "link":
            if link := _without_next(value if isinstance(value, str) else ", ".join(value)):
                headers[name] = link
        elif name not in last.headers and ("next" in name or name.startswith("x-")):
            continue  # what only a page has that another follows may lead to it
        else:
            headers[name] = last.headers[name] if "next" in name else value
    return replace(first, body=_end(first.body, last.body, 0), headers=headers)


def _cut(value: Any, how: Cut, depth: int, *, is_all: bool) -> tuple[Any, int | None]:
    """The value, and how many items the longest list that was cut has left; None where none was."""
    if isinstance(value, list):
        if len(value) <= ITEMS or (how is Cut.OBJECTS and depth and not isinstance(value[0], dict)):
            return value, len(value) if is_all else None
        # Where pages are kept, the last item may say where the next one begins.
        return ([value[0], value[-1]] if how is Cut.OBJECTS else value[:ITEMS]), ITEMS
    if not isinstance(value, dict) or depth > _DEPTH or (_IDENTIFIERS & value.keys() and "jsonrpc" not in value):
        return value, None
    done = {name: _cut(each, how, depth + 1, is_all=is_all) for name, each in value.items()}
    kept = [left for _, left in done.values() if left is not None]
    if not kept:
        return value, None
    body = {name: each for name, (each, _) in done.items()}
    return _with_counters(body, max(kept), 0), max(kept)


def _with_counters(value: dict[str, Any], kept: int, depth: int) -> dict[str, Any]:
    """The counters beside a list, and in objects without lists beside it, such as ``meta`` or ``pagination``."""
    found: dict[str, Any] = {}
    for name, each in value.items():
        if isinstance(each, dict) and depth == 0 and not any(isinstance(inner, list) for inner in each.values()):
            found[name] = _with_counters(each, kept, 1) if not _IDENTIFIERS & each.keys() else each
        else:
            found[name] = _counter(name, each, kept, 1)
    return found


def _counter(name: str, value: Any, items: int, pages: int) -> Any:
    """A counter as it is when so many are left; whatever else it is as it is."""
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, str) and value.isdigit())):
        return value
    plain = _plain(name)
    left = items if plain in _COUNTERS else pages if plain in _PAGE_COUNTERS else None
    if left is None or int(value) <= left:
        return value
    return left if isinstance(value, int) else str(left)


def _end(first: Any, last: Any, depth: int) -> Any:
    if not (isinstance(first, dict) and isinstance(last, dict)) or depth > _DEPTH:
        return first
    found: dict[str, Any] = {}
    for name, value in first.items():
        there = last.get(name, _MISSING)
        if isinstance(value, dict) and (isinstance(there, dict)):
            found[name] = _end(value, there, depth + 1)
        elif isinstance(value, list) or isinstance(there, list) or _stays(name) or value == there:
            found[name] = value
        elif there is not _MISSING:
            found[name] = there
    return found | {name: value for name, value in last.items() if name not in first and not isinstance(value, list)}


def _stays(name: str) -> bool:
    """Whether it says where a page is or how many there are, rather than what comes next."""
    plain = _plain(name)
    return plain in _POSITIONS | _SIZES | _COUNTERS | _PAGE_COUNTERS


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower().removeprefix("x-"))


def _without_next(link: str) -> str:
    return ", ".join(each for each in _links(link) if not _ENDS.search(each))


def _links(link: str) -> Iterator[str]:
    for found in _LINK.finditer(link):
        yield found[1]
