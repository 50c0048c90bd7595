"""A route's predicate that distinguishes requests with the same path: by query, body or header."""

import json as jsonlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx

from harness.redaction.credential_names import is_credential_header
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
        url = whole_url(request).partition("?")[0]
        return self.url_pattern.search(url) is not None and next(self.differences(request), None) is None

    def differences(self, request: httpx.Request) -> Iterator[str]:
        """How a request differs from what is asked besides its URL, part by part; nothing where it does not.

        Args:
            request: The request.
        """
        text = request.content.decode(errors="replace")
        yield from _wrong_values("query parameter", self._query, _pairs(whole_url(request).partition("?")[2]))
        if self._json is not None:
            yield from _wrong_json(_parsed(request.content), self._json)
        if self._form is not None:
            yield from _wrong_values("form field", self._form, _pairs(text))
        headers = {name.lower(): value for name, value in (self._headers or {}).items()}
        yield from _wrong_values("header", headers, _grouped(request.headers))
        if self._body is not None and not _is(text, self._body):
            yield f"body {_short(text)} is not {_short(self._body)}"

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


def _wrong_values(what: str, wanted: Values | None, given: Mapping[str, list[str]]) -> Iterator[str]:
    for name, value in (wanted or {}).items():
        there = given.get(name)
        if value is None or there is None:
            if value is None and there is not None:
                yield f"{what} {name!r} is there, and must be absent"
            elif value is not None:
                yield f"{what} {name!r} is missing"
            continue
        values = value if isinstance(value, list) else [value]
        if len(there) != len(values) or not all(map(_is, there, values)):
            # A report is kept by CI, and attached to issues.
            is_secret = what == "header" and is_credential_header(name)
            yield f"{what} {name!r} is {'another' if is_secret else _short(there)}, not {_short(values)}"


def _wrong_json(given: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """Where the JSON body differs, by the path there."""
    if _contains(given, wanted):
        return
    if isinstance(wanted, tuple):
        for part in wanted:
            yield from _wrong_json(given, part, path)
    elif isinstance(wanted, dict) and wanted and isinstance(given, dict):
        for key, value in wanted.items():
            yield from _wrong_json(given.get(key), value, f"{path}.{key}" if path else str(key))
    else:
        yield f"body{f': `{path}`' if path else ''} is {_short(given)}, not {_short(wanted)}"


def _short(value: Any) -> str:
    """A value in one short line; of a list of one, that one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return f"{value!r:.120}"


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
