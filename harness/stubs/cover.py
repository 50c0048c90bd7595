"""Tells whether one stub's request matches whatever another's does: then the other never has its turn.

It says so only where it is certain. What it does not know of both must be the same.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

_URLS = ("url", "urlPath", "urlPathTemplate", "urlPathPattern", "urlPattern")
_METHODS = {"GET_OR_HEAD": {"GET", "HEAD", "GET_OR_HEAD"}}
_NAMED = ("queryParameters", "headers", "cookies", "formParameters", "pathParameters")
_ANYTHING = (".*", "/.*")
# The whole parts of a path with which a pattern begins, as they are: what follows must not make the slash optional.
_BEGINS = re.compile(r"(?:/[A-Za-z0-9_-]+(?=/[^?*{+]|/?$)){0,8}")
_PARTS = 9
_COMPARED = {"method", "host", "bodyPatterns", *_URLS, *_NAMED}


def covers(wide: dict[str, Any], narrow: dict[str, Any]) -> bool:
    """Whether every request that ``narrow`` matches is matched by ``wide``, too.

    Args:
        wide: The request part of a stub.
        narrow: That of another.
    """
    return (
        _method(wide, narrow)
        and _url(wide, narrow)
        and ("host" not in wide or ("host" in narrow and _value(wide["host"], narrow["host"], case=False)))
        and all(_named(group, wide, narrow) for group in _NAMED)
        and all(pattern in narrow.get("bodyPatterns", []) for pattern in wide.get("bodyPatterns", []))
        and all(narrow.get(key) == wide[key] for key in wide.keys() - _COMPARED)
    )


class Covering:
    """Finds, among the stubs that were added, the first that covers another, without trying each of them.

    A stub can cover only what has all that it asks for to the letter: its path, a body pattern, a header's value. So it is
    kept under the one of these that is the rarest, and looked at for stubs that have that one, too.

    Args:
        requests: The request parts of all the stubs.
    """

    def __init__(self, requests: Iterable[dict[str, Any]]) -> None:
        self._often = Counter(token for request in requests for token in _given(request))
        self._kept: dict[str, list[tuple[int, dict[str, Any]]]] = {}

    def add(self, number: int, request: dict[str, Any]) -> None:
        """Add a stub.

        Args:
            number: Its number, higher than that of the one before.
            request: Its request part.
        """
        ways = [{token} for token in _asked(request)] + _asked_by_pattern(request)
        for token in min(ways, key=lambda way: sum(self._often[each] for each in way), default={""}):
            self._kept.setdefault(token, []).append((number, request))

    def find(self, request: dict[str, Any]) -> int | None:
        """The lowest number of a stub that was added and that covers this request; None without one."""
        near = (self._kept.get(token, []) for token in ("", *_given(request)))
        first = (next((number for number, wide in kept if covers(wide, request)), None) for kept in near)
        return min((number for number in first if number is not None), default=None)


def _asked_by_pattern(request: dict[str, Any]) -> list[set[str]]:
    """What a pattern of a URL needs of what it covers: the same pattern, or a path that begins as it does itself."""
    key = next((key for key in _URLS if key in request), None)
    if key in (None, "url", "urlPath") or (pattern := str(request[key])) in _ANYTHING:
        return []
    begins = "" if "|" in pattern else _BEGINS.match(pattern)[0]  # type: ignore[index] # it matches nothing, too
    return [{f"{key} {pattern}", f"begins {begins}"}]


def _asked(request: dict[str, Any]) -> set[str]:
    """What a request must have to the letter, to be covered by this one; see :func:`covers`."""
    asked = {f"body {_text(pattern)}" for pattern in request.get("bodyPatterns", [])}
    key = next((key for key in _URLS if key in request), None)
    if key in ("url", "urlPath"):
        asked.add(f"{key} {request[key]}")
    host = request.get("host")
    if isinstance(host, dict) and list(host) == ["equalTo"]:
        asked.add(f"host {host['equalTo']}".lower())
    for group in _NAMED:
        for name, matcher in (request.get(group) or {}).items():
            name = name.lower() if group == "headers" else name  # noqa: PLW2901
            asked.add(f"{group} {name}")
            if isinstance(matcher, dict) and list(matcher) == ["equalTo"]:
                asked.add(f"{group} {name} {matcher['equalTo']}")
    return asked | {f"{key} {_text(request[key])}" for key in request.keys() - _COMPARED}


def _given(request: dict[str, Any]) -> set[str]:
    """What of that a request has itself."""
    given = _asked(request)
    key = next((key for key in _URLS if key in request), None)
    if key is None:
        return given
    path, _, query = str(request[key]).partition("?")
    if key not in ("url", "urlPath"):
        return {*given, f"{key} {request[key]}"}
    parts = path.split("/")
    given |= {"begins ", *(f"begins {'/'.join(parts[:count])}" for count in range(2, min(len(parts), _PARTS) + 1))}
    given.add(f"urlPath {path}")
    if key == "url":
        for name, value in parse_qsl(query, keep_blank_values=True):
            given |= {f"queryParameters {name}", f"queryParameters {name} {value}"}
    return given


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _method(wide: dict[str, Any], narrow: dict[str, Any]) -> bool:
    of_wide, of_narrow = (str(each.get("method", "ANY")).upper() for each in (wide, narrow))
    return of_wide in ("ANY", of_narrow) or of_narrow in _METHODS.get(of_wide, ())


def _url(wide: dict[str, Any], narrow: dict[str, Any]) -> bool:
    key, other = (next((key for key in _URLS if key in each), None) for each in (wide, narrow))
    if key is None or (key == other and wide[key] == narrow[key]):
        return True
    pattern, is_regex = str(wide[key]), key in ("urlPattern", "urlPathPattern")
    if is_regex and pattern in _ANYTHING:
        return True
    if other not in ("url", "urlPath"):
        return False
    path = str(narrow[other]).partition("?")[0]
    if key == "url" or (key == "urlPattern" and other == "urlPath"):
        return False  # they see the query, of which a path alone says nothing
    if key == "urlPattern":
        return _matches(pattern, str(narrow[other]))
    regex = pattern if is_regex else _template(pattern) if key == "urlPathTemplate" else re.escape(pattern)
    return _matches(regex, path)


def _template(template: str) -> str:
    return "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", template))


def _named(group: str, wide: dict[str, Any], narrow: dict[str, Any]) -> bool:
    asked = wide.get(group) or {}
    given = dict(narrow.get(group) or {})
    if group == "headers":  # whose names are the same in any case
        asked, given = ({name.lower(): value for name, value in each.items()} for each in (asked, given))
    if group == "queryParameters" and "?" in str(narrow.get("url", "")):
        for name, value in parse_qsl(narrow["url"].partition("?")[2], keep_blank_values=True):
            given.setdefault(name, {"equalTo": value})
    return all(name in given and _value(matcher, given[name]) for name, matcher in asked.items())


def _value(wide: Any, narrow: Any, *, case: bool = True) -> bool:
    """Whether a value that ``narrow`` takes is one that ``wide`` takes."""
    if wide == narrow:
        return True
    if not isinstance(wide, dict) or not isinstance(narrow, dict) or len(wide) != 1:
        return False
    ((how, wanted),) = wide.items()
    exact = narrow.get("equalTo") if len(narrow) == 1 else None
    if not isinstance(wanted, str):
        return False
    if isinstance(exact, str):
        exact, wanted = (exact, wanted) if case or how == "matches" else (exact.lower(), wanted.lower())
        return {
            "equalTo": wanted == exact,
            "contains": wanted in exact,
            "matches": how == "matches" and _matches(wanted, exact),
        }.get(how, False)
    return how == "contains" and list(narrow) == ["contains"] and wanted in str(narrow["contains"])


def _matches(pattern: str, value: str) -> bool:
    expression = _compiled(pattern)
    return expression is not None and expression.fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError):  # Java's, which Python does not read
        return None
