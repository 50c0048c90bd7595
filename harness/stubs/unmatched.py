"""Explains an unmatched request: the nearest stub, what differs, and a route that would answer it."""

import contextlib
import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from harness.routes.callables import source_of
from harness.routes.matchers import asks
from harness.routes.operations import label_of, operation_of
from harness.routes.request_bodies import LARGEST, large_body
from harness.routes.transport import Route
from harness.stubs import url_parts
from harness.stubs.folder import place
from harness.stubs.mappings import Stub
from harness.stubs.unused import describe_request, describe_route, place_of_route
from harness.stubs.url_parts import Difference

_LIMIT = 300
_COMPARED_KEYS = {
    "method",
    "scheme",
    "url",
    "urlPath",
    "urlPattern",
    "urlPathPattern",
    "urlPathTemplate",
    "host",
    "port",
    "queryParameters",
    "headers",
    "bodyPatterns",
}
_MATCHERS = {"equalTo", "matches", "contains", "absent"}
_SPECIAL = re.compile(r"[.+*?$^|(){}\[\]]")
_METHOD = 0.25
_VALUE = 0.3  # of a query parameter, a header, the body
_UNCERTAIN = 0.2
_SAID_NO = 0.9  # of a predicate, of which nobody knows why
_SAID_NO_TO_A_LIKE = 0.25
_PREDICATES = 2
_NEAR, _AS_NEAR = 2, 0.1
_TEXTS = 40
_SHORT = 3
_ALIKE = 0.75
_PORTS = {"http": 80, "https": 443}
_PLAIN_PATH = re.compile(r"\$\.([A-Za-z_][\w.]*)")


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
        f"No route matched: {label_of(request)}",
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
    operation = operation_of(request)
    is_graphql = operation is not None and isinstance(operation.value, dict) and "method" not in operation.value
    answer = '{"json": {"data": {}}}' if is_graphql else '{"json": {}}'
    return f"{route_head(request)}{answer})"


def route_head(request: httpx.Request) -> str:
    """The beginning of a route that would answer a request, up to the answer."""
    path = request.url.raw_path.decode().partition("?")[0]
    where = f"{request.url.netloc.decode()}{path}"
    if (operation := operation_of(request)) is None:
        return f'transport.add_route("{request.method}", "{where}", '
    escaped = _SPECIAL.sub(r"\\\g<0>", where)
    pattern = f'r"{escaped}$"'
    return f'transport.add_route("{request.method}", {operation.as_asks(pattern)}, '


@dataclass(frozen=True)
class _Candidate:
    """A route or a stub, and how the request differs from it."""

    source: str
    what: str
    differences: list[Difference]

    @property
    def distance(self) -> float:
        return sum(difference.weight for difference in self.differences)

    @property
    def is_near(self) -> bool:
        return not any(difference.is_alien for difference in self.differences)


def nearest(request: httpx.Request, routes: Sequence[Route], files: Sequence[Stub]) -> list[str]:
    """The nearest stub and what differs, one per line; and which predicates said no, if the nearest is none of them.

    WireMock would tell a near miss, too, but of its own form of a route, and by rules that prefer the same method.

    Args:
        request: The unmatched request.
        routes: The routes of the test.
        files: The stubs of its stub files.
    """
    of_routes = [
        _Candidate(place_of_route(number, route), describe_route(route), list(_differences_of_route(route, request)))
        for number, route in enumerate(routes)
    ]
    of_files = [
        _Candidate(place(stub), describe_request(stub["request"]), list(_differences_of_stub(stub["request"], request)))
        for stub in files
    ]
    candidates = [*of_routes, *of_files]
    if not candidates:
        return ["There are no stubs."]
    by_distance = sorted((each for each in candidates if each.is_near), key=lambda each: each.distance)
    shown = [each for each in by_distance[:_NEAR] if each.distance <= by_distance[0].distance + _AS_NEAR]
    said_no = [
        f"    {each.source}: {source_of(route.url_pattern)}"
        for each, route in zip(of_routes, routes, strict=True)
        if each not in shown
        and _is_unknown(route)
        and not any(one.text.startswith("method") for one in each.differences)
    ]
    lines = ["No stub comes close."]
    if shown:
        lines = []
    for each in shown:
        differs = [f"    differs: {difference.text}"[:_LIMIT] for difference in each.differences]
        is_first = each is shown[0]
        lines += [f"{'The nearest stub is' if is_first else 'As near is'} {each.source}:", f"    {each.what}", *differs]
    if said_no:
        more = [f"    and {len(said_no) - _PREDICATES} more"] if len(said_no) > _PREDICATES else []
        lines += ["These predicates returned false:", *said_no[:_PREDICATES], *more]
    return lines


