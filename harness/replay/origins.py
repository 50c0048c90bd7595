"""Follows values from the configuration and from answers into later requests.

A value that a request has from elsewhere is there in every replay: the configuration is the same, and so are the answers. One
that comes from nowhere was made up by the integration: a constant, or something that the next run has another of.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from harness.redaction.documents import documents_in
from harness.redaction.json_texts import texts
from harness.replay import moments, request_features
from harness.replay.answers import Answer
from harness.replay.recording import Recorded
from harness.replay.request_features import Features, Key

Place = tuple[str, ...]
# Of a list the last item leads on to the next page; what stands elsewhere in it does not.
_LAST, _ELSEWHERE = "[-1]", "[]"
_DEEPEST = 12
# A value of fewer characters turns up anywhere: it takes two pages that lead on to believe in it.
_SHORT = 4


class Origins:
    """Where the values of a recording's requests come from.

    Args:
        requests: The recorded requests, in order.
        config: What the integration was told: its configuration and its mapping.
    """

    def __init__(self, requests: Sequence[Recorded], config: Mapping[str, Any] | None = None) -> None:
        self._config = list(texts(dict(config or {})))
        self._first: dict[str, int] = {}
        self._leading: dict[int, dict[str, set[Place]]] = {}
        wanted = {value for request in requests for value in _asked(request)}
        for number, request in enumerate(requests):
            found: dict[str, set[Place]] = defaultdict(set)
            for place, value in _answered(request):
                if value in wanted:
                    self._first.setdefault(value, number)
                    if _ELSEWHERE not in place:
                        found[value].add(place)
            self._leading[number] = dict(found)

    def is_configured(self, value: str) -> bool:
        """Whether the configuration has ``value``, or one that it is a part of."""
        return any(value in text for text in self._config)

    def is_known(self, value: str, number: int) -> bool:
        """Whether the configuration has ``value``, or an answer before the request with this number."""
        return self._first.get(value, number) < number or self.is_configured(value)

    def paging(self, members: Sequence[int], asked: Mapping[int, Features]) -> frozenset[Key]:
        """The features that lead from page to page: each value is in the answer before, at one and the same place.

        Args:
            members: The numbers of the requests of one path.
            asked: What each asks.
        """
        keys = sorted({key for each in members for key in asked[each]})
        moving = [key for key in keys if len({asked[each].get(key) for each in members}) > 1]
        candidates = [key for key in moving if self._is_from_here(key, members, asked)]
        return frozenset(key for key in candidates if self._leads(key, candidates, members, asked))

    def _is_from_here(self, key: Key, members: Sequence[int], asked: Mapping[int, Features]) -> bool:
        """Whether all of its values but the first are in earlier answers to the same path."""
        values = [(each, value) for each in members if (value := plain(key, asked[each].get(key))) is not None]
        later = [(each, value) for each, value in values if each != members[0]]
        first = plain(key, asked[members[0]].get(key))
        return bool(later) and all(
            value == first or any(value in self._leading[other] for other in members if other < each)
            for each, value in later
        )

    def _leads(
        self, key: Key, candidates: Sequence[Key], members: Sequence[int], asked: Mapping[int, Features]
    ) -> bool:
        chains: dict[Any, list[int]] = defaultdict(list)
        for each in members:
            rest = frozenset((name, value) for name, value in asked[each].items() if name not in candidates)
            chains[rest].append(each)
        places: set[Place] | None = None
        steps, is_short = 0, False
        for chain in chains.values():
            for before, after in itertools.pairwise(chain):
                value = plain(key, asked[after].get(key))
                if value is None or value == plain(key, asked[before].get(key)):
                    continue
                found = self._leading[before].get(value, set())
                places = found if places is None else places & found
                steps += 1
                is_short = is_short or len(value) < _SHORT
        return bool(places) and steps >= (2 if is_short else 1)


def _asked(request: Recorded) -> Iterator[str]:
    yield from (unquote(segment) for segment in request.segments if segment)
    for key, value in request_features.features_of(request).items():
        if (text := plain(key, value)) is not None:
            yield text
        for each in value if isinstance(value, tuple) else (value,):
            yield each
            yield from (found[0] for found in moments.changing_in(each))


def plain(key: Key, value: Any) -> str | None:
    """The value of a feature as an answer has it: a text, a number or a short list; None where it is none of these."""
    if value is None or key[0] == request_features.BODY:
        return None
    if key[0] == request_features.JSON:
        return request_features.unquoted(value) if isinstance(value, str) and value != request_features.EMPTY else None
    return value[0] if isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], str) else None


def values_of(answer: Answer) -> Iterator[str]:
    """The values of an answer, which a later request may have."""
    return (value for _, value in _answered(Recorded("", "", status=0, headers=answer.headers, body=answer.body)))


def _answered(request: Recorded) -> Iterator[tuple[Place, str]]:
    """What an answer has, with the place of each."""
    for name, value in request.headers.items():
        for each in [value] if isinstance(value, str) else value:
            yield from _of_text(each, ("header", name))
    body = request.body
    if isinstance(body, str):
        yield from _of_text(body.strip(), ("body",))
        for document in documents_in(body):
            yield from _values(document, ("body",), 0)
    elif not (isinstance(body, dict) and "$base64" in body):
        yield from _values(body, ("body",), 0)


def _values(value: Any, place: Place, depth: int) -> Iterator[tuple[Place, str]]:
    if depth > _DEEPEST or value is None or isinstance(value, bool):
        return
    if isinstance(value, dict):
        for name, each in value.items():
            yield (*place, "key"), str(name)
            yield from _values(each, (*place, str(name)), depth + 1)
    elif isinstance(value, list):
        if all(isinstance(each, str | int | float) for each in value):
            yield place, request_features.unquoted(request_features.as_json(value))
        for number, each in enumerate(value, 1):
            yield from _values(each, (*place, _LAST if number == len(value) else _ELSEWHERE), depth + 1)
    elif isinstance(value, str):
        yield from _of_text(value, place)
    else:
        yield place, request_features.as_json(value)


def _of_text(text: str, place: Place) -> Iterator[tuple[Place, str]]:
    """A text, and what the addresses in it have."""
    yield place, text
    if "/" not in text and "?" not in text:
        return
    links = [part.partition(">")[0] for part in text.split("<")[1:]] if "<" in text else [text]
    for link in links:
        try:
            parts = urlsplit(link)
        except ValueError:
            continue
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            yield (*place, "?", name), value
        for segment in parts.path.split("/"):
            if segment:
                yield (*place, "/"), unquote(segment)
