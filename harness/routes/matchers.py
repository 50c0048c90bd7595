"""A route's predicate that distinguishes requests with the same path: by query, body or header."""

import json as jsonlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx

from harness.routes.transport import whole_url

Text = str | re.Pattern[str]
Values = Mapping[str, Text | list[Text] | None]


class asks:  # noqa: N801 # it reads as a verb where a route is added
    """Matches a request by its URL and more.

    Args:
        url_pattern: A regular expression, searched in the URL without its query.
        query: Parameters and their decoded values, a list where one is repeated; None if it must be absent. A compiled
            regular expression must match all of the value; so it does below.
        json: A part of the JSON body: each value in it must be present; ``{}`` requires an object,
            None requires null or nothing, as with text or no body. A tuple requires all of its parts:
            ``({}, {"page": None})`` is an object without a page. A regular expression must match a text, or what
            ``json.dumps(value, sort_keys=True)`` makes of another value.
        form: Fields of a form, as ``query``.
        headers: Headers and their values; None if it must be absent.
        body: The whole body, as text; empty to require none.

    Example:
        transport.add_route("POST", asks("/graphql$", json={"operationName": "Things"}), {"json": {"data": {}}})
    """

    def __init__(
        self,
        url_pattern: str,
        *,
        query: Values | None = None,
        json: Any = None,
        form: Values | None = None,
        headers: Values | None = None,
        body: Text | None = None,
    ) -> None:
        self.url_pattern = re.compile(url_pattern)
        self._query, self._json, self._form, self._headers, self._body = query, json, form, headers, body

    def __call__(self, request: httpx.Request) -> bool:
        """Whether ``request`` matches."""
        url, _, query = whole_url(request).partition("?")
        return bool(
            self.url_pattern.search(url)
            and _has(self._query, _pairs(query))
            and (self._json is None or _contains(_parsed(request.content), self._json))
            and (self._form is None or _has(self._form, _pairs(request.content.decode(errors="replace"))))
            and _has(self._headers, _grouped(request.headers))
            and (self._body is None or _is(request.content.decode(errors="replace"), self._body))
        )

    def __repr__(self) -> str:
        """What it is for, in reports."""
        asked = {
            "query": self._query,
            "json": self._json,
            "form": self._form,
            "headers": self._headers,
            "body": self._body,
        }
        more = "".join(f", {name}={value!r:.100}" for name, value in asked.items() if value is not None)
        return f"asks({self.url_pattern.pattern!r}{more})"


def _pairs(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


def _grouped(headers: httpx.Headers) -> dict[str, list[str]]:
    return {name: headers.get_list(name) for name in headers}


def _has(wanted: Values | None, given: Mapping[str, list[str]]) -> bool:
    for name, value in (wanted or {}).items():
        there = given.get(name)
        if value is None or there is None:
            if value is not there:
                return False
            continue
        values = value if isinstance(value, list) else [value]
        if len(there) != len(values) or not all(map(_is, there, values)):
            return False
    return True


def _is(given: str, wanted: Text) -> bool:
    return wanted.fullmatch(given) is not None if isinstance(wanted, re.Pattern) else given == wanted


def _parsed(content: bytes) -> Any:
    try:
        return jsonlib.loads(content)
    except ValueError:
        return None


def _contains(given: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple):
        return all(_contains(given, part) for part in wanted)
    if isinstance(wanted, dict):
        there = given if isinstance(given, dict) else {}
        return all(_contains(there.get(key), value) for key, value in wanted.items()) if wanted else given is there
    if isinstance(wanted, re.Pattern):
        return given is not None and _is(given if isinstance(given, str) else _dumped(given), wanted)
    # In Python, 1 equals True.
    return _dumped(given) == _dumped(wanted)


def _dumped(value: Any) -> str:
    return jsonlib.dumps(value, sort_keys=True)