def _is_unknown(route: Route) -> bool:
    """Whether a route is a predicate of which nobody can tell what it waits for."""
    return callable(route.url_pattern) and not isinstance(route.url_pattern, asks)


def _differences_of_route(route: Route, request: httpx.Request) -> Iterator[Difference]:
    if route.method is not None and route.method.upper() != request.method.upper():
        yield Difference(f"method {request.method} is not {route.method.upper()}", _METHOD)
    pattern = route.url_pattern
    if isinstance(pattern, asks):
        without_query = httpx.Request(request.method, request.url.copy_with(query=None))
        yield from url_parts.of_pattern(pattern.url_pattern, without_query)
        yield from map(_of_value, pattern.differences(request))
    elif isinstance(pattern, str | re.Pattern):
        yield from url_parts.of_pattern(pattern, request)
    elif not route.is_used_up:
        like = _texts_like(pattern, request)
        yield from (Difference(text, _SAID_NO_TO_A_LIKE) for text in like)
        if not like:
            yield Difference("the predicate returned false", _SAID_NO)
    if route.is_used_up:
        yield Difference(f"it has answered already, times={route.times}", 0.1)


def _of_value(text: str) -> Difference:
    """A difference in a value: the more alike the two are, the nearer it is."""
    _, _, values = text.partition(" is ")
    given, _, wanted = values.partition(", not ")
    return Difference(text, _VALUE - 0.2 * difflib.SequenceMatcher(None, given, wanted).ratio())


def _texts_like(predicate: Any, request: httpx.Request) -> list[str]:
    """Which texts in a predicate are almost, and not quite, parts of the request."""
    url = request.url
    parts = [url.path, url.host, str(url), *url.params.values(), *url.params, *url.path.split("/")]
    if (operation := operation_of(request)) is not None:
        parts += operation.label.split()
    known, body = f"{request.method} {url} {request.headers}", request.content.decode(errors="replace")
    found = []
    for text in dict.fromkeys(_texts_in(getattr(predicate, "__code__", None))):
        if len(text) > _SHORT and text not in known and text not in body:
            close = difflib.get_close_matches(text, [part for part in parts if len(part) > _SHORT], n=1, cutoff=_ALIKE)
            found += [f"the predicate returned false; it has {text!r}, and the request {close[0]!r}"] if close else []
    return found


def _texts_in(code: Any) -> Iterator[str]:
    """The texts that a function's code has as constants, also in what it makes."""
    for constant in getattr(code, "co_consts", ())[:_TEXTS]:
        if isinstance(constant, str | bytes):
            yield constant if isinstance(constant, str) else constant.decode(errors="replace")
        elif isinstance(constant, tuple | frozenset):
            yield from (each for each in constant if isinstance(each, str))
        else:
            yield from _texts_in(constant)


def _differences_of_stub(asked: dict[str, Any], request: httpx.Request) -> Iterator[Difference]:
    """What of a stub's request a real one does not have; matchers that are not told apart here are named as they are."""
    if (method := asked.get("method", "ANY")) not in ("ANY", request.method):
        yield Difference(f"method {request.method} is not {method}", _METHOD)
    if (scheme := asked.get("scheme", request.url.scheme)) != request.url.scheme:
        yield Difference(f"scheme {request.url.scheme!r} is not {scheme!r}", _VALUE)
    if "port" in asked and (port := request.url.port or _PORTS.get(request.url.scheme)) != asked["port"]:
        yield Difference(f"port {port} is not {asked['port']}", _VALUE)
    if isinstance(host := asked.get("host"), dict):
        if isinstance(wanted := host.get("equalTo"), str):
            if wanted.lower() != request.url.host:
                yield url_parts.of_host(wanted, request.url.host)
        else:
            yield from _differences_of_values("host", {"": host}, {"": request.url.host})
    yield from _differences_of_path(asked, request)
    yield from _differences_of_values("query parameter", asked.get("queryParameters") or {}, request.url.params)
    yield from _differences_of_values("header", asked.get("headers") or {}, request.headers)
    for pattern in asked.get("bodyPatterns") or []:
        yield from _differences_of_body(pattern, request)
    for key in sorted(asked.keys() - _COMPARED_KEYS):
        yield Difference(f"perhaps {key}, for which the stub has {json.dumps(asked[key])}", _UNCERTAIN)


