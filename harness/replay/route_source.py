"""Writes a plan's routes as ``add_route`` calls."""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from harness.replay import request_features
from harness.replay.answers import Answer
from harness.replay.python_literals import Source, call, expression, raw
from harness.replay.recorded_bodies import RecordedBodies
from harness.replay.replay_plan import PlannedRoute
from harness.replay.request_features import TextPattern
from harness.routes.patterns import matchers

_SPECIAL = re.compile(r"[\\.+*?\[\](){}|^$]")
_ANY = "[^/?]+"
# So many paths are compared with each other; where there are more, the host is named instead.
_COMPARED = 1_000
Segments = tuple[str | None, ...]


class RouteSource:
    """Writes routes.

    Args:
        routes: All of them: their URLs decide how much of a URL a pattern must have.
        bodies: Takes the bodies that are too large for a source file.

    Attributes:
        has_asks: Whether a route that was written needs ``asks``, which is then to be imported.
        has_patterns: Whether one needs ``re``.
        has_ids: Whether one needs the function ``with_id``.
    """

    def __init__(self, routes: Sequence[PlannedRoute], bodies: RecordedBodies) -> None:
        self.has_asks = False
        self.has_patterns = False
        self.has_ids = False
        self._bodies = bodies
        self._has_one_host = len({route.pattern.origin for route in routes}) == 1
        self._paths = {route.pattern.segments for route in routes}
        self._wild = {path for path in self._paths if None in path}
        self._endings = _endings(self._paths)
        # A parameter that is there once must not be taken for one that is there twice.
        self._repeated = {
            (route.endpoint, name) for route in routes for query in route.queries for name in _repeated(query)
        }
        self._has_slash_in_query = any("/" in query for route in routes for query in route.queries)

    def statements(self, route: PlannedRoute, indent: int = 4) -> Iterator[str]:
        """The calls that add a route: one for each turn."""
        for turn in route.turns:
            pattern = self._pattern(route, indent + 4)
            answer = self._answer(turn.answer, indent + 4)
            if turn.answer.repeats_id:
                self.has_ids = True
                answer = Source(expression("with_id", [answer], indent + 4, indent + 4, 1))
            arguments = [route.pattern.method, pattern, answer]
            yield call("transport.add_route", arguments, indent, **({"times": turn.times} if turn.times else {}))

    def _answer(self, answer: Answer, indent: int) -> Any:
        found: dict[str, Any] = {}
        headers = answer.shown_headers
        if answer.status != 200:  # noqa: PLR2004 # what a route answers with by default
            found["status_code"] = answer.status
        if headers:
            found["headers"] = headers
        if not answer.repeats_id and (name := self._bodies.keep(answer)) is not None:
            found["body"] = Source(expression("recorded", [name], indent, indent))
            if answer.is_json and "content-type" not in headers and "content-type" in answer.headers:
                found["headers"] = {**headers, "content-type": answer.headers["content-type"]}
        elif answer.is_json:
            found["json"] = answer.body
        elif answer.body is not None:
            found["body"] = answer.body
        return found

    def _pattern(self, route: PlannedRoute, indent: int) -> Any:
        path = self._path(route)
        told = [(key, value) for key, value in route.telling]
        if not told:
            return raw(self._sayable(route, path + self._query_end(route)))
        if (query := self._query_pattern(route)) is not None:
            return raw(self._sayable(route, path + query))
        asked: dict[str, Any] = {}
        if (json_body := _json_body(told)) is not None:
            asked["json"] = json_body
        self.has_patterns = self.has_patterns or _has_pattern(told)
        for key, value in told:
            if key[0] == request_features.BODY and value is not None and value[0] not in ("object", "json"):
                asked["body"] = _plain(value[1:]) if isinstance(value[1], TextPattern) else _text(*value)
            elif key[0] not in (request_features.BODY, request_features.JSON):
                name = {request_features.HEADER: "headers"}.get(key[0], key[0])
                asked.setdefault(name, {})[key[1]] = _plain(value)
        self.has_asks = True
        return Source(expression("asks", [raw(self._sayable(route, path + "$"))], indent, indent, 1, **asked))

    def _query_pattern(self, route: PlannedRoute) -> str | None:
        """What tells the route, as a regular expression; None where it is more than parameters that are there once."""
        names = [
            key[1]
            for key, value in route.telling
            if key[0] == request_features.QUERY and value is not None and (route.endpoint, key[1]) not in self._repeated
        ]
        if len(names) != len(route.telling) or _has_pattern(route.telling):
            return None
        found = {tuple(pair for pair in query.split("&") if _name(pair) in names) for query in route.queries}
        if len(found) != 1:  # the same values, encoded differently
            return None
        return r"\?" + "&".join(f"(.*&)?{escaped(pair)}" for pair in found.pop()) + "(&.*)?$"

    def _path(self, route: PlannedRoute) -> str:
        return "".join(f"/{_ANY if each is None else escaped(each)}" for each in route.pattern.segments)

    def _query_end(self, route: PlannedRoute) -> str:
        if all(route.queries):
            return r"\?"
        return r"(\?.*)?$" if any(route.queries) else "$"

    def _sayable(self, route: PlannedRoute, target: str) -> str:
        """The pattern with as much before the path as it takes to be found in no other URL, and said by WireMock."""
        anchored = f"^{escaped(route.pattern.origin)}{target}"
        segments = route.pattern.segments
        if not self._has_one_host or self._has_slash_in_query or segments[0] is None or self._is_an_ending(segments):
            return anchored
        # With the host there is one stub to a route, and not two: among many that counts.
        if len(self._paths) > _COMPARED:
            return anchored
        return target if matchers(re.compile(target)) is not None else anchored

    def _is_an_ending(self, segments: Segments) -> bool:
        """Whether another, longer path may end like this one."""
        if None not in segments and segments in self._endings:
            return True
        others = self._paths if None in segments else self._wild
        if len(others) > _COMPARED:
            return True
        return any(len(other) > len(segments) and _fit(other[-len(segments) :], segments) for other in others)


