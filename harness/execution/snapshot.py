"""A result as plain data that is the same in every run, for a snapshot test."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from harness.routes.transport import RequestLog
from harness.stubs.journal import ThirdPartyCall

_UUID = re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")
_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_AROUND = timedelta(seconds=5)  # the clock of a remote engine
_EPOCHS = (1, 1_000)  # in seconds, in milliseconds


class Outcome(Protocol):
    """What there is to say of a resync: see :class:`harness.ResyncResult`."""

    upserted_entities: list[dict[str, Any]]
    deleted_entities: list[dict[str, Any]]
    rejected_entities: list[Any]
    errors: list[Exception]
    unmatched: list[RequestLog]
    reconciliation_success: bool
    calls: list[ThirdPartyCall]
    during: tuple[datetime, datetime]


def as_snapshot(result: Outcome, mask: Iterable[str | re.Pattern[str]]) -> dict[str, Any]:
    """See :meth:`harness.ResyncResult.as_snapshot`."""
    masked = _Masked(result, [re.compile(pattern) for pattern in mask])
    return {
        "upserted_entities": _sorted(result.upserted_entities, masked),
        "deleted_entities": _sorted(result.deleted_entities, masked),
        "rejected_entities": sorted(masked.text(str(entity)) for entity in result.rejected_entities),
        "errors": sorted(f"{type(error).__name__}: {masked.text(_first_line(error))}" for error in result.errors),
        "unmatched": sorted(masked.text(f"{call.request.method} {call.request.url}") for call in result.unmatched),
        "reconciliation_success": result.reconciliation_success,
    }


def third_party_calls(result: Outcome) -> list[str]:
    """The third-party requests of a result, sorted, one per line: method, URL, status, and whether it was unmatched."""
    masked, unmatched = _Masked(result, []), {id(call) for call in result.unmatched}
    return sorted(
        f"{call.request.method} {masked.text(str(call.request.url))} → {call.response.status_code}"
        + (" (no stub)" if id(call) in unmatched else "")
        for call in result.calls
    )


def _first_line(error: Exception) -> str:
    # What follows is advice, and its words may change.
    return str(error).partition("\n")[0]


def _sorted(entities: list[dict[str, Any]], masked: "_Masked") -> list[Any]:
    # Concurrent pages arrive in any order. The whole entity breaks ties, so that two of one identifier have an order too.
    found = [masked.value(entity) for entity in entities]
    return sorted(
        found,
        key=lambda entity: (
            str(entity.get("blueprint")),
            str(entity.get("identifier")),
            json.dumps(entity, sort_keys=True, default=str),
        ),
    )


class _Masked:
    """Replaces what differs from run to run: moments of the run itself, and UUIDs that no stub contains."""

    def __init__(self, result: Outcome, patterns: list[re.Pattern[str]]) -> None:
        began, ended = result.during
        self._began, self._ended = began - _AROUND, ended + _AROUND
        self._patterns = patterns
        self._answers = "\n".join(call.response.text for call in result.calls)

    def value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.value(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and self._is_of_the_run(value):
            return "<now>"
        return value

    def text(self, text: str) -> str:
        for pattern in self._patterns:
            text = pattern.sub("<masked>", text)
        text = _MOMENT.sub(lambda found: "<now>" if self._is_now(found[0]) else found[0], text)
        return _UUID.sub(lambda found: found[0] if found[0] in self._answers else "<uuid>", text)

    def _is_of_the_run(self, number: float) -> bool:
        began, ended = self._began.timestamp(), self._ended.timestamp()
        return any(began * unit <= number <= ended * unit for unit in _EPOCHS)

    def _is_now(self, text: str) -> bool:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return False
        # A container's clock is in UTC, whatever this machine's is.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return self._began <= moment <= self._ended
