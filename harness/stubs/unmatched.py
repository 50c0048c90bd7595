"""Explains an unmatched request: the nearest stub, what differs, and a route that would answer it."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from harness.routes.request_bodies import LARGEST, large_body
from harness.routes.transport import Route, whole_url
from harness.stubs.folder import place
from harness.stubs.mappings import Stub
from harness.stubs.unused import describe_request, describe_route, place_of_route

_LIMIT = 300
_COMPARED_KEYS = {
    "method",
    "scheme",
    "url",
    "urlPath",
    "urlPattern",
    "urlPathPattern",
    "host",
    "queryParameters",
    "headers",
}
_MATCHERS = {"equalTo", "matches", "contains", "absent"}
_FAR = 1.75  # the same method, and a URL that has a quarter in common


def explain(
    request: httpx.Request, routes: Sequence[Route], files: Sequence[Stub], *, with_nearest: bool = True
) -> str:
    """The request, the nearest stub and what differed, and a route to paste.

    Args:
        request: The unmatched request.
        routes: The routes of the test.
        files: The stubs of its stub files.
        with_nearest: Whether to look for the nearest, which takes some milliseconds.
    """
    lines = [
        f"No route matched: {request.method} {request.url}",
        *of_its_body(request),
        *(nearest(request, routes, files) if with_nearest else []),
        "A route that would answer it:",
        f"    {route_for(request)}",
    ]
    return "\n".join(lines)


def of_its_body(request: httpx.Request) -> list[str]:
    """What there is to say where its body is so large that no stub sees it."""
    large = large_body(request)
    if large is None or not large.is_unseen:
        return []
    return [
        f"Its body has {large.length:,} bytes. Nothing sees a body of more than {LARGEST:,}: match by URL or headers."
    ]


def route_for(request: httpx.Request) -> str:
    """A route that would answer a request, to paste."""
    path = request.url.raw_path.decode().partition("?")[0]
    return f'transport.add_route("{request.method}", "{request.url.netloc.decode()}{path}", {{"json": {{}}}})'


@dataclass(frozen=True)
class _Difference:
    """How a request differs from a stub: in words, and by how much."""

    text: str
    weight: float = 1.0


def nearest(request: httpx.Request, routes: Sequence[Route], files: Sequence[Stub]) -> list[str]:
    """The nearest stub and what differs, one per line.

    WireMock would tell a near miss, too, but of its own form of a route, and by rules that prefer the same method.

    Args:
        request: The unmatched request.
        routes: The routes of the test.
        files: The stubs of its stub files.
    """
    url = whole_url(request)
    candidates = [
        (place_of_route(number, route), describe_route(route), list(_differences_of_route(route, request, url)))
        for number, route in enumerate(routes)
    ] + [
        (
            place(stub),
            describe_request(stub["request"]),
            list(_differences_of_stub(stub["request"], request)),
        )
        for stub in files
    ]
    if not candidates:
        return ["There are no stubs."]
    source, what, differences = min(candidates, key=lambda each: sum(difference.weight for difference in each[2]))
    if sum(difference.weight for difference in differences) > _FAR:
        return ["No stub comes close."]
    differs = [f"    differs: {difference.text}"[:_LIMIT] for difference in differences]
    return [f"The nearest stub is {source}:", f"    {what}", *differs]


def _differences_of_route(route: Route, request: httpx.Request, url: str) -> Iterator[_Difference]:
    if route.method is not None and route.method.upper() != request.method.upper():
        yield _Difference(f"method {request.method} is not {route.method.upper()}")
    pattern = route.url_pattern
    if isinstance(pattern, str) and pattern not in url:
        yield _url_difference(f"the URL does not contain {pattern!r}", pattern, url)
    if isinstance(pattern, re.Pattern) and not pattern.search(url):
        yield _url_difference(f"the URL does not match {pattern.pattern!r}", pattern.pattern, url)
    if callable(pattern):
        yield _Difference("the predicate returned false", _FAR)
    if route.is_used_up:
        yield _Difference(f"it has answered already, times={route.times}", 0.5)


def _url_difference(text: str, wanted: str, given: str) -> _Difference:
    likeness = max(
        difflib.SequenceMatcher(None, wanted, part).ratio() for part in (given, given.partition("?")[0][-len(wanted) :])
    )
    return _Difference(text, 2 - likeness)


def _differences_of_stub(asked: dict[str, Any], request: httpx.Request) -> Iterator[_Difference]:
    """What of a stub's request a real one does not have; matchers that are not told apart here are named as they are."""
    if (method := asked.get("method", "ANY")) not in ("ANY", request.method):
        yield _Difference(f"method {request.method} is not {method}")
    if (scheme := asked.get("scheme", request.url.scheme)) != request.url.scheme:
        yield _Difference(f"scheme {request.url.scheme} is not {scheme}")
    whole = request.url.raw_path.decode()
    path = whole.partition("?")[0]
    for key, value in (("url", whole), ("urlPath", path)):
        if key in asked and asked[key] != value:
            yield _url_difference(f"{value!r} is not {key} {asked[key]!r}", asked[key], value)
    for key, value in (("urlPattern", whole), ("urlPathPattern", path)):
        if key in asked and not _matches(asked[key], value):
            yield _url_difference(f"{value!r} does not match {key} {asked[key]!r}", asked[key], value)
    if "host" in asked:
        yield from _differences_of_values("host", {"host": asked["host"]}, {"host": request.url.host})
    yield from _differences_of_values("query parameter", asked.get("queryParameters") or {}, request.url.params)
    yield from _differences_of_values("header", asked.get("headers") or {}, request.headers)
    for key in sorted(asked.keys() - _COMPARED_KEYS):
        yield _Difference(f"perhaps {key}, for which the stub has {json.dumps(asked[key])}", 0.5)


def _differences_of_values(what: str, asked: dict[str, Any], given: Mapping[str, str]) -> Iterator[_Difference]:
    for name, matcher in asked.items():
        value = given.get(name)
        if not isinstance(matcher, dict) or not matcher.keys() <= _MATCHERS:
            yield _Difference(f"perhaps {what} {name!r}, for which the stub has {json.dumps(matcher)}", 0.5)
            continue
        if value is None and matcher != {"absent": True}:
            yield _Difference(f"{what} {name!r} is missing")
        elif value is not None and (
            ("equalTo" in matcher and value != matcher["equalTo"])
            or ("matches" in matcher and not _matches(matcher["matches"], value))
            or ("contains" in matcher and matcher["contains"] not in value)
            or matcher == {"absent": True}
        ):
            yield _Difference(f"{what} {name!r} is {value!r}, for which the stub has {json.dumps(matcher)}")


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:  # Java's, which Python does not read
        return True
