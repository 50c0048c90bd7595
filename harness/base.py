"""A base class for tests: three methods say what is particular, the fixtures do the rest."""

import inspect
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import pytest_asyncio

from harness.harness import IntegrationTestHarness
from harness.options import settings_in_force
from harness.result import ResyncResult
from harness.transport import InterceptTransport
from sandbox.settings import Isolation


class BaseIntegrationTest:
    """Tests of one integration with one third party and one mapping.

    Override :meth:`create_third_party_transport`, :meth:`create_mapping_config` and, where the integration needs any,
    :meth:`create_integration_config`. Tests ask for ``resync`` (the result of a resync), or for ``harness`` to trigger
    it themselves.

    Attributes:
        stubs: Stub folders below ``wiremock-mappings`` to load under the routes.
        sandbox_isolation: ``container`` or ``fork``, where this class is to differ from the settings.
    """

    stubs: str | Sequence[str] | None = None
    sandbox_isolation: Isolation | None = None

    @property
    def integration_path(self) -> str:
        """The integration's directory: by default, the one above the test file's."""
        return str(Path(inspect.getfile(type(self))).resolve().parent.parent)

    def create_third_party_transport(self) -> InterceptTransport:
        """The routes that answer for the third party. Must be overridden, unless ``stubs`` names stub files."""
        if self.stubs:
            return InterceptTransport()
        raise NotImplementedError(_must_override(self, "create_third_party_transport", "the routes of the third party"))

    def create_mapping_config(self) -> dict[str, Any]:
        """The mapping that Port has. Must be overridden."""
        raise NotImplementedError(_must_override(self, "create_mapping_config", "the mapping that Port has"))

    def create_integration_config(self) -> dict[str, Any]:
        """What overrides the integration's configuration."""
        return {"integration": {"identifier": "test-integration", "type": "test", "config": {}}}

    def get_port_search_entities_response(self) -> list[dict[str, Any]] | None:
        """The entities that exist in Port already; those that the resync does not upsert are deleted by it."""
        return None

    @pytest_asyncio.fixture
    async def harness(self) -> AsyncGenerator[IntegrationTestHarness, None]:
        """A started harness, shut down after the test."""
        harness = IntegrationTestHarness(
            integration_path=self.integration_path,
            port_mapping_config=self.create_mapping_config(),
            third_party_transport=self.create_third_party_transport(),
            config_overrides=self.create_integration_config(),
            port_search_entities_response=self.get_port_search_entities_response(),
            stubs=self.stubs,
            sandbox_settings=settings_in_force(isolation=self.sandbox_isolation),
        )
        try:
            await harness.start()
            yield harness
        finally:
            await harness.shutdown()

    @pytest_asyncio.fixture
    async def resync(self, harness: IntegrationTestHarness) -> ResyncResult:
        """The result of a resync."""
        return await harness.trigger_resync()


def _must_override(test: BaseIntegrationTest, method: str, what: str) -> str:
    kind = type(test)
    return f"{kind.__qualname__} ({inspect.getfile(kind)}) must implement {method}(): it returns {what}."
