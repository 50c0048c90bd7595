"""Reports the progress of a discovery."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from harness.integration.kinds import KindCounts, counts_by_kind
from harness.recording.exchange import Exchange
from harness.recording.recording_transport import Traffic, throttles
from harness.testing.harness import IntegrationTestHarness
from sandbox.errors import SandboxError
from sandbox.progress import say

_SECONDS_BETWEEN_LOOKS = 0.5
_LOOKS_BETWEEN_LINES = 6
# WireMock keeps what it has seen in memory, several times over; what we need of it, we have.
_JOURNAL_BYTES = 10_000_000
_JOURNAL_CALLS = 500


class Watch:
    """Says what happens: a line every few seconds, and one at once for a new host or where the API is asked too much."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._hosts: set[str] = set()
        self._said = ""
        self._harness: IntegrationTestHarness | None = None
        self._kinds: list[KindCounts] = []
        self._journal_bytes = self._journal_calls = 0

    def answered(self, exchange: Exchange) -> None:
        """Take note of an answer."""
        for host in self._traffic.hosts.keys() - self._hosts:
            self._hosts.add(host)
            say("discover", f"calls {self._traffic.redactor.clean_text(host)}")
        host = next(reversed(exchange.url.split("/", 3)[2:3]), "")
        if after := throttles(exchange):
            self._traffic.throttled[host] += 1
            say("discover", f"{host} is throttling: {exchange.status}, Retry-After {after}")

    @asynccontextmanager
    async def over(self, harness: IntegrationTestHarness) -> AsyncIterator[None]:
        """Say what happens for as long as the block lasts."""
        self._harness = harness
        watching = asyncio.ensure_future(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _watch(self) -> None:
        for look in itertools.count(1):
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            with contextlib.suppress(SandboxError):  # it is on its way out, and somebody else will say so
                await asyncio.to_thread(self._look, with_kinds=not look % _LOOKS_BETWEEN_LINES)
            if not look % _LOOKS_BETWEEN_LINES:
                self.say_so()

    def _look(self, *, with_kinds: bool) -> None:
        if self._harness is None:
            return
        if with_kinds:
            self._kinds = counts_by_kind(self._harness.port_mock.state["metrics"])
        calls, size = len(self._traffic.exchanges), self._traffic.in_bytes
        if size - self._journal_bytes > _JOURNAL_BYTES or calls - self._journal_calls > _JOURNAL_CALLS:
            self._journal_bytes, self._journal_calls = size, calls
            self._harness.forget_journal()

    def say_so(self) -> None:
        """One line: calls, hosts, kinds, entities."""
        traffic = self._traffic
        parts = [f"{len(traffic.exchanges)} calls to {len(traffic.hosts)} hosts, {traffic.in_bytes / 1e6:.1f} MB"]
        if traffic.throttled:
            parts.append(f"throttled {traffic.throttled.total()} times")
        done = [kind for kind in self._kinds if kind.state not in ("pending", "syncing")]
        if self._kinds:
            current = ", ".join(kind.kind for kind in self._kinds if kind.state == "syncing")
            parts.append(f"{len(done)} of {len(self._kinds)} kinds{f' (now {current})' if current else ''}")
            parts.append(f"{sum(kind.upserted for kind in self._kinds)} entities")
        if (line := "; ".join(parts)) != self._said:
            self._said = line
            say("discover", line)
