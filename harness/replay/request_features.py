"""Distinguishes requests with the same path: pages, cursors, GraphQL operations, searches.

What a request asks besides its path is taken apart into features: each query parameter, each value of a JSON body, each
field of a form, headers. Of these, as few are chosen as separate the questions that got different answers. What is
different in each run is left out before (:mod:`harness.replay.volatile`).
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from harness.replay.recording import Recorded

Key = tuple[str, ...]
Features = dict[Key, Any]
QUERY, JSON, FORM, HEADER, BODY = "query", "json", "form", "header", "body"
_PREFERRED = (QUERY, JSON, FORM, HEADER, BODY)
NO_BODY, OBJECT = ("none", ""), ("object", "")
EMPTY = "{}"  # of an object in a body it is enough that it is one, too
# They say how something is sent, who sends it, or when: nothing of what is asked.
_NO_FEATURES = frozenset(
    {
        *("host", "user-agent", "accept-encoding", "accept-language", "accept-charset", "connection", "keep-alive"),
        *("content-length", "content-type", "transfer-encoding", "te", "trailer", "upgrade", "expect", "via", "dnt"),
        *("authorization", "proxy-authorization", "cookie", "date", "origin", "referer", "cache-control", "pragma"),
        *("if-none-match", "if-modified-since", "if-match", "traceparent", "tracestate", "baggage", "sentry-trace"),
        *("x-request-id", "x-correlation-id", "x-trace-id", "x-client-request-id", "x-b3-traceid", "forwarded"),
        *("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "x-amz-date", "x-ms-date"),
        *("x-amz-security-token", "x-amz-content-sha256", "amz-sdk-invocation-id", "amz-sdk-request", "signature"),
    }
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PAGING = frozenset(
    {
        *("page", "offset", "start", "skip", "cursor", "after", "marker", "continuation", "next", "last", "scroll"),
        *("from", "index", "begin", "startat", "pagetoken", "nexttoken", "pagenumber"),
    }
)
_SIZES = frozenset({"size", "per", "limit", "count", "length", "max"})


@dataclass(frozen=True, order=True)
class TextPattern:
    """A regular expression in place of a text of which a part differs in each run; all of the text must match."""

    pattern: str

    def __str__(self) -> str:
        """The expression, for names of stubs."""
        return self.pattern

    def fits(self, text: str) -> bool:
        """Whether ``text`` is such a text."""
        return re.fullmatch(self.pattern, text) is not None


@dataclass(frozen=True)
class Question:
    """What was asked of one path, once or several times.

    Args:
        path: The path's segments.
        features: What else was asked.
        answers: What tells its answers: equal where they were the same, each time.
    """

    path: tuple[str, ...]
    features: Features
    answers: Any


def features_of(request: Recorded) -> Features:
    """What a request asks besides its path."""
    found: Features = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        found[QUERY, name] = (*found.get((QUERY, name), ()), value)
    for name, given in request.request_headers.items():
        if name not in _NO_FEATURES:
            found[HEADER, name] = _as_tuple(given)
    body = request.request_body
    found[(BODY,)] = _whole(body)
    if isinstance(body, dict) and found[(BODY,)] == OBJECT:
        found |= {(JSON, *path): value for path, value in _leaves(body)}
    elif isinstance(body, str) and "form-urlencoded" in str(request.request_headers.get("content-type", "")):
        for name, value in parse_qsl(body, keep_blank_values=True):
            found[FORM, name] = (*found.get((FORM, name), ()), value)
    return found


def _whole(body: Any) -> tuple[str, str]:
    """A body as a whole, with its form; of an object it is enough that it is one, its values are features."""
    if body is None:
        return NO_BODY
    if isinstance(body, str):
        return "text", body
    if isinstance(body, dict):
        return ("base64", str(body["$base64"])) if "$base64" in body else OBJECT
    return "json", json.dumps(body, sort_keys=True)


def _as_tuple(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _leaves(body: dict[str, Any], path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], str]]:
    """The values of a body, as JSON; null is as good as absent."""
    for name, value in body.items():
        if isinstance(value, dict):
            yield (*path, name), EMPTY
            yield from _leaves(value, (*path, name))
        elif value is not None:
            yield (*path, name), as_json(value)


def fits(wanted: Any, given: Any) -> bool:
    """Whether a feature of a request is as a route wants it."""
    if isinstance(wanted, TextPattern):
        return isinstance(given, str) and wanted.fits(unquoted(given))
    if isinstance(wanted, tuple) and isinstance(given, tuple):
        return len(wanted) == len(given) and all(
            one.fits(other) if isinstance(one, TextPattern) else one == other
            for one, other in zip(wanted, given, strict=True)
        )
    return bool(wanted == given)


def as_json(value: Any) -> str:
    """A value of a JSON body, as features have it."""
    return json.dumps(value, sort_keys=True)


def unquoted(value: str) -> str:
    """The text that a JSON value is; other values stay as they are written."""
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value


def words_of(key: Key) -> list[str]:
    """The words of a feature's name."""
    return [word.lower() for word in _WORDS.findall(key[-1])] if len(key) > 1 else ["body"]


