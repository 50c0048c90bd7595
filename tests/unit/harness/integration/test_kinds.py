"""Ocean's sync metrics read as counts by kind."""

from __future__ import annotations

from typing import Any

from harness import KindCounts
from harness.integration.kinds import counts_by_kind


def make_metric(kind: str = "thing", index: int = 0, *, event: str = "e1", **fields: Any) -> dict[str, Any]:
    """Make a metric as Ocean sends it to Port's metrics ingest."""
    counts = fields.pop("counts", {})
    phases = {
        phase: {"object_count_type": {name: {"object_count": float(count)} for name, count in types.items()}}
        for phase, types in counts.items()
    }
    phases["resync"] = {"duration_seconds": 0.5, "success": 1.0}
    identifier = fields.pop("identifier", f"{kind}-{index}")
    return {
        "kind": kind,
        "kindIndex": index,
        "kindIdentifier": identifier,
        "eventId": event,
        "syncState": "completed",
        "metrics": {"phase": phases},
        **fields,
    }


ALL = {
    "extract": {"raw_extracted": 7},
    "transform": {"transformed": 4, "filtered_out": 3, "failed": 0},
    "load": {"loaded": 2, "failed": 1, "skipped": 1},
}


def test_all_counts_of_a_kind() -> None:
    assert counts_by_kind([make_metric(counts=ALL)]) == [
        KindCounts(
            "thing", 0, raw=7, filtered=3, mapped=4, upserted=2, failed=1, skipped=1, state="completed", seconds=0.5
        )
    ]


def test_the_last_report_of_a_kind_counts_and_the_mapping_gives_the_order() -> None:
    first = make_metric(syncState="syncing")
    again = make_metric("thing", 1, counts={"extract": {"raw_extracted": 2}})

    found = counts_by_kind([first, again, make_metric(counts=ALL)])
    assert [(each.index, each.raw) for each in found] == [(0, 7), (1, 2)]


def test_of_several_resyncs_the_last_counts() -> None:
    found = counts_by_kind([make_metric("old", event="e1"), make_metric("new", event="e2")])
    assert [each.kind for each in found] == ["new"]


def test_what_ocean_reports_of_itself_is_no_kind() -> None:
    assert counts_by_kind([make_metric("__runtime__", identifier="__runtime__")]) == []


def test_without_a_report_there_is_none() -> None:
    assert counts_by_kind([]) == []


def test_what_another_port_ocean_sends_is_no_error() -> None:
    assert counts_by_kind([{}, {"kindIdentifier": "thing-0"}]) == []
    bare = {"kind": "thing", "kindIndex": 0, "kindIdentifier": "thing-0", "eventId": "e"}
    assert counts_by_kind([bare]) == [KindCounts("thing")]


def test_it_reads_as_a_line() -> None:
    assert str(*counts_by_kind([make_metric(counts=ALL)])) == (
        "thing[0]: 7 raw, 3 filtered, 4 mapped, 2 upserted, 1 failed, 1 skipped (completed, 0.50 s)"
    )
    assert str(KindCounts("thing")) == "thing[0]: no items (pending, 0.00 s)"
