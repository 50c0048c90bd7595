"""The Port that a test seeds and reads."""

from typing import Any

import httpx

from harness.transport import InterceptTransport, RequestLog
from sandbox.port_mock import PortState, Seed, create_app


class PortMockResponder:
    """What Port has before a resync, and what it got.

    In a sandbox a container answers for Port. ``transport`` evaluates the same program in this process, for a client
    that is given it.

    Args:
        mapping_config: The mapping that Port has for the integration.
        integration_identifier: The integration's identifier.
        blueprints: Blueprints by identifier.
        search_entities_response: What Port answers when it is asked for entities.
    """

    def __init__(
        self,
        mapping_config: dict[str, Any],
        integration_identifier: str = "test-integration",
        blueprints: dict[str, dict[str, Any]] | None = None,
        search_entities_response: list[dict[str, Any]] | None = None,
    ) -> None:
        self.mapping_config = mapping_config
        self.integration_identifier = integration_identifier
        self.blueprints = blueprints or {}
        self.search_entities_response = search_entities_response or []
        self.upserted_entities: list[dict[str, Any]] = []
        self.deleted_entities: list[dict[str, Any]] = []
        self.transport: InterceptTransport = _PortTransport(self)

    @property
    def deleted_entity_ids(self) -> list[str]:
        """The identifiers of the deleted entities."""
        return [entity["identifier"] for entity in self.deleted_entities]

    def seed(self, integration_type: str) -> dict[str, Any]:
        """What the Port mock is told before a resync, as :meth:`sandbox.port.Port.seed` takes it."""
        return {
            "integration": {"identifier": self.integration_identifier, "type": integration_type},
            "mapping": self.mapping_config,
            "blueprints": self.blueprints,
            "search_entities_response": self.search_entities_response,
        }

    def keep(self, captures: dict[str, list[dict[str, Any]]], calls: list[RequestLog]) -> None:
        """Take over what the container kept; the lists stay the same objects, which a test may hold."""
        self.upserted_entities[:] = captures["upserted_entities"]
        self.deleted_entities[:] = captures["deleted_entities"]
        self.transport._call_log[:] = calls  # noqa: SLF001 # the log of this responder's own transport


class _PortTransport(InterceptTransport):
    """Answers from the Port mock's program, in this process."""

    def __init__(self, responder: PortMockResponder) -> None:
        super().__init__(strict=False)
        self._responder = responder
        self._app: httpx.ASGITransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if (route := self.find_route(request)) is not None:
            response = await route.respond(request)
        else:
            response = await self._port().handle_async_request(request)
            await response.aread()
        self._call_log.append(RequestLog(request, response))
        return response

    def _port(self) -> httpx.ASGITransport:
        if self._app is None:
            state = PortState()
            state.seed(
                Seed(
                    integration_identifier=self._responder.integration_identifier,
                    integration_type="test",
                    mapping=self._responder.mapping_config,
                    blueprints=self._responder.blueprints,
                    search_entities_response=self._responder.search_entities_response,
                )
            )
            state.kept.upserts = self._responder.upserted_entities
            state.kept.deletions = self._responder.deleted_entities  # type: ignore[assignment] # the same dicts, typed closer there
            self._app = httpx.ASGITransport(create_app(state))
        return self._app
