"""Boots an integration in a sandbox, triggers a resync, and collects what came of it."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from harness import mapping, stub_files, stubs, tally
from harness.answering import Answerer
from harness.errors import rebuild
from harness.journal import port_calls, third_party_calls
from harness.options import settings_in_force
from harness.port_mock import PortMockResponder
from harness.result import ResyncResult
from harness.transport import InterceptTransport, RequestLog
from harness.unmatched import unmatched_error
from sandbox import pool, source
from sandbox.pool import Sandbox
from sandbox.resync import ResyncContainer
from sandbox.settings import Settings

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
        port_mapping_config: The mapping that Port has for it.
        third_party_transport: The routes that answer for the third party.
        port_blueprints: Blueprints that Port has, by identifier.
        config_overrides: What overrides the integration's configuration.
        port_search_entities_response: The entities that exist in Port already.
        stubs: Stub folders below ``wiremock-mappings``, loaded under the routes.
        sandbox_settings: How the sandbox runs; from pyproject.toml and the environment by default.
    """

    def __init__(
        self,
        integration_path: str,
        port_mapping_config: dict[str, Any],
        third_party_transport: InterceptTransport,
        port_blueprints: dict[str, dict[str, Any]] | None = None,
        config_overrides: dict[str, Any] | None = None,
        port_search_entities_response: list[dict[str, Any]] | None = None,
        *,
        stubs: str | Sequence[str] | None = None,
        sandbox_settings: Settings | None = None,
    ) -> None:
        self.integration_path = str(Path(integration_path).resolve())
        self.port_mapping_config = port_mapping_config
        self.third_party_transport = third_party_transport
        self.config_overrides = config_overrides or {}
        self.port_mock = PortMockResponder(
            mapping_config=port_mapping_config,
            integration_identifier=self._config()["integration"].get("identifier") or "test-integration",
            blueprints=port_blueprints or {},
            search_entities_response=port_search_entities_response or [],
        )
        self._stub_folders = stubs
        self._settings = sandbox_settings
        self._sandbox: Sandbox | None = None
        self._container: ResyncContainer | None = None
        self._deployed = 0
        self._calls_before = 0
        self._pool: pool.Pool | None = None
        self._timings: dict[str, float] = {}

    async def start(self) -> None:
        """Lease a sandbox and boot the integration in a resync container.

        Raises:
            SandboxError: Something is wrong with the integration, the mapping, a stub file, or the engine; each kind has
                its own class, and a message that names the file and the remedy.
        """
        if self._sandbox is not None:
            raise RuntimeError("Harness already started. Call shutdown() first.")
        mapping.check(self.port_mapping_config, f"the integration at {self.integration_path}")
        directory = Path(self.integration_path)
        archive = source.pack(directory)
        in_force = self._settings = self._settings or settings_in_force()
        files = stub_files.load(self._stub_folders, directory, in_force.mappings) if self._stub_folders else []
        with self._timed("start"):
            image = pool.image_of(directory, in_force)
            self._pool = await _in_thread(pool.of_this_process, settings_in_force())
            self._sandbox = await _in_thread(self._pool.lease, image)
            await self._seed(self._sandbox, files)
            self._container = await _in_thread(self._sandbox.resync_container, image, in_force)
        with self._timed("boot"):
            await self._boot(self._sandbox, self._container, archive)

    async def trigger_resync(self) -> ResyncResult:
        """Resync all kinds of the mapping, each call in a resync container of its own.

        Raises:
            ResyncTimeoutError, ResyncCrashedError: The resync did not come to an end.
            Exception: Whatever a callable or predicate of a route raised.
        """
        sandbox, container, directory = self._sandbox, self._container, Path(self.integration_path)
        if sandbox is None or self._settings is None:
            message = "Harness not started. Call start() first."
            raise RuntimeError(message)
        if container is None:  # the first resync has used the one that start() made
            with self._timed("start"):
                image = pool.image_of(directory, self._settings)
                container = await _in_thread(sandbox.resync_container, image, self._settings)
            with self._timed("boot"):
                await self._boot(sandbox, container, source.pack(directory))
            await _in_thread(sandbox.begin_resync)
        self._container = None
        await self._deploy_routes(sandbox)
        with self._timed("resync"):
            success, failures = await self._resync(sandbox, container, directory)
        with self._timed("collect"):
            captures, unmatched = await _in_thread(self._collect, sandbox)
        logs = container.logs
        await _in_thread(sandbox.finish, container)
        errors = [rebuild(failure) for failure in failures]
        if self.third_party_transport.strict:
            errors += await _in_thread(lambda: [unmatched_error(call, sandbox.wiremock) for call in unmatched])
        tally.add(resyncs=1, entities=len(captures["upserted_entities"]))
        return ResyncResult(
            upserted_entities=captures["upserted_entities"],
            deleted_entities=captures["deleted_entities"],
            errors=errors,
            reconciliation_success=success,
            unmatched=unmatched,
            logs=logs,
            timings=dict(self._timings),
        )

    async def discover_requests(self) -> str:
        """Run a resync, and print each third-party request once, those that nobody answered marked.

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

    async def shutdown(self) -> None:
        """Give the sandbox back."""
        sandbox, self._sandbox, self._container = self._sandbox, None, None
        if sandbox is not None and self._pool is not None:
            await _in_thread(self._pool.release, sandbox)

    def _config(self) -> dict[str, Any]:
        return {**_DEFAULT_CONFIG, **self.config_overrides}

    async def _seed(self, sandbox: Sandbox, files: list[stubs.Stub]) -> None:
        self._has_stub_files = bool(files)
        self._deployed = self._calls_before = 0
        seed = self.port_mock.seed(str(self._config()["integration"].get("type") or "test"))
        await _in_thread(lambda: sandbox.port.seed(**seed))
        await _in_thread(sandbox.wiremock.stub, [stubs.UNMATCHED])
        if files:
            await _in_thread(stub_files.deploy, files, sandbox.wiremock)
        await self._deploy_routes(sandbox)

    async def _deploy_routes(self, sandbox: Sandbox) -> None:
        """Send the routes that WireMock does not know yet; a test may add some after the start."""
        routes = self.third_party_transport._routes  # noqa: SLF001 # its own package
        new = stubs.from_routes(routes[self._deployed :], self._deployed)
        self._deployed = len(routes)
        await _in_thread(sandbox.wiremock.stub, new)

    async def _boot(self, sandbox: Sandbox, container: ResyncContainer, archive: bytes) -> None:
        directory = Path(self.integration_path)
        await _in_thread(
            lambda: container.boot(archive=archive, config=self._config(), ca=sandbox.wiremock.ca, source=directory)
        )

    async def _resync(self, sandbox: Sandbox, container: ResyncContainer, directory: Path) -> tuple[bool, list[Any]]:
        raised: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def fail(error: BaseException) -> None:
            if not raised.done():
                raised.set_exception(error)

        async with contextlib.AsyncExitStack() as stack:
            if any(stubs.is_answered_by_test(route) for route in self.third_party_transport._routes):  # noqa: SLF001
                await stack.enter_async_context(await self._answerer(sandbox, stack, fail))
            resync = asyncio.ensure_future(_in_thread(container.resync, directory))
            # A callable that raises fails the test at once: what the integration makes of a 500 is of no interest.
            await asyncio.wait({resync, raised}, return_when=asyncio.FIRST_COMPLETED)
            if raised.done():
                await _in_thread(container.stop)
                with contextlib.suppress(Exception):
                    await resync
                raised.result()
            raised.cancel()
            success, failures = await resync
        return success, failures

    async def _answerer(
        self, sandbox: Sandbox, stack: contextlib.AsyncExitStack, on_error: Callable[[BaseException], None]
    ) -> Answerer:
        proxy = None
        if self._has_stub_files:
            trust = ssl.create_default_context(cadata=sandbox.wiremock.ca)
            trust.verify_flags &= ~ssl.VERIFY_X509_STRICT  # as in the resync container: see docker/resync/site
            proxy = await stack.enter_async_context(
                httpx.AsyncClient(proxy=sandbox.wiremock.proxy, verify=trust, trust_env=False, timeout=None)  # noqa: S113
            )
        url, token = sandbox.port.relay()
        return Answerer(self.third_party_transport, url, token, proxy=proxy, on_error=on_error)

    def _collect(self, sandbox: Sandbox) -> tuple[dict[str, list[dict[str, Any]]], list[RequestLog]]:
        captures = sandbox.captures()
        to_port = port_calls(sandbox.port.calls())
        calls, unmatched = third_party_calls(sandbox.wiremock.journal(), self._calls_before)
        self._calls_before = len(calls)
        transport = self.third_party_transport
        transport._call_log[:], transport._port_call_log[:] = calls, to_port  # noqa: SLF001 # its own package
        self.port_mock.keep(captures, to_port)
        return captures, unmatched

    @contextlib.contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._timings[phase] = time.monotonic() - began


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.to_thread(function, *arguments)
