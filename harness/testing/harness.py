"""Boots an integration in a sandbox, triggers a resync, and collects the outcome."""

import asyncio
import contextlib
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.execution import live_process as live
from harness.execution import production, shipped, stats, timeout_diagnosis
from harness.execution.captured_traffic import Gathered, gather, merged_journal
from harness.execution.errors import rebuild
from harness.execution.faults import PortFaults
from harness.execution.live_result import ActionResult, LiveEventResult
from harness.execution.port_mock import PortMockResponder, Strictness
from harness.execution.result import ResyncResult
from harness.execution.warning_collection import warnings_of
from harness.integration import mapping
from harness.integration.default_resources import DefaultResources, made_in
from harness.integration.kinds import counts_by_kind
from harness.integration.resources import blueprints_of
from harness.options import settings_in_force
from harness.routes.transport import InterceptTransport, RequestLog, UnmatchedRequestError
from harness.stubs import folder as stub_files
from harness.stubs import mappings as stubs
from harness.stubs.answer_failures import AnswerFailedError, answer_failures
from harness.stubs.journal import count
from harness.stubs.mappings import Stub
from harness.stubs.relay_client import Answerer
from harness.stubs.unmatched import explain
from harness.stubs.unused import unused_stubs
from harness.testing import session
from harness.testing.live_events import LiveEvents
from sandbox.errors import ResyncTimeoutError, SandboxError
from sandbox.images import archive as source
from sandbox.pool import pool
from sandbox.resync.egress import merge
from sandbox.resync.report import Report
from sandbox.resync.sandbox import Resync, Sandbox
from sandbox.services.wiremock import WireMock
from sandbox.settings import Entry, Settings

if TYPE_CHECKING:
    from harness.stubs.wiremock_client import WireMockClient

# For how many unmatched requests to find the nearest stub: each takes a few milliseconds.
_COMPARED = 50
_DEFAULT_CONFIG: dict[str, Any] = {
    "port": {"client_id": "test-client-id", "client_secret": "test-client-secret"},
    "event_listener": {"type": "POLLING"},
    "integration": {"identifier": "test-integration", "type": "test"},
    "send_raw_data_examples": False,
}


