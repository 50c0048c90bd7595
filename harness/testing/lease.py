"""A sandbox on lease: what a harness puts into it, what runs in it, and what it has seen."""

import asyncio
import contextlib
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.execution.captured_traffic import Gathered, gather
from harness.execution.port_mock import PortMockResponder
from harness.routes.operations import asked
from harness.routes.transport import InterceptTransport, RequestLog, UnmatchedRequestError
from harness.stubs import folder as stub_files
from harness.stubs import mappings as stubs
from harness.stubs.answer_failures import AnswerFailedError, answer_failures
from harness.stubs.mappings import Stub
from harness.stubs.relay_client import Answerer
from harness.stubs.unmatched import explain
from sandbox.pool.pool import Pool
from sandbox.resync.sandbox import Resync, Sandbox
from sandbox.settings import Entry, Settings

# For how many unmatched requests to find the nearest stub: each takes a few milliseconds.
_COMPARED = 50


class Stopwatch:
    """How long each phase took the last time, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Take the time of a block, whether it raises or not."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[phase] = time.monotonic() - began


class Lease:
    """One sandbox, from its lease to its return.

    Args:
        pool: Where it comes from.
        sandbox: It.
        settings: How it runs.
        directory: The integration's.
        transport: The routes that answer for the third party.
        port_mock: What answers for Port.
        files: The stubs of stub folders.
        watch: Takes the time of what is done here.

    Attributes:
        settings: See above.
        directory: See above.
        watch: See above.
        booted: The resync container that waits for the next resync.
        running: The one in which a resync runs.
        unfinished: The one of the last resync, where it is kept until the next one.
        calls_before: How many third-party calls there were at the end of the last resync or event.
        port_calls_before: Likewise of calls to Port.
    """

    def __init__(
        self,
        pool: Pool,
        sandbox: Sandbox,
        settings: Settings,
        directory: Path,
        *,
        transport: InterceptTransport,
        port_mock: PortMockResponder,
        files: Sequence[Stub],
        watch: Stopwatch,
    ) -> None:
        self._pool = pool
        self._sandbox: Sandbox | None = sandbox
        self.settings = settings
        self.directory = directory
        self._transport = transport
        self._port_mock = port_mock
        self._files = files
        self.watch = watch
        self.booted: Resync | None = None
        self.running: Resync | None = None
        self.unfinished: Resync | None = None
        self.calls_before = self.port_calls_before = 0
        self._deployed_routes = self._deployed_mappings = 0
        self._large: dict[str, bytes] = {}
        self._forgotten: list[AnswerFailedError] = []

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox.

        Raises:
            RuntimeError: It was given back, and may be another test's by now.
        """
        if self._sandbox is None:
            raise RuntimeError("Harness not started. Call start() first.")
        return self._sandbox

    @property
    def is_over(self) -> bool:
        """Whether the sandbox was given back."""
        return self._sandbox is None

    async def seed(self, integration_type: str) -> None:
        """Put in what Port has, and all stubs."""
        seed = self._port_mock.seed(integration_type)
        await asyncio.to_thread(lambda: self.sandbox.port.seed(**seed))
        self._port_mock.attach(self.sandbox.port)
        await self.deploy([*self._files, stubs.UNMATCHED])

    async def deploy(self, others: Sequence[Stub] = ()) -> None:
        """Send ``others``, and the routes and stubs that WireMock does not know yet; a test may add some after the start."""
        routes, mappings = self._transport.routes, self._transport.stubs
        new = stubs.from_routes(routes[self._deployed_routes :], self._deployed_routes)
        new += stubs.from_mappings(mappings[self._deployed_mappings :])
        self._deployed_routes, self._deployed_mappings = len(routes), len(mappings)
        await asyncio.to_thread(stub_files.deploy, [*others, *new], self.sandbox.wiremock)

    async def container(self) -> Resync:
        """A resync container."""
        return await asyncio.to_thread(self.sandbox.resync_container, self.directory, self.settings)

    async def boot(self, container: Resync, code: bytes, config: dict[str, Any], entry: Entry) -> None:
        """Boot the integration in a container.

        Args:
            container: Where.
            code: Its code, as :func:`sandbox.images.archive.pack` packs it.
            config: What it is configured with.
            entry: How it is started.

        Raises:
            SandboxError: It does not start.
        """
        with self.watch.timed("boot"):
            await asyncio.to_thread(
                lambda: container.boot(archive=code, config=config, source=self.directory, entry=entry)
            )
        if container.warning:
            with warnings.catch_warnings():
                warnings.simplefilter("default")  # a warning, not a reason to fail a test
                warnings.warn(container.warning, stacklevel=2)

    async def finish(self, container: Resync) -> None:
        """Give a container back."""
        await asyncio.to_thread(self.sandbox.finish, container)

    def cut(self) -> None:
        """Kill the resync container, whatever it is doing; whoever waits for it is told that it died."""
        if (container := self.running or self.booted) is not None:
            container.stop()

    def answerer(self, on_error: Callable[[BaseException], None]) -> Answerer | None:
        """What answers the requests that only the test process can answer; None where there are none.

        It may have to answer for any route, where WireMock cannot read what a client asks for.

        Args:
            on_error: Is told what a callable or predicate raised.
        """
        if not self._transport.routes:
            return None
        sandbox = self.sandbox
        wiremock = sandbox.wiremock if self.stub_mappings else None
        url, token = sandbox.port.relay()
        return Answerer(
            self._transport, url, token, wiremock=wiremock, on_error=on_error, death=sandbox.death, large=self._large
        )

    @property
    def stub_mappings(self) -> list[Stub]:
        """The stubs that answer beside the routes: the transport's, and those of stub folders."""
        return [*stubs.from_mappings(self._transport.stubs), *self._files]

    def gather(self, since: int) -> Gathered:
        """What the sandbox has seen; the transport and the Port mock show it from now on."""
        gathered = gather(self.sandbox, since, self._large)
        self.calls_before, self.port_calls_before = len(gathered.calls), len(gathered.to_port)
        self._transport.keep(gathered.calls, gathered.to_port)
        self._port_mock.keep(gathered.captured, gathered.to_port)
        return gathered

    def forget_journal(self) -> None:
        """Make WireMock forget the requests so far, but for what it failed to answer; see :meth:`errors_of`."""
        self._forgotten += answer_failures(self.sandbox.wiremock.take_journal())

    def errors_of(self, gathered: Gathered) -> list[Exception]:
        """What WireMock failed to answer; and each unmatched request, if the transport is strict."""
        unmatched = gathered.unmatched if self._transport.strict else []
        said = map(UnmatchedRequestError, explained(unmatched, self._transport, self._files))
        forgotten, self._forgotten = self._forgotten, []
        return [*forgotten, *gathered.failures, *said]

    def give_back(self) -> None:
        """Return the sandbox."""
        sandbox, self._sandbox = self.sandbox, None
        self._pool.release(sandbox)

    def keep(self) -> None:
        """Let the sandbox outlive this process."""
        sandbox, self._sandbox = self.sandbox, None
        self._pool.keep(sandbox)


