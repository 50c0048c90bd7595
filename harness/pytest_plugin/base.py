"""A base class for tests: what a class declares, and the fixtures that do the rest."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest_asyncio

from harness.execution.result import ResyncResult
from harness.options import settings_in_force
from harness.testing.declaration import Declaration
from harness.testing.harness import IntegrationTestHarness

if TYPE_CHECKING:
    from harness.replay.verify import Verification


class BaseIntegrationTest(Declaration):
    """Tests of one integration with one third party and one mapping.

    Override :meth:`create_third_party_transport`, :meth:`create_mapping_config` and, if the integration needs any configuration,
    :meth:`create_integration_config`. Tests ask for ``resync`` (the result of a resync), or for ``harness`` to trigger
    it themselves. The attributes are those of :class:`harness.testing.declaration.Declaration`.
    """

    async def verify(self) -> "Verification":
        """Ask the real API again, and compare: for a test that is marked ``contract``, as ``ocean-sandbox verify`` does.

        Returns:
            What has changed since the recording; ``is_same`` if nothing has, ``report()`` for people.

        Raises:
            SandboxError: It cannot be compared: there are no credentials, no recording, no network.
        """
        from harness.replay.verify import SECONDS, verify  # noqa: PLC0415 # only this needs what records

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
            fail_on_warnings=self.fail_on_warnings,
            entry=self.entry,
            services=self.services,
        )
        harness.is_of_one_test = True
        try:
            await harness.start()
        except BaseException as error:
            try:
                await harness.shutdown()
            except Exception as another:  # noqa: BLE001 # what came first is what the report is about
                error.add_note(f"Its cleanup failed too: {type(another).__name__}: {another}")
            raise
        try:
            yield harness
        finally:
            await harness.shutdown()

    @pytest_asyncio.fixture
    async def resync(self, harness: IntegrationTestHarness) -> ResyncResult:
        """The result of a resync."""
        return await harness.trigger_resync()
