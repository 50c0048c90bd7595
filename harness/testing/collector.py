"""Makes results of what a sandbox has seen."""

from datetime import UTC, datetime
from typing import Any

from harness.execution import production, shipped, stats
from harness.execution.errors import rebuild
from harness.execution.live_result import ActionResult, LiveEventResult
from harness.execution.port_mock import PortMockResponder
from harness.execution.result import RejectedEntity, ResyncResult
from harness.execution.warning_collection import warnings_of
from harness.integration.default_resources import DefaultResources, made_in
from harness.integration.kinds import counts_by_kind
from harness.routes.transport import InterceptTransport
from harness.stubs.unused import unused_stubs
from harness.testing.lease import Lease
from sandbox.resync.egress import merge
from sandbox.resync.live import Outcome
from sandbox.resync.report import Report
from sandbox.resync.sandbox import Resync
from sandbox.settings import Entry


class Collector:
    """Collects the outcome of each resync, event and action run.

    Args:
        lease: The sandbox.
        transport: The routes of the test.
        port_mock: What answers for Port.
        entry: How resyncs are started.
        results: Where each result is added.

    Attributes:
        told_before: How much the integration had told Port before the resync that is under way, in production.
    """

    def __init__(
        self,
        lease: Lease,
        transport: InterceptTransport,
        port_mock: PortMockResponder,
        entry: Entry,
        results: list[ResyncResult],
    ) -> None:
        self._lease = lease
        self._transport = transport
        self._port_mock = port_mock
        self._entry = entry
        self._results = results
        self.told_before: dict[str, int] = {}

    def resync(self, container: Resync, report: Report, began: datetime) -> ResyncResult:
        """The result of a resync.

        Args:
            container: Where it ran.
            report: What the runner says of it.
            began: When it began.
        """
        lease = self._lease
        with lease.watch.timed("collect"):
            calls_before, port_calls_before = lease.calls_before, lease.port_calls_before
            lease.sandbox.settle()
            gathered = lease.gather(calls_before)
            calls = gathered.calls[calls_before:]
            state = self._state()
            self.told_before = production.sizes(state) if state else {}
            errors = [rebuild(shipped.with_exchange(failure, calls)) for failure in report.failures]
            errors += lease.errors_of(gathered)
        port_calls = [call for call in gathered.to_port if call.sequence > port_calls_before]
        result = ResyncResult(
            upserted_entities=gathered.captured["upserted_entities"],
            deleted_entities=gathered.captured["deleted_entities"],
            errors=errors,
            reconciliation_success=report.success,
            unmatched=gathered.unmatched,
            logs=container.logs,
            timings=dict(lease.watch.seconds),
            unused_stubs=unused_stubs(self._transport.routes, lease.stub_mappings, gathered.journal),
            kinds=counts_by_kind(gathered.captured["metrics"]),
            rejected_entities=self._port_mock.rejected_entities,
            egress_attempts=merge(report.egress, gathered.captured["refusals"]),
            unknown_port_calls=[call for call in port_calls if not call.is_known],
            most_memory=report.most_memory,
            default_resources=made_in(state, self._port_mock.blueprints) if state else DefaultResources(),
            unused_faults=self._port_mock.faults.unused(gathered.captured["faults"]),
            calls=calls,
            port_calls=port_calls,
            during=(began, datetime.now(UTC)),
        )
        self._warn(result, state)
        self._results.append(result)
        stats.add(resyncs=1, entities=len(result.upserted_entities))
        return result

    def event(self, result: LiveEventResult | ActionResult, outcome: Outcome, since: int) -> None:
        """Complete the result of an event or action run with what was captured of it.

        Args:
            result: It.
            outcome: What the runner says of it.
            since: How many third-party requests there were before it.
        """
        lease = self._lease
        captures, gathered = lease.sandbox.port.captures(outcome.calls), lease.gather(since)
        own = set(outcome.calls)
        result.upserted_entities, result.deleted_entities = captures["upserted_entities"], captures["deleted_entities"]
        result.rejected_entities = [RejectedEntity(**each) for each in captures["rejected_entities"]]
        result.errors = [*(rebuild(failure) for failure in outcome.failures), *lease.errors_of(gathered)]
        result.reconciliation_success = outcome.succeeded
        result.unmatched, result.logs, result.calls = gathered.unmatched, outcome.logs, gathered.calls[since:]
        result.unused_stubs = unused_stubs(self._transport.routes, lease.stub_mappings, gathered.journal)
        result.unused_faults = self._port_mock.faults.unused(gathered.captured["faults"])
        result.egress_attempts = merge(outcome.egress, gathered.captured["refusals"])
        result.port_calls = [call for call in gathered.to_port if call.sequence in own]
        result.unknown_port_calls = [call for call in result.port_calls if not call.is_known]
        self._warn(result, self._state())

    def add(self, result: LiveEventResult | ActionResult) -> None:
        """Add the result of an event or action run, which is complete, to the others."""
        self._results.append(result)
        stats.add(events=1, entities=len(result.upserted_entities))

    def _state(self) -> dict[str, Any] | None:
        """What the Port mock keeps, where the integration made its own mapping and blueprints there."""
        return self._lease.sandbox.port.state() if self._entry == "production" else None

    def _warn(self, result: ResyncResult, state: dict[str, Any] | None) -> None:
        """Add its warnings to a result that is complete except for them."""
        made = made_in(state, {}) if state else DefaultResources(self._port_mock.blueprints)
        mapping = made.mapping or self._port_mock.mapping_config
        result.warnings = warnings_of(result, mapping, made.blueprints if self._port_mock.is_strict else {})
