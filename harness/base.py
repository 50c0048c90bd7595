"""A base class for tests: three methods say what is particular, the fixtures do the rest."""

import inspect
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from harness.harness import IntegrationTestHarness
from harness.options import settings_in_force
from harness.port_mock import Strictness
from harness.result import ResyncResult
from harness.transport import InterceptTransport
from sandbox.errors import SandboxError
from sandbox.settings import Entry, Isolation

if TYPE_CHECKING:
    from harness.verification.verify import Verification


class MissingMethodError(SandboxError, NotImplementedError):
    """A test class does not say what only it can say."""


class BaseIntegrationTest:
    """Tests of one integration with one third party and one mapping.

    Override :meth:`create_third_party_transport`, :meth:`create_mapping_config` and, where the integration needs any,
    :meth:`create_integration_config`. Tests ask for ``resync`` (the result of a resync), or for ``harness`` to trigger
    it themselves.

    Attributes:
        stubs: Stub folders below ``wiremock-mappings`` to load under the routes; of several, each is laid over the ones
            before it.
        sandbox_isolation: ``container`` or ``fork``, where this class is to differ from the settings.
        entry: ``production`` to run the integration as it ships, ``resync`` to have the runner drive the resync; None for
            what ``--sandbox-entry`` says (by default, ``resync``).
        resync_timeout: Seconds that a resync of this class may take; the settings may give it more, not less.
        fail_on_egress: Whether an attempt to reach the outside of the sandbox fails a test of this class.
        fail_on_unused_stubs: Whether routes and stub files that answered nothing, and faults of Port that met no call,
            fail a test of this class; None for what ``--sandbox-fail-on-unused-stubs`` says.
        port: ``strict`` has Port refuse what the blueprints forbid; ``lenient`` takes everything.
    """

    stubs: str | Sequence[str] | None = None
    sandbox_isolation: Isolation | None = None
    entry: Entry | None = None
    resync_timeout: float | None = None
    fail_on_egress: bool = True
    fail_on_unused_stubs: bool | None = None
    port: Strictness = "lenient"

    @property
    def integration_path(self) -> str:
        """The integration's directory: by default, the one above the test file's."""
        return str(Path(inspect.getfile(type(self))).resolve().parent.parent)

    def create_third_party_transport(self) -> InterceptTransport:
        """The routes that answer for the third party. Must be overridden, unless ``stubs`` names stub files."""
        if self.stubs:
            return InterceptTransport()
        raise _missing(self, "create_third_party_transport", "the routes of the third party")

    def create_mapping_config(self) -> dict[str, Any] | None:
        """The mapping that Port has. Must be overridden.

        With the entry ``production``, what it returns wins over the mapping that the integration ships, as a mapping that
        a user has edited does; where it returns None, or is not overridden, Port does not know the integration yet, and
        the mapping that it ships is in force.
        """
        if (self.entry or settings_in_force().entry) == "production":
            return None
        raise _missing(self, "create_mapping_config", "the mapping that Port has")

    def create_integration_config(self) -> dict[str, Any]:
        """What overrides the integration's configuration."""
        return {"integration": {"identifier": "test-integration", "type": "test", "config": {}}}

    def get_port_search_entities_response(self) -> list[dict[str, Any]] | None:
        """What Port answers to every search: entities that exist already; those not upserted are deleted.

        With None, searches answer what is in Port: see :class:`harness.IntegrationTestHarness`.
        """
        return None

    def get_port_entities(self) -> list[dict[str, Any]] | None:
        """The entities that are in Port before the resync, for searches, relations and deletes."""
        return None

    def get_port_blueprints(self) -> dict[str, dict[str, Any]] | None:
        """Blueprints that Port has, by identifier; with None and strict rules, the integration's own."""
        return None

    async def verify(self) -> "Verification":
        """Ask the real API again, and compare: for a test that is marked ``contract``, as ``ocean-sandbox verify`` does.

        Returns:
            What is otherwise than in the recording; ``is_same`` where nothing is, ``report()`` for people.

        Raises:
            SandboxError: It cannot be compared: there are no credentials, no recording, no network.
        """
        from harness.verification.verify import SECONDS, verify  # noqa: PLC0415 # only this needs what records

        return await verify(Path(self.integration_path), settings_in_force().allowing(SECONDS))

    @pytest_asyncio.fixture
    async def harness(self) -> AsyncGenerator[IntegrationTestHarness, None]:
        """A started harness, shut down after the test."""
        harness = IntegrationTestHarness(
            integration_path=self.integration_path,
            port_mapping_config=self.create_mapping_config(),
            third_party_transport=self.create_third_party_transport(),
            port_blueprints=self.get_port_blueprints(),
            config_overrides=self.create_integration_config(),
            port_search_entities_response=self.get_port_search_entities_response(),
            port_entities=self.get_port_entities(),
            port=self.port,
            stubs=self.stubs,
            sandbox_settings=settings_in_force(isolation=self.sandbox_isolation).allowing(self.resync_timeout),
            fail_on_egress=self.fail_on_egress,
            fail_on_unused_stubs=self.fail_on_unused_stubs,
            entry=self.entry,
        )
        harness.is_of_one_test = True
        try:
            await harness.start()
            yield harness
        finally:
            await harness.shutdown()

    @pytest_asyncio.fixture
    async def resync(self, harness: IntegrationTestHarness) -> ResyncResult:
        """The result of a resync."""
        return await harness.trigger_resync()


def _missing(test: BaseIntegrationTest, method: str, what: str) -> MissingMethodError:
    kind = type(test)
    place = f"{inspect.getfile(kind)}:{inspect.getsourcelines(kind)[1]}"
    return MissingMethodError(f"{kind.__qualname__} ({place}) must implement {method}(): it returns {what}.")