def _differences_of_path(asked: dict[str, Any], request: httpx.Request) -> Iterator[Difference]:
    whole = request.url.raw_path.decode()
    path = whole.partition("?")[0]
    for key, value in (("url", whole), ("urlPath", path)):
        if key in asked and asked[key] != value:
            if asked[key] != path:
                yield from url_parts.of_path(asked[key], request)
            if key == "url" and "?" in whole and "?" not in asked[key]:
                yield Difference(f"the query is {whole.partition('?')[2]!r}, and must be absent", _VALUE)
    for key, value in (("urlPattern", whole), ("urlPathPattern", path)):
        if key in asked and not _matches(asked[key], value):
            yield from url_parts.of_path(asked[key], request, is_expression=True)
    if "urlPathTemplate" in asked:
        pattern = re.sub(r"\\{[^{}]+\\}", "[^/]+", re.escape(asked["urlPathTemplate"]))
        if not re.fullmatch(pattern, path):
            yield from url_parts.of_path(pattern, request, is_expression=True)


def _differences_of_values(what: str, asked: dict[str, Any], given: Mapping[str, str]) -> Iterator[Difference]:
    for name, matcher in asked.items():
        value, named = given.get(name), f"{what} {name!r}" if name else what
        if not isinstance(matcher, dict) or not matcher.keys() <= _MATCHERS:
            yield Difference(f"perhaps {named}, for which the stub has {json.dumps(matcher)}", _UNCERTAIN)
            continue
        if value is None and matcher != {"absent": True}:
            yield Difference(f"{named} is missing", _VALUE)
        elif value is not None and matcher == {"absent": True}:
            yield Difference(f"{named} is {value!r}, and must be absent", _VALUE)
        elif value is not None and not _is(value, matcher):
            wanted = matcher.get("equalTo")
            yield Difference(
                f"{named} is {value!r}, "
                + (f"not {wanted!r}" if wanted is not None else f"for which the stub has {json.dumps(matcher)}"),
                _VALUE,
            )


def _is(value: str, matcher: dict[str, Any]) -> bool:
    return not (
        ("equalTo" in matcher and value != matcher["equalTo"])
        or ("matches" in matcher and not _matches(matcher["matches"], value))
        or ("contains" in matcher and matcher["contains"] not in value)
    )


def _differences_of_body(pattern: dict[str, Any], request: httpx.Request) -> Iterator[Difference]:
    """What of a body differs; JSON by the path there, as far as the stub says it plainly."""
    text, path = request.content.decode(errors="replace"), pattern.get("matchesJsonPath")
    if "equalToJson" in pattern:
        wanted = pattern["equalToJson"]
        with contextlib.suppress(ValueError, TypeError):
            wanted = json.loads(wanted) if isinstance(wanted, str) else wanted
        yield from map(_of_value, asks("", json=wanted).differences(request))
    elif isinstance(path, dict) and (plain := _PLAIN_PATH.fullmatch(str(path.get("expression")))):
        value = _at(text, plain[1])
        as_text = value if isinstance(value, str) else json.dumps(value)
        if value is not None and path.keys() <= {"expression", *_MATCHERS} and _is(as_text, path):
            return
        wanted = {key: each for key, each in path.items() if key != "expression"}
        yield Difference(f"body `{plain[1]}` is {value!r:.120}, for which the stub has {json.dumps(wanted)}", _VALUE)
    elif pattern.keys() <= _MATCHERS:
        yield from _differences_of_values("body", {"": pattern}, {"": text})
    else:
        yield Difference(f"perhaps bodyPatterns, for which the stub has {json.dumps([pattern])}", _UNCERTAIN)


def _at(text: str, path: str) -> Any:
    """What stands at a plain path of a JSON text; None where nothing does."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:  # Java's, which Python does not read
        return True
