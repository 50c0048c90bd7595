"""What a resync came to."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from harness import snapshot
from harness.default_resources import DefaultResources
from harness.journal import ThirdPartyCall
from harness.kinds import KindCounts
from harness.port_faults import UnusedFault
from harness.transport import RequestLog
from harness.unused import UnusedStub
from sandbox.egress import EgressAttempt

_SHOWN = 10


@dataclass(frozen=True)
class RejectedEntity:
    """An entity that the integration upserted and Port refused: Ocean logs that, and calls the resync completed.

    Attributes:
        identifier: Its identifier, as the integration sent it: a string, unless the mapping made something else.
        blueprint: Its blueprint.
        entity: All of it.
        status: The HTTP status that it got; in a bulk, its own.
        error: Port's code for what is wrong.
        message: Port's words for it.
    """

    identifier: Any
    blueprint: str
    entity: dict[str, Any]
    status: int
    error: str
    message: str

    def __str__(self) -> str:
        return f"{self.blueprint} {self.identifier!r} was refused with {self.status} {self.error}: {self.message}"


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
        unused_stubs: Routes and stub files that answered nothing since the harness was started.
        kinds: How many items each resource of the mapping had, and what became of them.
        rejected_entities: Those that Port refused and did not accept later, in the order in which it refused them.
        egress_attempts: What it tried to reach outside the sandbox, from its start on, past the proxy and in vain.
        unknown_port_calls: Calls to Port that the Port mock does not know, and answered with 404.
        most_memory: The most memory (resident set) that the integration's largest process had, bytes; None where it is not
            known.
        default_resources: What the integration has made in Port besides entities, with the entry ``production``.
        unused_faults: Faults of Port (``harness.port.fail``) that met no call since the harness was started.
    """

    upserted_entities: list[dict[str, Any]] = field(default_factory=list)
    deleted_entities: list[dict[str, Any]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    reconciliation_success: bool = True
    unmatched: list[RequestLog] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    unused_stubs: list[UnusedStub] = field(default_factory=list)
    kinds: list[KindCounts] = field(default_factory=list)
    rejected_entities: list[RejectedEntity] = field(default_factory=list)
    egress_attempts: list[EgressAttempt] = field(default_factory=list)
    unknown_port_calls: list[RequestLog] = field(default_factory=list)
    most_memory: int | None = None
    default_resources: DefaultResources = field(default_factory=DefaultResources)
    unused_faults: list[UnusedFault] = field(default_factory=list)
    # For as_snapshot, which is to tell what came from the third party from what was made up in the run.
    _calls: list[ThirdPartyCall] = field(default_factory=list, repr=False, compare=False)
    # For the trace.
    _port_calls: list[RequestLog] = field(default_factory=list, repr=False, compare=False)
    _during: tuple[datetime, datetime] = field(
        default_factory=lambda: (datetime.now(UTC), datetime.now(UTC)), repr=False, compare=False
    )

    def entities(self, blueprint: str | None = None, identifier: str | None = None) -> list[dict[str, Any]]:
        """The upserted entities of a blueprint, with an identifier, or both; all of them without either."""
        return [
            entity
            for entity in self.upserted_entities
            if (blueprint is None or entity.get("blueprint") == blueprint)
            and (identifier is None or entity.get("identifier") == identifier)
        ]

    def entity(self, blueprint: str, identifier: str) -> dict[str, Any]:
        """One upserted entity; where there were several of this identifier, the one that Port got last.

        Raises:
            LookupError: It was not upserted; the message says what was.
        """
        found = self.entities(blueprint, identifier)
        if not found:
            raise LookupError(self._what_there_is(blueprint, identifier))
        return found[-1]

    def as_snapshot(self, *, mask: Iterable[str | re.Pattern[str]] = ()) -> dict[str, Any]:
        """This result as plain data that is the same in every run, for syrupy or the like.

        Entities, errors and unmatched requests are sorted, since concurrent pages come in any order. What differs by
        nature is masked: moments at which the resync ran (text and epoch numbers) as ``<now>``, UUIDs that no answer of
        the third party contains as ``<uuid>``. Of an error it has the type and the first line. What a run measures, and
        what says how it went rather than what came of it, is left out: logs, timings, calls, kinds, egress attempts.

        Args:
            mask: Further regular expressions; what they match becomes ``<masked>``.
        """
        return snapshot.as_snapshot(self, mask)

    def _what_there_is(self, blueprint: str, identifier: str) -> str:
        identifiers = list(dict.fromkeys(str(entity.get("identifier")) for entity in self.entities(blueprint)))
        if not identifiers:
            blueprints = sorted({str(entity.get("blueprint")) for entity in self.upserted_entities})
            there = f"there are entities of: {', '.join(blueprints)}" if blueprints else "nothing was upserted"
            return f"no entity of blueprint {blueprint!r} was upserted; {there}{self._and_errors()}"
        close = difflib.get_close_matches(identifier, identifiers, n=1)
        more = f" and {len(identifiers) - _SHOWN} more" if len(identifiers) > _SHOWN else ""
        return (
            f"no entity {identifier!r} of blueprint {blueprint!r} was upserted; "
            + (f"did you mean {close[0]!r}? " if close else "")
            + f"there are: {', '.join(identifiers[:_SHOWN])}{more}{self._and_errors()}"
        )

    def _and_errors(self) -> str:
        return f"; the resync had {len(self.errors)} errors, see .errors" if self.errors else ""
