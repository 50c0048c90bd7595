"""Boots an integration in a sandbox, triggers a resync, and collects the outcome."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.execution import live_process as live
from harness.execution import production
from harness.execution.faults import PortFaults
from harness.execution.live_result import ActionResult, LiveEventResult
from harness.execution.port_mock import PortMockResponder, Strictness
from harness.execution.result import ResyncResult
from harness.integration import mapping
from harness.integration.resources import blueprints_of
from harness.options import settings_in_force
from harness.routes.operations import asked, label_of
from harness.routes.transport import InterceptTransport
from harness.stubs import folder as stub_files
from harness.stubs import mappings as stubs
from harness.stubs.mappings import Stub
from harness.testing import session
from harness.testing.collector import Collector
from harness.testing.lease import Lease, Stopwatch, explained, leased
from harness.testing.live_events import LiveEvents
from harness.testing.resyncs import Resyncs
from sandbox.errors import SandboxError
from sandbox.images import archive
from sandbox.pool import pool
from sandbox.services.wiremock import WireMock
from sandbox.settings import Entry, Settings

if TYPE_CHECKING:
    from harness.stubs.wiremock_client import WireMockClient
    from sandbox.services.real import Services

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
        services: Real services beside the sandbox, by the name that the integration reaches them under.

    Attributes:
        services: testcontainers' objects of the services, by name; once the harness has started.
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
        services: "Services | None" = None,
    ) -> None:
        self.integration_path = str(Path(integration_path).resolve())
        self.port_mapping_config = port_mapping_config
        self.third_party_transport = third_party_transport
        self.config_overrides = config_overrides or {}
        self.port_mock = PortMockResponder(
            mapping_config=port_mapping_config,
            integration_identifier=self.config()["integration"].get("identifier") or "test-integration",
            blueprints=port_blueprints,
            search_entities_response=port_search_entities_response,
            entities=port_entities,
            port=port,
        )
        self.fail_on_egress = fail_on_egress
        self.fail_on_unused_stubs = fail_on_unused_stubs
        self.fail_on_warnings = fail_on_warnings
        self.results: list[ResyncResult] = []
        self.services: dict[str, Any] = {}
        self._declared_services = services or {}
        self._is_over = False
        # Set by who shuts it down after one test.
        self.is_of_one_test = False
        self._has_blueprints = port_blueprints is not None
        self.port: PortFaults = self.port_mock.faults
        self._stub_folders = stubs
        self._of_files: list[Stub] = []
        self._settings = sandbox_settings
        if entry not in {None, "resync", "production"}:
            raise ValueError(f"entry must be 'resync' or 'production', not {entry!r}")
        self._entry_given = entry
        self.entry: Entry = entry or "resync"
        self._lease: Lease | None = None
        self._resyncs: Resyncs | None = None
        self._live: LiveEvents | None = None

    async def start(self) -> None:
        """Lease a sandbox and boot the integration in a resync container; in production, :meth:`trigger_resync` boots it.

        Raises:
            SandboxError: Something is wrong with the integration, the mapping, a stub file, or the engine; each kind of
                error has its own class, and its message names the file and the remedy.
        """
        if self._is_over:  # and perhaps not given back yet: see --sandbox-keep
            await asyncio.to_thread(self.release)
        if self._lease is not None:
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
        code = archive.pack(directory)  # whatever is wrong with it is said before anything is leased
        self._of_files = (
            stub_files.load(self._stub_folders, directory, in_force.mappings, are_templated=in_force.global_templating)
            if self._stub_folders
            else []
        )
        services = self._checked_services()
        session.add(self)
        watch = Stopwatch()
        with watch.timed("start"):
            lease = await self._begin_lease(directory, in_force, watch)
            self.services = await asyncio.to_thread(lease.sandbox.restore_services, services)
            await lease.seed(self._integration_type())
            lease.booted = await lease.container()
        await self._started()[0].boot(lease.booted, code)

    def _checked_services(self) -> dict[str, Any]:
        if not self._declared_services:
            return {}
        from sandbox.services.real import declared  # noqa: PLC0415 # testcontainers takes 0.2 s to import

        return declared(self._declared_services)

    async def _begin_lease(self, directory: Path, settings: Settings, watch: Stopwatch) -> Lease:
        of = await asyncio.to_thread(pool.of_this_process, settings_in_force())
        sandbox = await leased(of, directory, settings)
        third_party, port_mock = self.third_party_transport, self.port_mock
        lease = self._lease = Lease(
            of,
            sandbox,
            settings,
            directory,
            transport=third_party,
            port_mock=port_mock,
            files=self._of_files,
            watch=watch,
        )
        collector = Collector(lease, third_party, port_mock, self.entry, self.results)
        self._resyncs = Resyncs(lease, collector, self._config_of_resync, self.entry, port_mock.transport)
        identifier, kind = port_mock.integration_identifier, self._integration_type()
        self._live = LiveEvents(lease, collector, self._config_of_live_events, identifier, kind)
        return lease

    def _config_of_resync(self) -> dict[str, Any]:
        is_production = self.entry == "production"
        return production.config(_DEFAULT_CONFIG, self.config_overrides) if is_production else self.config()

    def _config_of_live_events(self) -> dict[str, Any]:
        # In production, nothing else creates the blueprints that strict rules check; there may not have been a resync yet.
        makes = self.entry == "production" and self.port_mock.is_strict and not self._has_blueprints
        return live.configuration(self.config(), Path(self.integration_path), makes_resources=makes)

    async def trigger_resync(self) -> ResyncResult:
        """Resync all kinds of the mapping, each call in a resync container of its own.

        Raises:
            ResyncTimeoutError, ResyncCrashedError: The resync did not finish; if it took too long, the message
                says which request it kept repeating, if any.
            IntegrationError: With the entry ``production``, the integration does not start.
            Exception: Whatever a callable or predicate of a route raised.
        """
        resyncs, live_events = self._started()
        await live_events.stop()
        return await resyncs.trigger()

    def _started(self) -> tuple[Resyncs, LiveEvents]:
        if self._lease is None or self._resyncs is None or self._live is None:
            message = "Harness not started. Call start() first."
            raise RuntimeError(message)
        return self._resyncs, self._live

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
        return await self._started()[1].deliver(method, path, all_headers, content, timeout)

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
        return await self._started()[1].run(action, properties or {}, identifier or action, timeout, workflow=workflow)

    async def discover_requests(self) -> str:
        """Run a resync, and print each third-party request once, with unmatched ones marked.

        Returns:
            What was printed.
        """
        result = await self.trigger_resync()
        unmatched = {asked(call.request) for call in result.unmatched}
        lines = {
            asked(call.request): f"  {label_of(call.request)} → {call.response.status_code}"
            for call in reversed(self.third_party_transport.calls)
        }
        shown = [line + (" ← UNMATCHED (404)" if key in unmatched else "") for key, line in reversed(lines.items())]
        output = "\n".join([f"Discovered {len(shown)} unique third-party requests:", *(shown or ["  (no requests)"])])
        print(output)  # noqa: T201 # it is what it is for
        return output

    def cut(self) -> None:
        """Kill the resync container, whatever it is doing; whoever waits for it is told that it died."""
        if self._lease is not None:
            self._lease.cut()

    def forget_journal(self) -> None:
        """Make WireMock forget the requests so far, which it keeps in memory; for a resync whose calls are recorded elsewhere."""
        if self._lease is not None:
            self._lease.forget_journal()

    async def shutdown(self) -> None:
        """Return the sandbox; with ``--sandbox-keep``, once it is known how the test ended."""
        self._is_over = True
        if self._live is not None:
            await self._live.close()
        if not session.keeps():
            await asyncio.to_thread(self.release)

    def explain_unmatched(self, most: int) -> list[str]:
        """For each unmatched request of the last resync: the nearest stub, and a route to paste.

        Args:
            most: How many to explain; the others are counted.
        """
        unmatched = self.results[-1].unmatched if self.results else []
        said = list(dict.fromkeys(explained(unmatched, self.third_party_transport, self._of_files)))
        more = [f"… and {len(said) - most} more"] if len(said) > most else []
        return said[:most] + more

    def look(self) -> dict[str, str]:
        """Commands for inspecting the sandbox, see :meth:`sandbox.resync.sandbox.Sandbox.look`; none without a sandbox."""
        return self._lease.sandbox.look() if self._lease else {}

    @property
    def has_sandbox(self) -> bool:
        """Whether it has a sandbox."""
        return self._lease is not None

    @property
    def is_over(self) -> bool:
        """Whether the test has finished with it."""
        return self._is_over

    def release(self) -> None:
        """Return the sandbox, if there still is one."""
        lease, self._lease = self._lease, None
        self.port_mock.attach(None)
        if lease is not None:
            lease.give_back()

    def keep(self) -> None:
        """Let the sandbox outlive the test and this process, so that it can be inspected."""
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.keep()

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
        if self._lease is not None:
            self._lease.calls_before = 0

    def _third_party(self) -> WireMock:
        if self._lease is None:
            raise RuntimeError("The harness has no WireMock: it is not started, or is shut down. Call start() first.")
        return self._lease.sandbox.wiremock

    def _integration_type(self) -> str:
        return str(self.config()["integration"].get("type") or "test")

    def config(self) -> dict[str, Any]:
        """The integration's configuration: what every test has by default, under ``config_overrides``."""
        return {**_DEFAULT_CONFIG, **self.config_overrides}
