"""Tells whether one stub's request matches whatever another's does: then the other never has its turn.

It says so only where it is certain. What it does not know of both must be the same.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

_URLS = ("url", "urlPath", "urlPathTemplate", "urlPathPattern", "urlPattern")
_METHODS = {"GET_OR_HEAD": {"GET", "HEAD", "GET_OR_HEAD"}}
_NAMED = ("queryParameters", "headers", "cookies", "formParameters", "pathParameters")
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


def _method(wide: dict[str, Any], narrow: dict[str, Any]) -> bool:
    of_wide, of_narrow = (str(each.get("method", "ANY")).upper() for each in (wide, narrow))
    return of_wide in ("ANY", of_narrow) or of_narrow in _METHODS.get(of_wide, ())


def _url(wide: dict[str, Any], narrow: dict[str, Any]) -> bool:
    key, other = (next((key for key in _URLS if key in each), None) for each in (wide, narrow))
    if key is None or (key == other and wide[key] == narrow[key]):
        return True
    pattern, is_regex = str(wide[key]), key in ("urlPattern", "urlPathPattern")
    if is_regex and pattern in (".*", "/.*"):
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
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:  # Java's, which Python does not read
        return False