def _json_body(told: Sequence[tuple[request_features.Key, Any]]) -> Any:
    """What must be in a JSON body; a tuple for an object that must not have something, None for no JSON."""
    body = dict(told).get((request_features.BODY,))
    if body is not None and body[0] == "json":
        return json.loads(body[1])
    values = {key[1:]: value for key, value in told if key[0] == request_features.JSON}
    objects = [path for path, value in values.items() if value == request_features.EMPTY]
    objects += [()] if body == request_features.OBJECT else []
    there = [path for path, value in values.items() if value not in (None, request_features.EMPTY)]
    parts = [
        _nested({path: {}}) for path in sorted(objects) if not any(_is_in(other, path) for other in there + objects)
    ]
    # Of a value that is there no part can be; what lacks a thing lacks all that is in it.
    known = {
        path: value for path, value in values.items() if value != request_features.EMPTY and not _is_said(path, values)
    }
    if known:
        parts.append(_nested({path: None if value is None else _json_value(value) for path, value in known.items()}))
    return None if not parts else parts[0] if len(parts) == 1 else tuple(parts)


def _is_said(path: Sequence[str], values: Mapping[tuple[str, ...], Any]) -> bool:
    return any(_is_in(path, other) and value != request_features.EMPTY for other, value in values.items())


def _is_in(inner: Sequence[str], outer: Sequence[str]) -> bool:
    return len(inner) > len(outer) and tuple(inner[: len(outer)]) == tuple(outer)


def _nested(values: Mapping[tuple[str, ...], Any]) -> Any:
    """Values by their paths, as JSON."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        place = found
        for name in path[:-1]:
            place = place.setdefault(name, {})
        if path:
            place[path[-1]] = value
    return found


def _endings(paths: set[Segments]) -> set[Segments]:
    return {path[start:] for path in paths for start in range(1, len(path))}


def _fit(one: Segments, other: Segments) -> bool:
    return all(None in pair or pair[0] == pair[1] for pair in zip(one, other, strict=True))


def _repeated(query: str) -> list[str]:
    return [name for name, count in Counter(_name(pair) for pair in query.split("&")).items() if count > 1]


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _text(form: str, text: str) -> str:
    """A body as text; other bodies as a predicate of the test reads them."""
    return base64.b64decode(text).decode(errors="replace") if form == "base64" else text


def _has_pattern(told: Iterable[tuple[request_features.Key, Any]]) -> bool:
    return any(
        isinstance(each, TextPattern) for _, value in told for each in (value if isinstance(value, tuple) else (value,))
    )


def _json_value(value: str | TextPattern) -> Any:
    return _source(value) if isinstance(value, TextPattern) else json.loads(value)


def _source(value: str | TextPattern) -> str:
    return Source(f"re.compile({raw(value.pattern)})") if isinstance(value, TextPattern) else value


def _plain(value: tuple[str | TextPattern, ...] | None) -> Any:
    if value is None:
        return None
    several = [_source(each) for each in value]
    return several[0] if len(several) == 1 else several


def escaped(text: str) -> str:
    """A text as a regular expression, with no more backslashes than it takes."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
