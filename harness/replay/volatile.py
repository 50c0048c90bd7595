"""Leaves out what no other run will have: UUIDs, nonces, moments relative to now, ids of JSON-RPC.

Only what the integration makes up counts: a date that an answer or the configuration has is the same in every replay. A value
that has such a part besides others, as a query has a window of time, becomes a pattern of its text.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from harness.redaction.chance import random_in
from harness.redaction.credential_names import is_credential_header
from harness.replay import moments, request_features
from harness.replay.origins import Origins
from harness.replay.patterns import Pattern
from harness.replay.recording import Recorded
from harness.replay.request_features import BODY, FORM, HEADER, JSON, Features, Key, TextPattern

# What of an endpoint was found to differ from run to run: a feature, or the number of a segment of the path.
Without = frozenset[tuple[Pattern, Key]]
SEGMENT = "segment"
ANYTHING = "\N{OBJECT REPLACEMENT CHARACTER}"

_NONCES = frozenset({"nonce", "timestamp", "signature", "ts", "date", "jti", "iat", "exp", "assertion", ""})
_NONCES_OF_JSON = frozenset({"nonce", "jti"})
_STEADY_HEADERS = frozenset({"accept", "range"})
# So many characters of a moment are its day.
_DAY = len("2026-11-27")
_HEX = re.compile(r"(?=.*[0-9])(?=.*[a-fA-F])[0-9a-fA-F]{16,}")


class Volatile:
    """Tells what of the requests of a recording is of its run.

    Args:
        requests: The recorded requests.
        origins: Where their values come from.
        recorded_at: When the recording was written, in ISO 8601; where it does not say, no moment is one of the run.
        without: What was found to be of the run by trying.
        is_chance_kept: Whether what looks made up by chance may be a constant of the integration, which tells requests apart.
    """

    def __init__(
        self,
        requests: Sequence[Recorded],
        origins: Origins,
        recorded_at: str = "",
        without: Without = frozenset(),
        *,
        is_chance_kept: bool = False,
    ) -> None:
        self._is_chance_kept = is_chance_kept
        self._requests = requests
        self._origins = origins
        self._without = without
        self._at: datetime | None = None
        try:
            at = datetime.fromisoformat(recorded_at)
        except ValueError:
            return
        self._at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)

    def generalised(self) -> list[Recorded]:
        """The requests, with :data:`ANYTHING` for the segments of a path that are of the run."""
        return [self._generalised(number, request) for number, request in enumerate(self._requests)]

    def _generalised(self, number: int, request: Recorded) -> Recorded:
        segments = list(request.segments)
        for position, segment in enumerate(segments):
            text = unquote(segment)
            if segment and self._left_of(text, number) != text:
                segments[position] = ANYTHING
        for pattern, key in self._without:
            if key[0] == SEGMENT and pattern.matches(request):
                segments[int(key[1])] = ANYTHING
        if segments == list(request.segments):
            return request
        return replace(request, url=urlunsplit(urlsplit(request.url)._replace(path="/" + "/".join(segments))))

    def steady(self, pattern: Pattern, members: Sequence[int]) -> dict[int, Features]:
        """What of the requests of one endpoint another run will ask, too, by number.

        Args:
            pattern: The endpoint.
            members: The numbers of its requests.
        """
        asked = {each: request_features.features_of(self._requests[each]) for each in members}
        nonces = self._nonces(asked)
        found: dict[int, Features] = {}
        for number, features in asked.items():
            found[number] = {
                key: left
                for key, value in features.items()
                if key not in nonces
                and (pattern, key) not in self._without
                and (left := self._steady(key, value, number)) is not None
            }
            if (JSON, "jsonrpc") in features:
                found[number].pop((JSON, "id"), None)
            if any(key[0] == FORM for key in features):  # its fields say what is asked
                found[number].pop((BODY,), None)
        return found

    def _nonces(self, asked: Mapping[int, Features]) -> set[Key]:
        """The features with another random value in each request."""
        values: dict[Key, list[tuple[int, str]]] = defaultdict(list)
        if self._is_chance_kept:
            return set()
        for number, features in asked.items():
            for key, value in features.items():
                if key[0] != BODY:
                    values[key].append((number, _text_of(key, value)))
        return {
            key
            for key, several in values.items()
            if len(several) > 1
            and max(Counter(value for _, value in several).values()) == 1
            and all(_looks_random(value) and not self._origins.is_known(value, number) for number, value in several)
        }

    def _steady(self, key: Key, value: Any, number: int) -> Any:
        """The value, a pattern for it, or None where nothing of it is left."""
        if key[0] == HEADER and key[1] not in _STEADY_HEADERS:
            leads = request_features.is_paging(key) or self._origins.is_known(_text_of(key, value), number)
            if not leads or is_credential_header(key[1]):
                return None
        words = request_features.words_of(key)[-1:] or [""]
        nonces = _NONCES if key[0] != JSON else _NONCES_OF_JSON
        if len(key) > 1 and not nonces.isdisjoint(words) and not self._is_constant_moment(key, value, number):
            # A page may be named by a moment that an answer has.
            return value if self._origins.is_known(_text_of(key, value), number) else None
        if key[0] == BODY:
            if value[0] not in ("text", "json"):
                return value
            left = self._left_of(value[1], number)
            return value if left == value[1] else ("text", left) if left and value[0] == "text" else None
        if key[0] == JSON:
            text = request_features.unquoted(value)
            left = self._left_of(text, number)
            return value if left == text else left
        several = tuple(self._left_of(each, number) for each in value)
        return None if None in several else several

    def _is_constant_moment(self, key: Key, value: Any, number: int) -> bool:
        """Whether a value is a moment, but none of the run, such as the start of a year long ago."""
        found = list(moments.changing_in(_text_of(key, value)))
        return (
            bool(found)
            and all(map(moments.is_moment, found))
            and self._at is not None
            and not any(self._changing_in(_text_of(key, value), number))
        )

    def _left_of(self, text: str, number: int) -> str | TextPattern | None:
        """What is left of a text: it, a pattern of it, or None where all of it is of the run."""
        if self._origins.is_known(text, number):
            return text
        parts: list[str] = []
        end = 0
        for found in self._changing_in(text, number):
            parts += [re.escape(text[end : found.start()]), moments.pattern_of(found)]
            end = found.end()
        if not parts:
            return text
        rest = re.escape(text[end:])
        # Without a word beside it, a moment is all there is.
        said = any(character.isalnum() for part in (*parts[::2], rest) for character in part)
        return TextPattern("(?s)" + "".join(parts) + rest) if said else None

    def _changing_in(self, text: str, number: int) -> Iterator[re.Match[str]]:
        for found in moments.changing_in(text):
            if self._origins.is_known(found[0], number):
                continue
            if not moments.is_moment(found):
                if not self._is_chance_kept:
                    yield found
            elif self._at is not None and self._is_of_the_run(found, self._at):
                yield found

    def _is_of_the_run(self, found: re.Match[str], at: datetime) -> bool:
        is_configured = len(found[0]) > _DAY and self._origins.is_configured(found[0][:_DAY])
        return not is_configured and moments.is_relative(found, at)


def _text_of(key: Key, value: Any) -> str:
    if key[0] == JSON:
        return request_features.unquoted(value)
    return " ".join(value)


def _looks_random(text: str) -> bool:
    return _HEX.fullmatch(text) is not None or any(end - start == len(text) for start, end in random_in(text))


def in_path(segments: Sequence[str | None]) -> tuple[str | None, ...]:
    """The segments of a pattern, with wildcards for :data:`ANYTHING`."""
    return tuple(None if segment == ANYTHING else segment for segment in segments)
