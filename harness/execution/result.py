"""The result of a resync."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from harness.execution import snapshot
from harness.execution.errors import described, root_of
from harness.execution.faults import UnusedFault
from harness.integration.default_resources import DefaultResources
from harness.integration.kinds import KindCounts
from harness.integration.resync_warnings import ResyncWarning
from harness.routes.operations import asked, label_of
from harness.routes.transport import RequestLog, UnmatchedRequestError
from harness.stubs.journal import PortCall, ThirdPartyCall
from harness.stubs.unused import UnusedStub
from sandbox.resync.egress import EgressAttempt
from sandbox.sizes import count

_SHOWN = 10


@dataclass(frozen=True)
class RejectedEntity:
    """An entity that the integration upserted and Port refused: Ocean logs that, and still completes the resync.

    Attributes:
        identifier: Its identifier, as the integration sent it: a string, unless the mapping made something else.
        blueprint: Its blueprint.
        entity: All of it.
        status: Its HTTP status; in a bulk, the entity's own.
        error: Port's error code.
        message: Port's error message.
    """

    identifier: Any
    blueprint: str
    entity: dict[str, Any]
    status: int
    error: str
    message: str

    def __str__(self) -> str:
        return f"{self.blueprint} {self.identifier!r} was refused with {self.status} {self.error}: {self.message}"


@dataclass(repr=False)
class ResyncResult:
    """The result of a resync, for a test to assert on.

    Attributes:
        upserted_entities: Every entity that the integration upserted, in the order in which Port got them.
        deleted_entities: ``identifier`` and ``blueprint`` of each that it deleted.
        errors: What the resync raised, with exception groups flattened; real exceptions (see :mod:`harness.execution.errors`).
        reconciliation_success: Whether the resync finished, deletes included.
        unmatched: Third-party requests that no route and no stub file answered.
        logs: What the integration logged and printed, one entry per line.
        timings: Seconds by phase: ``start`` (sandbox and container), ``boot``, ``resync``, ``collect``.
        unused_stubs: Routes and stub files that answered nothing since the harness was started.
        kinds: How many items each resource of the mapping had, and what happened to them.
        rejected_entities: Those that Port refused and did not accept later, in the order in which it refused them.
        egress_attempts: What it tried to reach, from its start on, that the sandbox does not answer: anything but HTTP.
        unknown_port_calls: Calls to Port that the Port mock does not know, and answered with 404.
        most_memory: Peak memory (resident set) of the integration's largest process, in bytes; None if
            unknown.
        default_resources: What the integration has created in Port besides entities, with the entry ``production``.
        unused_faults: Faults of Port (``harness.port.fail``) that have matched no call since the harness was started.
        warnings: Probable mistakes that do not fail a resync: an expression of the mapping that Ocean skips, a blueprint
            definition that values are not checked against, items of which none became an entity although the selector
            did not exclude them.
        calls: The third-party requests of this resync with their answers, in order of arrival.
        port_calls: Its calls to Port, likewise.
        during: When it began and ended.
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
    warnings: list[ResyncWarning] = field(default_factory=list)
    calls: list[ThirdPartyCall] = field(default_factory=list, repr=False, compare=False)
    port_calls: list[PortCall] = field(default_factory=list, repr=False, compare=False)
    during: tuple[datetime, datetime] = field(
        default_factory=lambda: (datetime.now(UTC), datetime.now(UTC)), repr=False, compare=False
    )

    def __repr__(self) -> str:
        """What it came to in a few words: pytest prints it beside every assertion that fails."""
        upserted = len(self.upserted_entities)
        return f"<{type(self).__name__}: {', '.join([f'{upserted} entities' if upserted != 1 else '1 entity', *self._problems()])}>"

    def entities(self, blueprint: str | None = None, identifier: str | None = None) -> list[dict[str, Any]]:
        """The upserted entities of a blueprint, with an identifier, or both; all of them without either."""
        return [
            entity
            for entity in self.upserted_entities
            if (blueprint is None or entity.get("blueprint") == blueprint)
            and (identifier is None or entity.get("identifier") == identifier)
        ]

    def entity(self, blueprint: str, identifier: str) -> dict[str, Any]:
        """One upserted entity; if there were several with this identifier, the one that Port got last.

        Raises:
            LookupError: It was not upserted; the message says what was.
        """
        found = self.entities(blueprint, identifier)
        if not found:
            raise LookupError(self._what_there_is(blueprint, identifier))
        return found[-1]

    def as_snapshot(self, *, mask: Iterable[str | re.Pattern[str]] = ()) -> dict[str, Any]:
        """This result as plain data that is the same in every run, for syrupy or a similar tool.

        Entities, errors and unmatched requests are sorted, since concurrent pages come in any order. What varies
        between runs is masked: times during the resync (text and epoch numbers) as ``<now>``, UUIDs that no answer of
        the third party contains as ``<uuid>``. An error has its type and first line. Measurements, and what describes
        the course of a run rather than its outcome, are left out: logs, timings, calls, kinds, egress attempts,
        warnings.

        Args:
            mask: Further regular expressions; what they match becomes ``<masked>``.
        """
        return snapshot.as_snapshot(self, mask)

    def assert_ok(self) -> None:
        """Fail unless the resync had no problem.

        A problem is an error, an unmatched request, an entity that Port refused, an attempt to reach the outside, or a kind
        of which something was fetched and no entity came; or that the resync did not complete. What a test expects of
        these, it asserts by itself.

        Raises:
            AssertionError: It had; each is named in a line.
        """
        __tracebackhide__ = True
        if problems := self._problems():
            raise AssertionError("\n".join([f"the resync is not ok: {', '.join(problems)}", *self._each_problem()]))

    def _problems(self) -> list[str]:
        dropped = [warning for warning in self.warnings if warning.subject == "items"]
        counts = {
            "unmatched request": len({asked(call.request) for call in self.unmatched}),
            "error": sum(not isinstance(error, UnmatchedRequestError) for error in self.errors),
            "refused": len(self.rejected_entities),
            "kind without entities": len(dropped),
            "attempt to reach the outside": len(set(self.egress_attempts)),
        }
        plural = {"kind without entities": "kinds without entities", "refused": "refused"}
        plural["attempt to reach the outside"] = "attempts to reach the outside"
        found = [
            f"{many} {what if many == 1 else plural.get(what, f'{what}s')}" for what, many in counts.items() if many
        ]
        return found or ([] if self.reconciliation_success else ["it did not complete"])

    def _each_problem(self) -> Iterator[str]:
        yield from dict.fromkeys(f"  no stub matched {label_of(call.request)}" for call in self.unmatched)
        for error in self.errors:
            if not isinstance(error, UnmatchedRequestError):
                name, message = described(root_of(error))
                yield f"  {name}: {message.partition(chr(10))[0]}"
        yield from (f"  {each}" for each in self.rejected_entities[:_SHOWN])
        yield from (f"  {warning}" for warning in self.warnings if warning.subject == "items")
        yield from dict.fromkeys(f"  it tried to reach {attempt}" for attempt in self.egress_attempts)

    def _what_there_is(self, blueprint: str, identifier: str) -> str:
        identifiers = list(dict.fromkeys(str(entity.get("identifier")) for entity in self.entities(blueprint)))
        if not identifiers:
            blueprints = sorted({str(entity.get("blueprint")) for entity in self.upserted_entities})
            there = (
                f"there are entities of the blueprints: {', '.join(blueprints)}"
                if blueprints
                else "nothing was upserted"
            )
            return f"no entity of blueprint {blueprint!r} was upserted; {there}{self._and_errors()}"
        close = difflib.get_close_matches(identifier, identifiers, n=1)
        more = f" and {len(identifiers) - _SHOWN} more" if len(identifiers) > _SHOWN else ""
        return (
            f"no entity {identifier!r} of blueprint {blueprint!r} was upserted; "
            + (f"did you mean {close[0]!r}? " if close else "")
            + f"available identifiers: {', '.join(identifiers[:_SHOWN])}{more}{self._and_errors()}"
        )

    def _and_errors(self) -> str:
        return f"; the resync had {count(len(self.errors), 'error')}, see .errors" if self.errors else ""
