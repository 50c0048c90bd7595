"""The Port that a test seeds and reads."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import httpx

from harness.execution.faults import PortFaults
from harness.execution.result import RejectedEntity
from harness.integration.resources import SeedError
from harness.routes.transport import InterceptTransport, RequestLog
from sandbox.port_mock.faults import read_fault
from sandbox.port_mock.seeding import read_seed
from sandbox.port_mock.shapes import WrongShapeError
from sandbox.port_mock.state import PortState, Rejection, Seed
from sandbox.services.port import Port

Strictness: TypeAlias = Literal["lenient", "strict"]
"""Whether Port refuses what its blueprints forbid."""


_as_in_process = False


def answer_searches_as_in_process() -> None:
    """From now on, a search that a test does not script finds nothing, as in the in-process harness; for the drop-in."""
    global _as_in_process  # noqa: PLW0603 # a test file is written for one or the other, and a run is for its files
    _as_in_process = True


class PortMockResponder:
    """What Port has before a resync, and what it got.

    In a sandbox a container answers for Port. ``transport`` evaluates the same program in this process, for a client
    that is given it.

    Args:
        mapping_config: The mapping that Port has for the integration; None where Port does not know it yet.
        integration_identifier: The integration's identifier.
        blueprints: Blueprints by identifier.
        search_entities_response: What Port answers to every search, whatever was asked. With None, searches answer what
            is in Port: ``entities`` and what was upserted.
        entities: The entities that are in Port already.
        port: ``strict`` turns Port's rules on.

    Raises:
        ValueError: ``port`` is neither.
    """

    def __init__(
        self,
        mapping_config: dict[str, Any] | None,
        integration_identifier: str = "test-integration",
        blueprints: dict[str, dict[str, Any]] | None = None,
        search_entities_response: list[dict[str, Any]] | None = None,
        *,
        entities: list[dict[str, Any]] | None = None,
        port: Strictness = "lenient",
    ) -> None:
        if port not in {"lenient", "strict"}:
            raise ValueError(f"port must be 'lenient' or 'strict', not {port!r}")
        self.mapping_config = mapping_config
        self.integration_identifier = integration_identifier
        self.blueprints = blueprints or {}
        self.search_entities_response = search_entities_response or []
        self.is_strict = port == "strict"
        uses_state = bool(entities) or self.is_strict
        self._is_scripted = search_entities_response is not None or (_as_in_process and not uses_state)
        self._seeded_entities = entities or []
        self.upserted_entities: list[dict[str, Any]] = []
        self.deleted_entities: list[dict[str, Any]] = []
        self.faults = PortFaults()
        # Set by a discovery, which records the calls; otherwise the record of calls holds the beginning of bodies.
        self.keeps_whole_calls = False
        self._container: Port | None = None
        # Whether a blueprint is there only once somebody made it: see sandbox/port_mock/state.py.
        self.is_bare = False
        self._is_over = False
        self._state: PortState | None = None
        self._rejections: dict[tuple[str, str], Rejection] = {}
        self.transport: InterceptTransport = _PortTransport(self._local)

    @property
    def deleted_entity_ids(self) -> list[str]:
        """The identifiers of the deleted entities."""
        return [entity["identifier"] for entity in self.deleted_entities]

    @property
    def entities(self) -> list[dict[str, Any]]:
        """The entities that are in Port now, seeded and upserted, as Port answers them; read again each time."""
        if self._container is not None:
            return self._container.entities()
        return [stored.to_json() for stored in self._local().kept.catalog]

    @property
    def state(self) -> dict[str, Any]:
        """What else is in Port now: ``integration``, ``blueprints``, ``pages``, ``runs`` and more; read again each time."""
        return self._container.state() if self._container is not None else self._local().kept.to_json()

    @property
    def rejected_entities(self) -> list[RejectedEntity]:
        """The entities refused by Port and did not accept later."""
        return [RejectedEntity(**rejection) for rejection in self._rejections.values()]

    def seed(self, integration_type: str) -> dict[str, Any]:
        """What the Port mock is told before a resync, as :meth:`sandbox.services.port.Port.seed` takes it."""
        # A test may add to the list after the harness was made, as it can in-process.
        scripted = self._is_scripted or bool(self.search_entities_response)
        return {
            **(
                {
                    "integration": {"identifier": self.integration_identifier, "type": integration_type},
                    "mapping": self.mapping_config,
                }
                if self.mapping_config is not None
                else {}
            ),
            "blueprints": self.blueprints,
            "entities": self._seeded_entities if self.mapping_config is not None else self._owned(integration_type),
            "strict": self.is_strict,
            **({"whole_calls": True} if self.keeps_whole_calls else {}),
            **({"bare": True} if self.is_bare else {}),
            **self.faults.seed(),
            **({"search_entities_response": self.search_entities_response} if scripted else {}),
        }

    def _owned(self, integration_type: str) -> list[dict[str, Any]]:
        """The entities, as those of an integration that Port does not know yet: without one it could not say whose."""
        own = f"port-ocean/{integration_type}/seeded/{self.integration_identifier}/exporter"
        return [{"$datasource": own, **each} if isinstance(each, dict) else each for each in self._seeded_entities]

    def checked_seed(self, integration_type: str) -> Seed:
        """The seed as the Port mock reads it.

        Raises:
            SeedError: A blueprint or an entity is wrong.
        """
        try:
            return read_seed(self.seed(integration_type))
        except WrongShapeError as error:
            raise SeedError(
                f"What the test puts into Port is invalid: {error}",
                remedy="fix the blueprints or entities that the test gives.",
            ) from None

    def attach(self, container: Port | None) -> None:
        """Have a container answer for Port from now on; None when it does not any more."""
        self._is_over = container is None
        self._container = container
        self.faults.attach(container)

    def _local(self) -> PortState:
        if self._is_over:
            raise RuntimeError("The sandbox was returned, and Port with it: read it before shutdown().")
        if self._state is None:
            self._state = PortState()
            self._state.seed(self.checked_seed("test"))
            self._state.kept.upserts = self.upserted_entities
            self._state.kept.deletions = self.deleted_entities  # type: ignore[assignment] # the same dicts, typed closer there
            self._state.kept.rejections = self._rejections
            self.faults.attach(_LocalPort(self._state))
        return self._state

    def keep(self, captures: dict[str, list[dict[str, Any]]], calls: Sequence[RequestLog]) -> None:
        """Take over what the container kept; the lists stay the same objects, which a test may hold."""
        self.upserted_entities[:] = captures["upserted_entities"]
        self.deleted_entities[:] = captures["deleted_entities"]
        self._rejections.clear()
        for number, rejection in enumerate(captures["rejected_entities"]):
            self._rejections[str(number), ""] = Rejection(**rejection)  # type: ignore[typeddict-item] # from JSON
        self.transport.keep(calls)


class _LocalPort:
    """Port in this process, as far as its faults go."""

    def __init__(self, state: PortState) -> None:
        self._state = state

    def add_fault(self, fault: dict[str, Any]) -> None:
        self._state.kept.faults.append(read_fault(fault))

    def clear_faults(self) -> None:
        self._state.kept.faults.clear()

    def expire_token(self) -> None:
        self._state.kept.expire_token()


class _PortTransport(InterceptTransport):
    """Answers from the Port mock's program, in this process."""

    def __init__(self, state: Callable[[], PortState]) -> None:
        super().__init__(strict=False)
        self._state = state
        self._app: httpx.ASGITransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if (route := self.find_route(request)) is not None:
            response = await route.respond(request)
        else:
            try:
                response = await self._port().handle_async_request(request)
            except ConnectionResetError as error:  # a fault, see sandbox/port_mock/injector.py
                raise httpx.ReadError(str(error), request=request) from error
            await response.aread()
        self._call_log.append(RequestLog(request, response))
        return response

    def _port(self) -> httpx.ASGITransport:
        if self._app is None:
            # Imported here because starlette costs 30 ms at start, and in a sandbox this transport is not used.
            from sandbox.port_mock.api import create_app  # noqa: PLC0415

            self._app = httpx.ASGITransport(create_app(self._state()))
        return self._app
