"""A result as data that is the same in every run."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from harness import RequestLog, ResyncResult
from tests.unit.harness.factories import make_request

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def make_result(*entities: dict[str, Any], **fields: Any) -> ResyncResult:
    """Make the result of a resync that took two seconds."""
    return ResyncResult(list(entities), during=(BEGAN, BEGAN + timedelta(seconds=2)), **fields)


def make_entity(identifier: str = "a", **properties: object) -> dict[str, Any]:
    """Make an entity."""
    return {"identifier": identifier, "blueprint": "service", "properties": properties}


def properties_of(result: ResyncResult, **options: Any) -> dict[str, Any]:
    (entity,) = result.as_snapshot(**options)["upserted_entities"]
    found: dict[str, Any] = entity["properties"]
    return found


def test_the_order_in_which_things_came_does_not_show() -> None:
    a, b, again = make_entity("a", size=2), make_entity("b"), make_entity("a", size=1)
    gone = [{"identifier": name, "blueprint": "service"} for name in "yx"]
    errors = [ValueError("z"), KeyError("a")]

    one = make_result(a, b, again, deleted_entities=gone, errors=errors).as_snapshot()
    other = make_result(again, b, a, deleted_entities=gone[::-1], errors=errors[::-1]).as_snapshot()
    assert one == other
    assert one["upserted_entities"] == [again, a, b]
    assert one["errors"] == ["KeyError: 'a'", "ValueError: z"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_moments_of_the_run_are_masked_in_any_form_and_others_stay(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    moment = BEGAN + timedelta(seconds=1)
    entity = make_entity(
        text=f"synced at {moment.isoformat()}!",
        zulu=f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z",
        naive=moment.replace(tzinfo=None).isoformat(),
        huge=10**400,
        seconds=moment.timestamp(),
        milliseconds=int(moment.timestamp() * 1000),
        nested=[{"at": moment.isoformat()}],
        created="2020-01-01T00:00:00Z",
        count=7,
        flag=True,
        invalid="2026-99-02T03:04:05Z",
    )

    assert properties_of(make_result(entity)) == {
        "text": "synced at <now>!",
        "zulu": "<now>",
        "naive": "<now>",
        "huge": 10**400,
        "seconds": "<now>",
        "milliseconds": "<now>",
        "nested": [{"at": "<now>"}],
        "created": "2020-01-01T00:00:00Z",
        "count": 7,
        "flag": True,
        "invalid": "2026-99-02T03:04:05Z",
    }


def test_a_uuid_that_the_run_made_up_is_masked_and_one_of_the_third_party_stays() -> None:
    given, made_up = str(uuid.uuid4()), str(uuid.uuid4())
    calls = [RequestLog(make_request(), httpx.Response(200, json={"id": given}))]

    found = properties_of(make_result(make_entity(given=given, made_up=f"id {made_up}"), calls=calls))
    assert found == {"given": given, "made_up": "id <uuid>"}


def test_a_test_may_mask_more() -> None:
    assert properties_of(make_result(make_entity(build="v1-77")), mask=[r"-\d+"]) == {"build": "v1<masked>"}


def test_unmatched_requests_are_in_it_and_logs_are_not() -> None:
    call = RequestLog(make_request("https://api.example.com/x"), httpx.Response(404))
    found = make_result(unmatched=[call], logs=["now"], timings={"boot": 1.0}).as_snapshot()

    assert found["unmatched"] == ["GET https://api.example.com/x"]
    assert not {"logs", "timings"} & set(found)


def test_the_result_itself_stays_as_it_is() -> None:
    entity = make_entity(at=BEGAN.isoformat())
    make_result(entity).as_snapshot()

    assert entity == make_entity(at=BEGAN.isoformat())
