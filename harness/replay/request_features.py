"""Distinguishes requests with the same path: pages, cursors, GraphQL operations, searches.

What a request asks besides its path is taken apart into features: each query parameter, each value of a JSON body, each
field of a form, two headers. Of these, as few are chosen as separate the questions that got different answers. What was
different each time and told nothing (moments, nonces) is never chosen: the next run would have another.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from harness.replay.recording import Recorded

Key = tuple[str, ...]
Features = dict[Key, Any]
QUERY, JSON, FORM, HEADER, BODY = "query", "json", "form", "header", "body"
_PREFERRED = (QUERY, JSON, FORM, HEADER, BODY)
NO_BODY, OBJECT = ("none", ""), ("object", "")
EMPTY = "{}"  # of an object in a body it is enough that it is one, too
_HEADERS = ("accept", "range")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PAGING = frozenset(
    {
        *("page", "offset", "start", "skip", "cursor", "after", "marker", "continuation", "next", "last", "scroll"),
        *("from", "index", "begin", "startat", "pagetoken", "nexttoken", "pagenumber"),
    }
)
_SIZES = frozenset({"size", "per", "limit", "count", "length", "max"})
_NONCES = frozenset({"nonce", "timestamp", "signature", "ts", "date", "jti", "iat", "exp", "assertion", ""})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_BEFORE, _AFTER = timedelta(hours=6), timedelta(minutes=5)
_EPOCHS = (1, 1_000)


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
    for name in _HEADERS:
        if name in request.request_headers:
            found[HEADER, name] = _as_tuple(request.request_headers[name])
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
            yield (*path, name), json.dumps(value, sort_keys=True)


def is_paging(key: Key) -> bool:
    """Whether a feature says which page is meant."""
    words = {word.lower() for word in _WORDS.findall(key[-1])} if len(key) > 1 else set()
    words.add(re.sub(r"[^a-z]", "", key[-1].lower()))
    return bool(words & _PAGING) and not words & _SIZES


def telling(questions: Sequence[Question]) -> list[Key]:
    """As few features as separate all questions of one path that got different answers."""
    chosen: list[Key] = []
    candidates = _varying(questions)
    objects = {key for question in questions for key, value in question.features.items() if value == EMPTY}
    while left := _mixed(questions, chosen):
        ranked = sorted(
            (_mixed(questions, [*chosen, key]), not is_paging(key), key in objects, _PREFERRED.index(key[0]), key)
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


class Moments:
    """Knows values that are of the run: no other run will have them.

    Args:
        recorded_at: When the recording was written, in ISO 8601.
    """

    def __init__(self, recorded_at: str) -> None:
        self._range: tuple[datetime, datetime] | None = None
        try:
            at = datetime.fromisoformat(recorded_at)
        except ValueError:
            return
        if at.tzinfo is not None:
            self._range = at - _BEFORE, at + _AFTER

    def steady(self, features: Features) -> Features:
        """The features that another run will have, too."""
        return {key: value for key, value in features.items() if not self._is_of_the_run(key, value)}

    def _is_of_the_run(self, key: Key, value: Any) -> bool:
        words = [word.lower() for word in _WORDS.findall(key[-1])] if len(key) > 1 else ["body"]
        text = value if isinstance(value, str) else " ".join(value)
        if not _NONCES.isdisjoint(words[-1:] or [""]) and key[0] != JSON:
            return True
        if self._range is None:
            return False
        began, ended = self._range
        bare = text.strip('"')
        if bare.replace(".", "", 1).isdigit() and len(bare) >= len("1700000000"):
            return any(began.timestamp() * unit <= float(bare) <= ended.timestamp() * unit for unit in _EPOCHS)
        return any(self._is_now(found[0]) for found in _MOMENT.finditer(text)) and key[0] != BODY

    def _is_now(self, text: str) -> bool:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return False
        if self._range is None or moment.tzinfo is None:
            return False
        return self._range[0] <= moment <= self._range[1]
