"""What a test class declares about its integration: three methods for the particulars, attributes for the rest."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.execution.port_mock import Strictness
from harness.options import settings_in_force
from harness.routes.transport import InterceptTransport
from harness.stubs.folder import Sources
from sandbox.errors import SandboxError
from sandbox.settings import Entry, Isolation

if TYPE_CHECKING:
    from sandbox.services.real import Services


class MissingMethodError(SandboxError, NotImplementedError):
    """A test class does not implement a required method."""


class Declaration:
    """One integration with one third party and one mapping, as a test class declares them.

    Override :meth:`create_third_party_transport`, :meth:`create_mapping_config` and, if the integration needs any configuration,
    :meth:`create_integration_config`.

    Attributes:
        stubs: Stub folders below ``wiremock-mappings`` to load under the routes, or stubs themselves (as
            :meth:`harness.InterceptTransport.add_stub` takes them); later ones take precedence.
        sandbox_isolation: ``container`` or ``fork``, to override the settings for this class.
        entry: ``production`` to run the integration as it ships, ``resync`` to have the runner drive the resync; None
            to use ``--sandbox-entry`` (default: ``resync``).
        resync_timeout: Time limit for a resync of this class, in seconds; the settings may extend it, but not shorten it.
        fail_on_egress: Whether an attempt to reach the outside of the sandbox fails a test of this class.
        fail_on_unused_stubs: Whether routes and stub files that answered nothing, and faults of Port that matched no call,
            fail a test of this class; None to use ``--sandbox-fail-on-unused-stubs``.
        fail_on_warnings: Whether warnings of a resync or event (``ResyncResult.warnings``) fail a test of this class;
            None to use ``--sandbox-fail-on-warnings``.
        services: Real services that run beside the sandbox, by the name that the integration reaches them under: containers
            of testcontainers' classes, callables that make them, or :class:`harness.Service` where one is to be filled.
        port: ``strict`` makes Port refuse what the blueprints forbid; ``lenient`` accepts everything.
    """

    stubs: "Sources | None" = None
    sandbox_isolation: Isolation | None = None
    entry: Entry | None = None
    resync_timeout: float | None = None
    fail_on_egress: bool = True
    fail_on_unused_stubs: bool | None = None
    fail_on_warnings: bool | None = None
    services: "Services | None" = None
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

        With the entry ``production``, it overrides the mapping that the integration ships, like a mapping that
        a user has edited. If it returns None or is not overridden, Port does not know the integration yet,
        and the shipped mapping applies.
        """
        if (self.entry or settings_in_force().entry) == "production":
            return None
        raise _missing(self, "create_mapping_config", "the mapping that Port has")

    def create_integration_config(self) -> dict[str, Any]:
        """Overrides of the integration's configuration."""
        return {"integration": {"identifier": "test-integration", "type": "test", "config": {}}}

    def get_port_search_entities_response(self) -> list[dict[str, Any]] | None:
        """What Port answers to every search: entities that already exist; those not upserted are deleted.

        With None, searches answer what is in Port: see :class:`harness.IntegrationTestHarness`.
        """
        return None

    def get_port_entities(self) -> list[dict[str, Any]] | None:
        """The entities that are in Port before the resync, for searches, relations and deletes."""
        return None

    def get_port_blueprints(self) -> dict[str, dict[str, Any]] | None:
        """Blueprints that Port has, by identifier; with None and strict rules, the integration's own."""
        return None


def _missing(test: Declaration, method: str, what: str) -> MissingMethodError:
    kind = type(test)
    place = f"{inspect.getfile(kind)}:{inspect.getsourcelines(kind)[1]}"
    return MissingMethodError(f"{kind.__qualname__} ({place}) must implement {method}(): it returns {what}.")
