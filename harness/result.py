"""What a resync came to."""

from dataclasses import dataclass, field
from typing import Any

from harness.transport import RequestLog


@dataclass
class ResyncResult:
    """What a resync came to, as a test asserts on it.

    Attributes:
        upserted_entities: Every entity that the integration upserted, in the order in which Port got them.
        deleted_entities: ``identifier`` and ``blueprint`` of each that it deleted.
        errors: What the resync raised, groups taken apart; real exceptions (see :mod:`harness.errors`).
        reconciliation_success: Whether it came to its end, deletes included.
        unmatched: Third-party requests that no route and no stub file answered.
        logs: What the integration logged and printed, a line each.
        timings: Seconds by phase: ``start`` (sandbox and container), ``boot``, ``resync``, ``collect``.
    """

    upserted_entities: list[dict[str, Any]] = field(default_factory=list)
    deleted_entities: list[dict[str, Any]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    reconciliation_success: bool = True
    unmatched: list[RequestLog] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