def is_paging(key: Key) -> bool:
    """Whether a feature says which page is meant, by its name."""
    words = set(words_of(key)) if len(key) > 1 else set()
    words.add(re.sub(r"[^a-z]", "", key[-1].lower()))
    return bool(words & _PAGING) and not words & _SIZES


def telling(questions: Sequence[Question], paging: Collection[Key] = ()) -> list[Key]:
    """As few features as separate all questions of one path that got different answers.

    Args:
        questions: The questions.
        paging: The features that are known to lead from page to page, whatever their names.
    """
    chosen: list[Key] = []
    candidates = _varying(questions)
    objects = {key for question in questions for key, value in question.features.items() if value == EMPTY}
    while left := _mixed(questions, chosen):
        ranked = sorted(
            (
                _mixed(questions, [*chosen, key]),
                not (key in paging or is_paging(key)),
                key in objects,
                _PREFERRED.index(key[0]),
                key,
            )
            for key in candidates
            if key not in chosen
        )
        if not ranked or (ranked[0][0] >= left and not _helps(questions, chosen, ranked[0][-1])):
            break
        chosen.append(ranked[0][-1])
    for key in list(chosen):  # what a later one made superfluous
        without = [each for each in chosen if each != key]
        if _mixed(questions, without) == _mixed(questions, chosen):
            chosen = without
    return sorted(chosen, key=lambda key: (_PREFERRED.index(key[0]), key))


def _helps(questions: Sequence[Question], chosen: list[Key], key: Key) -> bool:
    """Whether it separates anything, though not yet what has to be."""
    return len(_by(questions, [*chosen, key])) > len(_by(questions, chosen))


def _varying(questions: Sequence[Question]) -> list[Key]:
    """The features in which questions of one path with different answers differ."""
    found: set[Key] = set()
    by_path: dict[tuple[str, ...], list[Question]] = defaultdict(list)
    for question in questions:
        by_path[question.path].append(question)
    for several in by_path.values():
        if len(several) == 1:
            continue
        keys = {key for question in several for key in question.features}
        found |= {key for key in keys if len({question.features.get(key) for question in several}) > 1}
    return sorted(found)


def _by(questions: Sequence[Question], keys: Sequence[Key]) -> dict[Any, set[Any]]:
    parts: dict[Any, set[Any]] = defaultdict(set)
    for question in questions:
        parts[question.path, *(question.features.get(key) for key in keys)].add(question.answers)
    return parts


def _mixed(questions: Sequence[Question], keys: Sequence[Key]) -> int:
    """How many different answers are still mixed up with others."""
    return sum(len(answers) - 1 for answers in _by(questions, keys).values())
