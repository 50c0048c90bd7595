"""What a test asserts on."""

from __future__ import annotations

import dataclasses

from harness import ResyncResult


def test_a_result_of_nothing_is_empty_and_a_success() -> None:
    assert dataclasses.asdict(ResyncResult()) == {
        "upserted_entities": [],
        "deleted_entities": [],
        "errors": [],
        "reconciliation_success": True,
        "unmatched": [],
        "logs": [],
        "timings": {},
    }


def test_no_two_results_share_their_lists() -> None:
    first, second = ResyncResult(), ResyncResult()
    for name in ("upserted_entities", "deleted_entities", "errors", "unmatched", "logs"):
        getattr(first, name).append(None)
    first.timings["boot"] = 1.0

    assert second == ResyncResult()


def test_its_parts_can_be_given_by_position_as_in_process() -> None:
    error = ValueError("wrong")
    result = ResyncResult([{"identifier": "a"}], [{"identifier": "b", "blueprint": "c"}], [error], False)  # noqa: FBT003

    assert result.upserted_entities == [{"identifier": "a"}]
    assert result.deleted_entities == [{"identifier": "b", "blueprint": "c"}]
    assert result.errors == [error]
    assert result.reconciliation_success is False