async def leased(pool: Pool, directory: Path, settings: Settings) -> Sandbox:
    """A sandbox; if nobody is waiting for it any more when it is ready, it is returned."""
    thread = ThreadPoolExecutor(max_workers=1)
    leasing = thread.submit(pool.lease, directory, settings)
    thread.shutdown(wait=False)

    def give_back(taken: Future[Sandbox]) -> None:
        if not taken.cancelled() and taken.exception() is None:
            pool.release(taken.result())

    try:
        return await asyncio.wrap_future(leasing)
    except asyncio.CancelledError:
        leasing.add_done_callback(give_back)
        raise


def explained(unmatched: Sequence[RequestLog], transport: InterceptTransport, files: Sequence[Stub]) -> list[str]:
    """What to say about each unmatched request: the nearest stub, and a route to paste; identical ones are explained once.

    Args:
        unmatched: The requests.
        transport: Has the routes and stubs of the test.
        files: The stubs of stub folders.
    """
    routes, there = transport.routes, [*stubs.from_mappings(transport.stubs), *files]
    known: dict[tuple[str, str, str], str] = {}
    for call in unmatched:
        key = asked(call.request)
        known[key] = known.get(key) or explain(call.request, routes, there, with_nearest=len(known) < _COMPARED)
    return [known[asked(call.request)] for call in unmatched]
