"""Live events and action runs of a harness: starts the integration, keeps it running, and collects the outcome of each."""
# ruff: noqa: SLF001 # it is a part of the harness, in a file of its own

import asyncio
import time
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from harness.execution import live_process as live
from harness.execution import stats
from harness.execution.captured_traffic import merged_journal
from harness.execution.errors import rebuild
from harness.execution.live_result import ActionResult, EventNotTakenError, EventRefusedError, LiveEventResult
from harness.execution.result import RejectedEntity
from harness.options import settings_in_force
from harness.stubs.journal import count
from harness.stubs.unused import unused_stubs
from sandbox.errors import ActionError, EventPathError, EventTimeoutError
from sandbox.images import archive as source
from sandbox.resync.egress import merge
from sandbox.resync.live import Outcome
from sandbox.resync.sandbox import Sandbox

if TYPE_CHECKING:
    from harness.testing.harness import IntegrationTestHarness


class LiveEvents:
    """What a harness does about events.

    Args:
        harness: It.
    """

    def __init__(self, harness: "IntegrationTestHarness") -> None:
        self._harness = harness
        self._listening: live.Listening | None = None
        self._one_at_a_time = asyncio.Lock()

    async def deliver(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float | None
    ) -> LiveEventResult:
        """See :meth:`harness.IntegrationTestHarness.deliver_webhook`."""
        listening = await self._listen()
        watch = await _Watch.begin(self._leased())
        event = listening.deliver(method, path, headers, body, seconds or self._event_timeout())
        target, outcome = await self._surviving(listening, event)
        result = LiveEventResult(path=target, status=outcome.status, body=outcome.body, was_queued=outcome.was_queued)
        await self._collect(result, outcome, watch)
        if outcome.not_taken:
            result.errors.append(EventNotTakenError(f"No processor took {method} {target}: {outcome.not_taken}."))
        if not (outcome.was_queued or outcome.failures) and outcome.status >= httpx.codes.BAD_REQUEST:
            result.errors.append(EventRefusedError(f"{method} {target} was answered {outcome.status}: {outcome.body}"))
        return result

    async def run(
        self, action: str, properties: Mapping[str, Any], identifier: str, seconds: float | None, *, workflow: bool
    ) -> ActionResult:
        """See :meth:`harness.IntegrationTestHarness.run_action`."""
        harness, listening = self._harness, await self._listen()
        own, port = harness.port_mock.integration_identifier, self._leased().port
        kind = "workflow" if workflow else "action"
        run = (
            live.workflow_run(action, properties, own, identifier, harness._integration_type())
            if workflow
            else live.action_run(action, properties, own, identifier)
        )
        watch = await _Watch.begin(self._leased())
        event = listening.execute(kind, run, action, port, seconds or self._event_timeout())
        outcome = await self._surviving(listening, event)
        ended = await asyncio.to_thread(port.run, run["identifier" if workflow else "id"])
        result = ActionResult(
            action=action,
            status=ended["run"].get("result") or ended["run"]["status"],
            run=ended["run"],
            run_logs=[log["message"] for log in ended["logs"]],
        )
        await self._collect(result, outcome, watch)
        return result

    async def stop(self) -> None:
        """Stop the running integration, if there is one: one container at a time."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.close()
            if self._harness._sandbox is not None:
                await asyncio.to_thread(self._harness._sandbox.finish, listening.container)

    async def close(self) -> None:
        """Stop answering its requests; its container is removed, or kept, with the sandbox."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.close()

    def _leased(self) -> Sandbox:
        if self._harness._sandbox is None:
            message = "Harness not started. Call start() first."
            raise RuntimeError(message)
        return self._harness._sandbox

    def _event_timeout(self) -> float:
        return (self._harness._settings or settings_in_force()).event_timeout

    async def _listen(self) -> live.Listening:
        """The running integration; started if it is not running yet."""
        sandbox = self._leased()
        async with self._one_at_a_time:
            listening = self._listening
            if listening is None:
                listening = self._listening = await self._start(sandbox)
            await self._answer(sandbox, listening)
            await self._harness._deploy(sandbox)
        return listening

    async def _answer(self, sandbox: Sandbox, listening: live.Listening) -> None:
        """Answer what only the test process can answer; a test may add such a route at any time."""
        if self._harness._asks_the_test() and not listening.is_answered:
            answerer = await self._harness._answerer(sandbox, listening.fail)
            await listening.answering.enter_async_context(answerer)
            listening.is_answered = True

    async def _start(self, sandbox: Sandbox) -> live.Listening:
        harness, directory = self._harness, Path(self._harness.integration_path)
        # A process that was booted for a resync cannot listen.
        for each in (harness._container, harness._unfinished):
            if each is not None:
                await asyncio.to_thread(sandbox.finish, each)
        harness._container = harness._unfinished = None
        # In production, nothing else creates the blueprints that strict rules check; there may not have been a resync yet.
        makes = harness.entry == "production" and harness.port_mock.is_strict and not harness._has_blueprints
        config = live.configuration(harness.config(), directory, makes_resources=makes)
        with harness._timed("start"):
            container = await asyncio.to_thread(
                sandbox.resync_container, directory, harness._settings or settings_in_force()
            )
        await asyncio.to_thread(sandbox.begin_resync)
        listening = live.Listening(container, directory)
        try:
            # Its requests during start-up are answered too.
            await self._answer(sandbox, listening)
            await harness._deploy(sandbox)
            with harness._timed("boot"):
                archive = source.pack(directory)
                await asyncio.to_thread(
                    lambda: container.boot(archive=archive, config=config, source=directory, entry="production")
                )
                await listening.open()
        except BaseException:
            await listening.close()
            await asyncio.to_thread(sandbox.finish, container)
            raise
        return listening

    async def _surviving(self, listening: live.Listening, event: Awaitable[Any]) -> Any:
        """The outcome of an event. After one that ended the integration, or a callable's error, the next one starts another.

        If several events end at once, the first stops the integration; anything started since is left alone.
        """
        try:
            return await event
        except (ActionError, EventPathError, EventTimeoutError):
            raise
        except Exception:
            async with self._one_at_a_time:
                if self._listening is listening:
                    await self.stop()
            raise

    async def _collect(self, result: LiveEventResult | ActionResult, outcome: Outcome, watch: "_Watch") -> None:
        """Complete a result with what was captured of it."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self._collect_now, result, outcome, watch.calls)
        result.timings = {**self._harness._timings, "event": time.monotonic() - watch.at}
        result.during = (watch.began, datetime.now(UTC))
        self._harness.results.append(result)
        stats.add(events=1, entities=len(result.upserted_entities))

    def _collect_now(self, result: LiveEventResult | ActionResult, outcome: Outcome, since: int) -> None:
        sandbox, harness = self._leased(), self._harness
        captures, gathered = sandbox.port.captures(outcome.calls), harness._gather(sandbox, since)
        result.upserted_entities, result.deleted_entities = captures["upserted_entities"], captures["deleted_entities"]
        result.rejected_entities = [RejectedEntity(**each) for each in captures["rejected_entities"]]
        result.errors = [*(rebuild(failure) for failure in outcome.failures), *harness._errors_of(gathered)]
        result.reconciliation_success = outcome.succeeded
        result.unmatched, result.logs, result.calls = gathered.unmatched, outcome.logs, gathered.calls[since:]
        routes = harness.third_party_transport.routes
        result.unused_stubs = unused_stubs(routes, harness.stub_mappings, gathered.journal)
        result.unused_faults = harness.port.unused(gathered.captured["faults"])
        result.egress_attempts = merge(outcome.egress, gathered.captured["refusals"])
        own = set(outcome.calls)
        result.port_calls = [call for call in gathered.to_port if call.sequence in own]
        result.unknown_port_calls = [call for call in gathered.to_port if not call.is_known and call.sequence in own]
        harness._warn(result, sandbox.port.state() if harness.entry == "production" else None)


class _Watch:
    """When an event began, and how many requests the third party had received by then."""

    def __init__(self, calls: int) -> None:
        self.began, self.at, self.calls = datetime.now(UTC), time.monotonic(), calls

    @classmethod
    async def begin(cls, sandbox: Sandbox) -> "_Watch":
        return cls(count(await asyncio.to_thread(merged_journal, sandbox)))
