"""Live events and action runs of a harness: starts the integration, keeps it running, and collects the outcome of each."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from harness.execution import live_process as live
from harness.execution.captured_traffic import merged_journal
from harness.execution.live_result import ActionResult, EventNotTakenError, EventRefusedError, LiveEventResult
from harness.stubs.journal import count
from harness.testing.collector import Collector
from harness.testing.lease import Lease
from sandbox.errors import ActionError, EventPathError, EventTimeoutError
from sandbox.images import archive
from sandbox.resync.live import Outcome
from sandbox.resync.sandbox import Sandbox


class LiveEvents:
    """The events and action runs of one harness.

    Args:
        lease: The sandbox.
        collector: Completes the results.
        config: What the integration is configured with, when it is started.
        identifier: The integration's, to which runs are addressed.
        integration_type: Its type.
    """

    def __init__(
        self,
        lease: Lease,
        collector: Collector,
        config: Callable[[], dict[str, Any]],
        identifier: str,
        integration_type: str,
    ) -> None:
        self._lease = lease
        self._collector = collector
        self._config = config
        self._identifier = identifier
        self._type = integration_type
        self._listening: live.Listening | None = None
        self._one_at_a_time = asyncio.Lock()

    async def deliver(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float | None
    ) -> LiveEventResult:
        """See :meth:`harness.IntegrationTestHarness.deliver_webhook`."""
        listening = await self._listen()
        watch = await _Watch.begin(self._lease.sandbox)
        event = listening.deliver(method, path, headers, body, seconds or self._lease.settings.event_timeout)
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
        listening, own, port = await self._listen(), self._identifier, self._lease.sandbox.port
        kind = "workflow" if workflow else "action"
        run = (
            live.workflow_run(action, properties, own, identifier, self._type)
            if workflow
            else live.action_run(action, properties, own, identifier)
        )
        watch = await _Watch.begin(self._lease.sandbox)
        event = listening.execute(kind, run, action, port, seconds or self._lease.settings.event_timeout)
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
            if not self._lease.is_over:
                await self._lease.finish(listening.container)

    async def close(self) -> None:
        """Stop answering its requests; its container is removed, or kept, with the sandbox."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.close()

    async def _listen(self) -> live.Listening:
        """The running integration; started if it is not running yet."""
        async with self._one_at_a_time:
            listening = self._listening
            if listening is None:
                listening = self._listening = await self._start()
            await self._answer(listening)
            await self._lease.deploy()
        return listening

    async def _answer(self, listening: live.Listening) -> None:
        """Answer what only the test process can answer; a test may add such a route at any time."""
        if not listening.is_answered and (answerer := self._lease.answerer(listening.fail)) is not None:
            await listening.answering.enter_async_context(answerer)
            listening.is_answered = True

    async def _start(self) -> live.Listening:
        lease = self._lease
        # A process that was booted for a resync cannot listen.
        for each in (lease.booted, lease.unfinished):
            if each is not None:
                await lease.finish(each)
        lease.booted = lease.unfinished = None
        config = self._config()
        with lease.watch.timed("start"):
            container = await lease.container()
        await asyncio.to_thread(lease.sandbox.begin_resync)
        listening = live.Listening(container, lease.directory)
        try:
            # Its requests during start-up are answered too.
            await self._answer(listening)
            await lease.deploy()
            with lease.watch.timed("boot"):
                await lease.boot(container, archive.pack(lease.directory), config, "production")
                await listening.open()
        except BaseException:
            await listening.close()
            await lease.finish(container)
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
            await asyncio.to_thread(self._collector.event, result, outcome, watch.calls)
        result.timings = {**self._lease.watch.seconds, "event": time.monotonic() - watch.at}
        result.during = (watch.began, datetime.now(UTC))
        self._collector.add(result)


class _Watch:
    """When an event began, and how many requests the third party had received by then."""

    def __init__(self, calls: int) -> None:
        self.began, self.at, self.calls = datetime.now(UTC), time.monotonic(), calls

    @classmethod
    async def begin(cls, sandbox: Sandbox) -> "_Watch":
        return cls(count(await asyncio.to_thread(merged_journal, sandbox)))
