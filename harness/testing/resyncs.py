"""Runs resyncs in a sandbox, one after the other, each in a resync container of its own."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from harness.execution import production, timeout_diagnosis
from harness.execution.captured_traffic import merged_journal
from harness.execution.result import ResyncResult
from harness.routes.transport import InterceptTransport, RequestLog
from harness.stubs.journal import count
from harness.testing import session
from harness.testing.collector import Collector
from harness.testing.lease import Lease
from sandbox.errors import ResyncTimeoutError
from sandbox.images import archive
from sandbox.resync.report import Report
from sandbox.resync.sandbox import Resync
from sandbox.settings import Entry


class Resyncs:
    """The resyncs of one harness.

    Args:
        lease: The sandbox.
        collector: Makes the results.
        config: What the integration is configured with, when it is booted.
        entry: How a resync is started.
        to_port: The transport that shows the calls to Port.
    """

    def __init__(
        self,
        lease: Lease,
        collector: Collector,
        config: Callable[[], dict[str, Any]],
        entry: Entry,
        to_port: InterceptTransport,
    ) -> None:
        self._lease = lease
        self._collector = collector
        self._config = config
        self._entry = entry
        self._to_port = to_port

    async def boot(self, container: Resync, code: bytes) -> None:
        """Boot the integration, ``code`` being its archive, in a container; in production, the resync boots it.

        Raises:
            SandboxError: It does not start.
        """
        await self._lease.boot(container, code, self._config(), self._entry)

    async def trigger(self) -> ResyncResult:
        """See :meth:`harness.IntegrationTestHarness.trigger_resync`."""
        lease = self._lease
        # The first resync has the container that the start of the harness booted.
        container = lease.booted if lease.booted is not None else await self._another()
        lease.booted, lease.running = None, container
        await lease.deploy()
        began = datetime.now(UTC)
        try:
            with lease.watch.timed("resync"):
                report = await self._run(container)
        except asyncio.CancelledError:  # after Ctrl-C, the thread that waits for it would keep waiting
            container.stop()
            raise
        except BaseException as error:
            # What is there so far, for the report of the test that now fails.
            calls: list[RequestLog] = []
            with contextlib.suppress(Exception):
                known = len(self._to_port.calls)
                partial = await asyncio.to_thread(self._collector.resync, container, Report(success=False), began)
                calls = [*partial.calls, *self._to_port.calls[known:]]
            await self._put_away(container)
            if isinstance(error, ResyncTimeoutError):
                raise timeout_diagnosis.explained(error, calls) from None
            raise
        try:
            return await asyncio.to_thread(self._collector.resync, container, report, began)
        finally:
            await self._put_away(container)

    async def _another(self) -> Resync:
        """A booted container for a second resync."""
        lease = self._lease
        if lease.unfinished is not None:  # kept, in case the test fails; but this one must be alone
            await lease.finish(lease.unfinished)
            lease.unfinished = None
        with lease.watch.timed("start"):
            container = await lease.container()
        await asyncio.to_thread(lease.sandbox.begin_resync)
        # What the one before asked when its result was there already is in the call log, and of no result.
        lease.calls_before = count(await asyncio.to_thread(merged_journal, lease.sandbox))
        # What an integration that kept running until now has told Port is not part of this resync.
        self._collector.told_before = production.sizes(await asyncio.to_thread(lease.sandbox.port.state))
        try:
            await self.boot(container, archive.pack(lease.directory))
        except Exception:
            await self._put_away(container)
            raise
        return container

    async def _put_away(self, container: Resync) -> None:
        """Finish a container, however its resync ended; or keep it until the next one, so that it can be inspected."""
        if session.keeps():
            self._lease.unfinished = container
        else:
            await self._lease.finish(container)

    async def _run(self, container: Resync) -> Report:
        lease = self._lease
        raised: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def fail(error: BaseException) -> None:
            if not raised.done():
                raised.set_exception(error)

        async with contextlib.AsyncExitStack() as stack:
            if (answerer := lease.answerer(fail)) is not None:
                await stack.enter_async_context(answerer)
            resync: asyncio.Future[Any] = asyncio.ensure_future(asyncio.to_thread(container.resync, lease.directory))
            # When Ctrl-C ends the wait, the result of the container's end is never retrieved, and asyncio would complain.
            resync.add_done_callback(lambda done: done.cancelled() or done.exception())
            # A callable that raises fails the test at once: what the integration does with a 500 does not matter.
            await asyncio.wait({resync, raised}, return_when=asyncio.FIRST_COMPLETED)
            if raised.done():
                await asyncio.to_thread(container.stop)
                with contextlib.suppress(Exception):
                    await resync
                raised.result()
            raised.cancel()
            report: Report = await resync
        if self._entry == "production":
            told = production.since(await asyncio.to_thread(lease.sandbox.port.state), self._collector.told_before)
            report = production.read(report, told, container.logs, lease.directory)
        return report