class IntegrationTestHarness:
    """One integration in one sandbox, from :meth:`start` to :meth:`shutdown`.

    Args:
        integration_path: The directory of the integration: where its ``main.py`` is.
        port_mapping_config: The mapping that Port has for it. None, with the entry ``production`` only, for an
            integration that Port does not know yet: it is created with the mapping that the integration ships.
        third_party_transport: The routes that answer for the third party.
        port_blueprints: Blueprints that Port has, by identifier.
        config_overrides: Overrides of the integration's configuration.
        port_search_entities_response: What Port answers to every search, as the in-process harness does: entities that
            already exist. With None, a search finds what is in Port, and the next resync finds what this one
            upserted: it deletes entities that it no longer yields, and Ocean does not upsert unchanged ones
            again (in batches of more than ten). With ``[]`` nothing is ever found; under
            ``--ocean-sandbox`` that is the default, as tests that were written for the in-process harness expect.
        port_entities: Entities that are in Port: the integration's own, unless they name another ``$datasource``.
        port: ``strict`` makes Port refuse what the blueprints forbid, see ``sandbox/port_mock/rules.py``. Where
            ``port_blueprints`` is None, they are the integration's own, from ``.port/resources/blueprints.json``.
        stubs: Stub folders below ``wiremock-mappings``, or stubs, loaded under the routes.
        sandbox_settings: How the sandbox runs; from pyproject.toml and the environment by default.
        fail_on_egress: Whether an attempt to reach the outside fails the test.
        entry: ``resync`` for a resync that the runner drives, ``production`` for ``ocean sail`` with the listener ONCE,
            as it ships: see ``harness/execution/production.py``. None to use the settings.
        fail_on_unused_stubs: Whether a route or stub file that answered nothing, or a fault of Port that matched no
            call, fails the test; None to use pytest's options (by default, it does not).
        fail_on_warnings: Whether warnings of a resync or event (``ResyncResult.warnings``) fail the test; None to
            use pytest's options (by default, they do not).

    Attributes:
        entry: How a resync is started; known once the harness has started.
        port_mock: What Port got, and what is in it.
        port: Makes Port fail.
    """

    def __init__(
        self,
        integration_path: str,
        port_mapping_config: dict[str, Any] | None,
        third_party_transport: InterceptTransport,
        port_blueprints: dict[str, dict[str, Any]] | None = None,
        config_overrides: dict[str, Any] | None = None,
        port_search_entities_response: list[dict[str, Any]] | None = None,
        *,
        port_entities: list[dict[str, Any]] | None = None,
        port: Strictness = "lenient",
        stubs: "stub_files.Sources | None" = None,
        sandbox_settings: Settings | None = None,
        fail_on_egress: bool = True,
        fail_on_unused_stubs: bool | None = None,
        fail_on_warnings: bool | None = None,
        entry: Entry | None = None,
    ) -> None:
        self.integration_path = str(Path(integration_path).resolve())
        self.port_mapping_config = port_mapping_config
        self.third_party_transport = third_party_transport
        self.config_overrides = config_overrides or {}
        self.port_mock = PortMockResponder(
            mapping_config=port_mapping_config,
            integration_identifier=self._config()["integration"].get("identifier") or "test-integration",
            blueprints=port_blueprints,
            search_entities_response=port_search_entities_response,
            entities=port_entities,
            port=port,
        )
        self.fail_on_egress = fail_on_egress
        self.fail_on_unused_stubs = fail_on_unused_stubs
        self.fail_on_warnings = fail_on_warnings
        self.results: list[ResyncResult] = []
        self._is_over = False
        # Set by who shuts it down after one test.
        self.is_of_one_test = False
        self._unfinished: Resync | None = None
        self._has_blueprints = port_blueprints is not None
        self.port: PortFaults = self.port_mock.faults
        self._stub_folders = stubs
        self._of_files: list[Stub] = []
        self._settings = sandbox_settings
        if entry not in {None, "resync", "production"}:
            raise ValueError(f"entry must be 'resync' or 'production', not {entry!r}")
        self._entry_given = entry
        self.entry: Entry = entry or "resync"
        self._sandbox: Sandbox | None = None
        self._container: Resync | None = None
        self._running: Resync | None = None
        self._deployed = self._deployed_mappings = 0
        self._calls_before = 0
        self._large: dict[str, bytes] = {}
        self._forgotten: list[AnswerFailedError] = []
        self._port_calls_before = 0
        self._told_before: dict[str, int] = {}
        self._pool: pool.Pool | None = None
        self._live = LiveEvents(self)
        self._timings: dict[str, float] = {}

    async def start(self) -> None:
        """Lease a sandbox and boot the integration in a resync container; in production, :meth:`trigger_resync` boots it.

        Raises:
            SandboxError: Something is wrong with the integration, the mapping, a stub file, or the engine; each kind of
                error has its own class, and its message names the file and the remedy.
        """
        if self._is_over:  # and perhaps not given back yet: see --sandbox-keep
            await _in_thread(self.release)
        if self._sandbox is not None:
            raise RuntimeError("Harness already started. Call shutdown() first.")
        self._is_over = False
        self.results = []
        in_force = self._settings = self._settings or settings_in_force()
        self.entry = self._entry_given or in_force.entry
        if self.port_mapping_config is not None or self.entry == "resync":
            mapping.check(self.port_mapping_config, f"the integration at {self.integration_path}")
        if not isinstance(self.third_party_transport, InterceptTransport):
            raise SandboxError(
                f"The third party of the integration at {self.integration_path} is not an InterceptTransport but "
                f"{self.third_party_transport!r:.200}.",
                remedy="return the transport from create_third_party_transport().",
            )
        directory = Path(self.integration_path)
        self.port_mock.is_bare = self.entry == "production"
        # In production, the integration makes them itself.
        if self.port_mock.is_strict and not self._has_blueprints and self.entry == "resync":
            self.port_mock.blueprints = blueprints_of(directory)
        self.port_mock.checked_seed(self._integration_type())
        archive = source.pack(directory)
        self._of_files = stub_files.load(self._stub_folders, directory, in_force.mappings) if self._stub_folders else []
        session.add(self)
        with self._timed("start"):
            self._pool = await _in_thread(pool.of_this_process, settings_in_force())
            self._sandbox = await _leased(self._pool, directory, in_force)
            await self._seed(self._sandbox)
            self._container = await _in_thread(self._sandbox.resync_container, directory, in_force)
        with self._timed("boot"):
            await self._boot(self._container, archive)

    async def trigger_resync(self) -> ResyncResult:
        """Resync all kinds of the mapping, each call in a resync container of its own.

        Raises:
            ResyncTimeoutError, ResyncCrashedError: The resync did not finish; if it took too long, the message
                says which request it kept repeating, if any.
            IntegrationError: With the entry ``production``, the integration does not start.
            Exception: Whatever a callable or predicate of a route raised.
        """
        sandbox, container, directory = self._sandbox, self._container, Path(self.integration_path)
        if sandbox is None or self._settings is None:
            message = "Harness not started. Call start() first."
            raise RuntimeError(message)
        await self._live.stop()
        if container is None:  # the first resync has used the one that start() made
            if self._unfinished is not None:  # kept, in case the test fails; but this one must be alone
                await _in_thread(sandbox.finish, self._unfinished)
                self._unfinished = None
            with self._timed("start"):
                container = await _in_thread(sandbox.resync_container, directory, self._settings)
            await _in_thread(sandbox.begin_resync)
            # What the one before asked when its result was there already is in the call log, and of no result.
            self._calls_before = count(await _in_thread(merged_journal, sandbox))
            # What an integration that kept running until now has told Port is not part of this resync.
            self._told_before = production.sizes(await _in_thread(sandbox.port.state))
            try:
                with self._timed("boot"):
                    await self._boot(container, source.pack(directory))
            except Exception:
                await self._put_away(sandbox, container)
                raise
        self._container, self._running = None, container
        await self._deploy(sandbox)
        began = datetime.now(UTC)
        try:
            with self._timed("resync"):
                report = await self._resync(sandbox, container, directory)
        except asyncio.CancelledError:  # after Ctrl-C, the thread that waits for it would keep waiting
            container.stop()
            raise
        except BaseException as error:
            # What is there so far, for the report of the test that now fails.
            calls: list[RequestLog] = []
            with contextlib.suppress(Exception):
                known = len(self.port_mock.transport.calls)
                partial: ResyncResult = await _in_thread(
                    self._collect, sandbox, container, Report(success=False), began
                )
                calls = [*partial._calls, *self.port_mock.transport.calls[known:]]  # noqa: SLF001 # its own package
            await self._put_away(sandbox, container)
            if isinstance(error, ResyncTimeoutError):
                raise timeout_diagnosis.explained(error, calls) from None
            raise
        result: ResyncResult = await _in_thread(self._collect, sandbox, container, report, began)
        await self._put_away(sandbox, container)
        return result

    async def _put_away(self, sandbox: Sandbox, container: Resync) -> None:
        """Finish a container, however its resync ended; or keep it until the next one, so that it can be inspected."""
        if session.keeps():
            self._unfinished = container
        else:
            await _in_thread(sandbox.finish, container)

    async def deliver_webhook(
        self,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | str | None = None,
        method: str = "POST",
        timeout: float | None = None,  # noqa: ASYNC109 # the message says how far the event got, which asyncio cannot
    ) -> LiveEventResult:
        """Deliver a webhook to the integration as it runs in production, and return when it has been processed.

        The first call starts ``ocean sail`` in a resync container of its own, configured to listen (see
        :func:`harness.execution.live_process.configuration`), with everything that is in Port; it keeps running until the next resync, or
        until the test ends. Consecutive calls reuse it, and concurrent ones (``asyncio.gather``) get a result each: Ocean
        processes the events of one path one after the other, and those of different paths concurrently.

        Args:
            path: The path as in ``ocean.add_webhook_processor`` (``/webhook``), or in full
                (``/integration/webhook``), with a query if need be.
            headers: The request's headers.
            json: The body, as a value.
            body: The raw body, instead of ``json``.
            method: A method other than POST, for the integration's own routes.
            timeout: Time limit in seconds; default: the setting ``event_timeout``.

        Raises:
            SandboxError: It cannot be sent: its path, a header or its body is invalid.
            EventPathError: It does not serve the path; the message says which paths it serves.
            EventTimeoutError: It was not processed in time; the message says how far it got.
            IntegrationError, ResyncCrashedError: It does not start, or it has ended.
            Exception: Whatever a callable or predicate of a route raised.
        """
        content, implied = live.body_of(json, body)
        all_headers = live.merged(implied, headers or {})
        live.check_request(method, path, all_headers)
        return await self._live.deliver(method, path, all_headers, content, timeout)

    async def run_action(
        self,
        action: str,
        properties: Mapping[str, Any] | None = None,
        *,
        identifier: str | None = None,
        workflow: bool = False,
        timeout: float | None = None,  # noqa: ASYNC109 # see deliver_webhook
    ) -> ActionResult:
        """Give an action run to the integration, and return when it has told Port how the run ended.

        The integration claims it as it would in production, within a second. It keeps running as with :meth:`deliver_webhook`.

        Args:
            action: The action: the executor's ``ACTION_NAME``.
            properties: The run's execution properties.
            identifier: The action's identifier in Port, or the node's in its workflow; ``action`` by default.
            workflow: Whether it is a run of a workflow node instead.
            timeout: Time limit in seconds; default: the setting ``event_timeout``.

        Raises:
            ActionError: The integration processes no actions, or has no executor for this one.
            EventTimeoutError: It was not executed in time, or its completion was not reported to Port.
            IntegrationError, ResyncCrashedError: It does not start, or it has ended.
        """
        return await self._live.run(action, properties or {}, identifier or action, timeout, workflow=workflow)

    async def discover_requests(self) -> str:
        """Run a resync, and print each third-party request once, with unmatched ones marked.

        Returns:
            What was printed.
        """
        result = await self.trigger_resync()
        unmatched = {(call.request.method, str(call.request.url)) for call in result.unmatched}
        lines = {
            (
                call.request.method,
                str(call.request.url),
            ): f"  {call.request.method} {call.request.url} → {call.response.status_code}"
            for call in reversed(self.third_party_transport.calls)
        }
        shown = [line + (" ← UNMATCHED (404)" if key in unmatched else "") for key, line in reversed(lines.items())]
        output = "\n".join([f"Discovered {len(shown)} unique third-party requests:", *(shown or ["  (no requests)"])])
        print(output)  # noqa: T201 # it is what it is for
        return output

    def _cut(self) -> None:
        """Kill the resync container, whatever it is doing; whoever waits for it is told that it died."""
        if (container := self._running or self._container) is not None:
            container.stop()

    def _forget_journal(self) -> None:
        """Make WireMock forget the requests so far, which it keeps in memory; for a resync whose calls are recorded elsewhere."""
        if self._sandbox is not None:
            self._forgotten += answer_failures(self._sandbox.wiremock.take_journal())

    async def shutdown(self) -> None:
        """Return the sandbox; with ``--sandbox-keep``, once it is known how the test ended."""
        self._is_over = True
        await self._live.close()
        if not session.keeps():
            await _in_thread(self.release)

    def explain_unmatched(self, most: int) -> list[str]:
        """For each unmatched request of the last resync: the nearest stub, and a route to paste.

        Args:
            most: How many to explain; the others are counted.
        """
        unmatched = self.results[-1].unmatched if self.results else []
        explained = list(dict.fromkeys(self._explained(unmatched)))
        more = [f"… and {len(explained) - most} more"] if len(explained) > most else []
        return explained[:most] + more

    def _explained(self, unmatched: list[RequestLog]) -> list[str]:
        """What to say about each; identical requests are explained once."""
        routes, files = self.third_party_transport.routes, self.stub_mappings
        explained: dict[tuple[str, str], str] = {}
        for call in unmatched:
            asked = call.request.method, str(call.request.url)
            explained[asked] = explained.get(asked) or explain(
                call.request, routes, files, with_nearest=len(explained) < _COMPARED
            )
        return [explained[call.request.method, str(call.request.url)] for call in unmatched]

    def look(self) -> dict[str, str]:
        """Commands for inspecting the sandbox, see :meth:`sandbox.resync.sandbox.Sandbox.look`; none without a sandbox."""
        return self._sandbox.look() if self._sandbox else {}

    @property
    def has_sandbox(self) -> bool:
        """Whether it has a sandbox."""
        return self._sandbox is not None

    @property
    def is_over(self) -> bool:
        """Whether the test has finished with it."""
        return self._is_over

    def release(self) -> None:
        """Return the sandbox, if there still is one."""
        sandbox, self._sandbox, self._container, self._unfinished = self._sandbox, None, None, None
        self._running = None
        self.port_mock.attach(None)
        if sandbox is not None and self._pool is not None:
            self._pool.release(sandbox)

    def keep(self) -> None:
        """Let the sandbox outlive the test and this process, so that it can be inspected."""
        sandbox, self._sandbox, self._container, self._unfinished = self._sandbox, None, None, None
        if sandbox is not None and self._pool is not None:
            self._pool.keep(sandbox)

    @property
    def stub_mappings(self) -> list[Stub]:
        """The stubs that answer beside the routes, in WireMock's own JSON: the transport's, and those of stub folders."""
        return [*stubs.from_mappings(self.third_party_transport.stubs), *self._of_files]

    @property
    def wiremock(self) -> "WireMockClient":
        """A client of the ``wiremock`` package for the WireMock of this sandbox, see :mod:`harness.stubs.wiremock_client`.

        Raises:
            RuntimeError: When it is used: the harness has no sandbox, since it is not started, or is shut down.
        """
        from harness.stubs.wiremock_client import WireMockClient  # noqa: PLC0415 # the package takes 60 ms to import

        return WireMockClient(self._third_party, self._journal_is_empty)

    def _journal_is_empty(self) -> None:
        self._calls_before = 0

    def _third_party(self) -> WireMock:
        if self._sandbox is None:
            raise RuntimeError("The harness has no WireMock: it is not started, or is shut down. Call start() first.")
        return self._sandbox.wiremock

    def _integration_type(self) -> str:
        return str(self._config()["integration"].get("type") or "test")

    def _config(self) -> dict[str, Any]:
        return {**_DEFAULT_CONFIG, **self.config_overrides}

    async def _seed(self, sandbox: Sandbox) -> None:
        self._deployed = self._deployed_mappings = self._calls_before = self._port_calls_before = 0
        self._told_before = {}
        self._large.clear()
        self._forgotten.clear()
        seed = self.port_mock.seed(self._integration_type())
        await _in_thread(lambda: sandbox.port.seed(**seed))
        self.port_mock.attach(sandbox.port)
        await self._deploy(sandbox, [*self._of_files, stubs.UNMATCHED])

    async def _deploy(self, sandbox: Sandbox, others: Sequence[Stub] = ()) -> None:
        """Send ``others``, and the routes and stubs that WireMock does not know yet; a test may add some after the start."""
        routes, mappings = self.third_party_transport.routes, self.third_party_transport.stubs
        new = stubs.from_routes(routes[self._deployed :], self._deployed)
        new += stubs.from_mappings(mappings[self._deployed_mappings :])
        self._deployed, self._deployed_mappings = len(routes), len(mappings)
        await _in_thread(stub_files.deploy, [*others, *new], sandbox.wiremock)

    def _asks_the_test(self) -> bool:
        """Whether the test process may have to answer: any route, where WireMock cannot read what a client asks for."""
        return bool(self.third_party_transport.routes)

    async def _boot(self, container: Resync, archive: bytes) -> None:
        directory, config = Path(self.integration_path), self._config()
        if self.entry == "production":
            config = production.config(_DEFAULT_CONFIG, self.config_overrides)
        await _in_thread(lambda: container.boot(archive=archive, config=config, source=directory, entry=self.entry))
        if container.warning:
            with warnings.catch_warnings():
                warnings.simplefilter("default")  # a warning, not a reason to fail a test
                warnings.warn(container.warning, stacklevel=2)

    async def _resync(self, sandbox: Sandbox, container: Resync, directory: Path) -> Report:
        raised: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def fail(error: BaseException) -> None:
            if not raised.done():
                raised.set_exception(error)

        async with contextlib.AsyncExitStack() as stack:
            if self._asks_the_test():
                await stack.enter_async_context(await self._answerer(sandbox, fail))
            resync = asyncio.ensure_future(_in_thread(container.resync, directory))
            # When Ctrl-C ends the wait, the result of the container's end is never retrieved, and asyncio would complain.
            resync.add_done_callback(lambda done: done.cancelled() or done.exception())
            # A callable that raises fails the test at once: what the integration does with a 500 does not matter.
            await asyncio.wait({resync, raised}, return_when=asyncio.FIRST_COMPLETED)
            if raised.done():
                await _in_thread(container.stop)
                with contextlib.suppress(Exception):
                    await resync
                raised.result()
            raised.cancel()
            report: Report = await resync
        if self.entry == "production":
            told = production.since(await _in_thread(sandbox.port.state), self._told_before)
            report = production.read(report, told, container.logs, directory)
        return report

    async def _answerer(self, sandbox: Sandbox, on_error: Callable[[BaseException], None]) -> Answerer:
        wiremock = sandbox.wiremock if self.stub_mappings else None
        url, token = sandbox.port.relay()
        transport, large = self.third_party_transport, self._large
        return Answerer(transport, url, token, wiremock=wiremock, on_error=on_error, death=sandbox.death, large=large)

    def _collect(self, sandbox: Sandbox, container: Resync, report: Report, began: datetime) -> ResyncResult:
        with self._timed("collect"):
            calls_before, port_calls_before = self._calls_before, self._port_calls_before
            sandbox.settle()
            gathered = self._gather(sandbox, calls_before)
            calls = gathered.calls[calls_before:]
            state = sandbox.port.state() if self.entry == "production" else None
            self._told_before = production.sizes(state) if state else {}
            errors = [rebuild(shipped.with_exchange(failure, calls)) for failure in report.failures]
            errors += self._errors_of(gathered)
        result = ResyncResult(
            upserted_entities=gathered.captured["upserted_entities"],
            deleted_entities=gathered.captured["deleted_entities"],
            errors=errors,
            reconciliation_success=report.success,
            unmatched=gathered.unmatched,
            logs=container.logs,
            timings=dict(self._timings),
            unused_stubs=unused_stubs(self.third_party_transport.routes, self.stub_mappings, gathered.journal),
            kinds=counts_by_kind(gathered.captured["metrics"]),
            rejected_entities=self.port_mock.rejected_entities,
            egress_attempts=merge(report.egress, gathered.captured["refusals"]),
            unknown_port_calls=[
                call for call in gathered.to_port if not call.is_known and call.sequence > port_calls_before
            ],
            most_memory=report.most_memory,
            default_resources=made_in(state, self.port_mock.blueprints) if state else DefaultResources(),
            unused_faults=self.port._unused(gathered.captured["faults"]),  # noqa: SLF001 # its own package
            _calls=calls,
            _port_calls=[call for call in gathered.to_port if call.sequence > port_calls_before],
            _during=(began, datetime.now(UTC)),
        )
        self._warn(result, state)
        self.results.append(result)
        stats.add(resyncs=1, entities=len(result.upserted_entities))
        return result

    def _warn(self, result: ResyncResult, state: dict[str, Any] | None) -> None:
        """Add its warnings to a result.

        Args:
            result: Complete except for them.
            state: What the Port mock keeps, where the integration made its own mapping and blueprints there.
        """
        made = made_in(state, {}) if state else DefaultResources(self.port_mock.blueprints)
        mapping = made.mapping or self.port_mapping_config
        result.warnings = warnings_of(result, mapping, made.blueprints if self.port_mock.is_strict else {})

    def _gather(self, sandbox: Sandbox, since: int) -> Gathered:
        """What the sandbox has seen; the transport and the Port mock show it from now on."""
        gathered, transport = gather(sandbox, since, self._large), self.third_party_transport
        self._calls_before, self._port_calls_before = len(gathered.calls), len(gathered.to_port)
        transport._call_log[:], transport._port_call_log[:] = gathered.calls, gathered.to_port  # noqa: SLF001 # its own package
        self.port_mock.keep(gathered.captured, gathered.to_port)
        return gathered

    def _errors_of(self, gathered: Gathered) -> list[Exception]:
        """What WireMock failed to answer; and each unmatched request, if the transport is strict."""
        unmatched = gathered.unmatched if self.third_party_transport.strict else []
        return [
            *self._forgotten,
            *gathered.failures,
            *(UnmatchedRequestError(each) for each in self._explained(unmatched)),
        ]

    @contextlib.contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._timings[phase] = time.monotonic() - began


async def _leased(of: pool.Pool, directory: Path, settings: Settings) -> Sandbox:
    """A sandbox; if nobody is waiting for it any more when it is ready, it is returned."""
    thread = ThreadPoolExecutor(max_workers=1)
    leasing = thread.submit(of.lease, directory, settings)
    thread.shutdown(wait=False)

    def give_back(leased: Future[Sandbox]) -> None:
        if not leased.cancelled() and leased.exception() is None:
            of.release(leased.result())

    try:
        return await asyncio.wrap_future(leasing)
    except asyncio.CancelledError:
        leasing.add_done_callback(give_back)
        raise


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.to_thread(function, *arguments)
