"""What happened to the items of each kind, as counted by the integration itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_OCEANS_OWN = "__"  # __runtime__ and __reconciliation__ are no kinds


@dataclass(frozen=True)
class KindCounts:
    """One resource of the mapping: how many raw items there were, and what happened to them.

    The figures are Ocean's sync metrics, the same that Port shows for an integration in production (port-ocean 0.55,
    helpers/metric/metric.py and ``_register_resource_raw`` in core/integrations/mixins/sync_raw.py).

    Args:
        kind: The resource's kind.
        index: The resource's place in the mapping, from 0; a kind may occur twice.
        raw: Items that the integration's handlers returned.
        filtered: Those that became no entity because the selector excluded them. Ocean also counts items here whose
            mapping gave no identifier or no blueprint, or failed; for failures see ``ResyncResult.errors``.
        mapped: Entities that the mapping made.
        upserted: Entities that Port accepted.
        failed: Entities that Port refused.
        skipped: Entities that Port has already, unchanged.
        state: ``completed``, ``failed`` or ``aborted``; ``syncing`` if the resync ended while it was being processed, ``pending``
            if it was never reached.
        seconds: How long it took.
    """

    kind: str
    index: int = 0
    raw: int = 0
    filtered: int = 0
    mapped: int = 0
    upserted: int = 0
    failed: int = 0
    skipped: int = 0
    state: str = "pending"
    seconds: float = 0.0

    def __str__(self) -> str:
        counts = ("raw", "filtered", "mapped", "upserted", "failed", "skipped")
        shown = ", ".join(f"{getattr(self, name)} {name}" for name in counts if getattr(self, name))
        return f"{self.kind}[{self.index}]: {shown or 'no items'} ({self.state}, {self.seconds:.2f} s)"


def counts_by_kind(metrics: Iterable[dict[str, Any]]) -> list[KindCounts]:
    """The counts of the last resync, in the order of the mapping.

    Args:
        metrics: What Ocean sent to Port's metrics ingest, in order: each kind several times, the last one counts.
    """
    # Another version of port-ocean may send something else, which must not fail a resync.
    sent = [each for each in metrics if {"kindIdentifier", "eventId", "kind", "kindIndex"} <= each.keys()]
    last = {each["kindIdentifier"]: each for each in sent if each["eventId"] == sent[-1]["eventId"]}
    return sorted(
        (_counts(each) for name, each in last.items() if not name.startswith(_OCEANS_OWN)),
        key=lambda counts: counts.index,
    )


def _counts(metric: dict[str, Any]) -> KindCounts:
    phases = metric.get("metrics", {}).get("phase", {})

    def count(phase: str, name: str) -> int:
        return int(phases.get(phase, {}).get("object_count_type", {}).get(name, {}).get("object_count", 0))

    return KindCounts(
        kind=metric["kind"],
        index=metric["kindIndex"],
        raw=count("extract", "raw_extracted"),
        filtered=count("transform", "filtered_out"),
        mapped=count("transform", "transformed"),
        upserted=count("load", "loaded"),
        failed=count("load", "failed"),
        skipped=count("load", "skipped"),
        state=metric.get("syncState", "pending"),
        seconds=float(phases.get("resync", {}).get("duration_seconds", 0.0)),
    )
