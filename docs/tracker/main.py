"""The integration that the samples of the documentation test: a tracker with projects, people and teams."""

from collections.abc import AsyncGenerator
from typing import Any

from port_ocean.context.ocean import ocean
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.handlers.webhook.abstract_webhook_processor import AbstractWebhookProcessor
from port_ocean.core.handlers.webhook.webhook_event import (
    EventHeaders,
    EventPayload,
    WebhookEvent,
    WebhookEventRawResults,
)
from port_ocean.utils import http_async_client

API = "https://api.example.com"
Item = dict[str, Any]


async def get(path: str, **parameters: Any) -> Any:
    """The JSON that the tracker answers with; raises where it answers with an error."""
    response = await http_async_client.get(f"{API}{path}", params=parameters)
    response.raise_for_status()
    return response.json()


@ocean.on_resync("project")
async def projects(_kind: str) -> AsyncGenerator[list[Item], None]:
    """Page by page, until one is empty."""
    page = 1
    while batch := await get("/v2/projects", page=page):
        yield batch
        page += 1


@ocean.on_resync("person")
async def people(_kind: str) -> AsyncGenerator[list[Item], None]:
    """The people of each department."""
    for department in await get("/v2/departments"):
        yield await get(f"/v2/departments/{department['id']}/people")


@ocean.on_resync("team")
async def teams(_kind: str) -> AsyncGenerator[list[Item], None]:
    """All of them, by GraphQL."""
    response = await http_async_client.post(
        f"{API}/graphql", json={"operationName": "Teams", "query": "query Teams { teams { id } }"}
    )
    response.raise_for_status()
    yield response.json()["data"]["teams"]


class ProjectProcessor(AbstractWebhookProcessor):
    """A project that was changed is read again."""

    async def authenticate(self, payload: EventPayload, headers: EventHeaders) -> bool:
        """Anyone may notify."""
        return True

    async def validate_payload(self, payload: EventPayload) -> bool:
        """Whether it names a project."""
        return "project" in payload

    async def should_process_event(self, event: WebhookEvent) -> bool:
        """Every event is about a project."""
        return True

    async def get_matching_kinds(self, event: WebhookEvent) -> list[str]:
        """The kind of the items."""
        return ["project"]

    async def handle_event(self, payload: EventPayload, resource: ResourceConfig) -> WebhookEventRawResults:
        """Read the project that was changed."""
        return WebhookEventRawResults([await get(f"/v2/projects/{payload['project']}")], [])


ocean.add_webhook_processor("/webhook", ProjectProcessor)
