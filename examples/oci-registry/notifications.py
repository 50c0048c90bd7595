"""What a registry tells of itself: an envelope of events, posted to an address that the registry is configured with.

The format: https://distribution.github.io/distribution/about/notifications/. A push or a delete of a manifest matters
here; pulls, mounts and blobs do not. What is deleted is named by its tag, by its digest, or by the repository alone.
"""

import hmac
from typing import Any, ClassVar, cast

from port_ocean.context.ocean import ocean
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.handlers.webhook.abstract_webhook_processor import AbstractWebhookProcessor
from port_ocean.core.handlers.webhook.webhook_event import (
    EventHeaders,
    EventPayload,
    WebhookEvent,
    WebhookEventRawResults,
)

import manifests
from client import Item, RegistryClient
from integration import RegistryResourceConfig

PATH = "/webhook"
PUSH, DELETE = "push", "delete"


class NotificationProcessor(AbstractWebhookProcessor):
    """What the kinds have in common."""

    kind: ClassVar[str]

    async def authenticate(self, payload: EventPayload, headers: EventHeaders) -> bool:
        """Whether the registry sends the secret that was agreed on, as `Authorization: Bearer`; True without one."""
        secret = ocean.integration_config["webhook_secret"]
        return not secret or hmac.compare_digest(headers.get("authorization", ""), f"Bearer {secret}")

    async def validate_payload(self, payload: EventPayload) -> bool:
        """Whether it is an envelope."""
        return isinstance(payload.get("events"), list)

    async def should_process_event(self, event: WebhookEvent) -> bool:
        """Whether something in it is about this kind."""
        return any(self.concerns(action, target) for action, target in _changes(event.payload))

    async def get_matching_kinds(self, event: WebhookEvent) -> list[str]:
        """This kind."""
        return [self.kind]

    async def handle_event(self, payload: EventPayload, resource: ResourceConfig) -> WebhookEventRawResults:
        """Read from the registry what was pushed; name what was deleted."""
        prefix = cast("RegistryResourceConfig", resource).selector.repository_prefix
        pushed: list[Item] = []
        deleted: list[Item] = []
        async with RegistryClient.from_ocean_config() as registry:
            for action, target in _changes(payload):
                if not (self.concerns(action, target) and target["repository"].startswith(prefix)):
                    continue
                if action == PUSH:
                    pushed += await self.pushed(registry, target)
                else:
                    deleted.append(self.deleted(registry, target))
        return WebhookEventRawResults(pushed, deleted)

    def concerns(self, action: str, target: Item) -> bool:
        """Whether a change is about this kind."""
        raise NotImplementedError

    async def pushed(self, registry: RegistryClient, target: Item) -> list[Item]:
        """The items that a push made or changed."""
        raise NotImplementedError

    def deleted(self, registry: RegistryClient, target: Item) -> Item:
        """As much of a deleted item as names it."""
        raise NotImplementedError


class RepositoryProcessor(NotificationProcessor):
    """A repository is made by its first push, and deleted as a whole."""

    kind = "repository"

    def concerns(self, action: str, target: Item) -> bool:
        """See `NotificationProcessor`."""
        return action == PUSH or not (target.get("tag") or target.get("digest"))

    async def pushed(self, registry: RegistryClient, target: Item) -> list[Item]:
        """See `NotificationProcessor`."""
        return [registry.repository(target["repository"])]

    def deleted(self, registry: RegistryClient, target: Item) -> Item:
        """See `NotificationProcessor`."""
        return registry.repository(target["repository"])


class TagProcessor(NotificationProcessor):
    """A tag is set by a push, and deleted by its name."""

    kind = "tag"

    def concerns(self, action: str, target: Item) -> bool:
        """See `NotificationProcessor`."""
        return bool(target.get("tag"))

    async def pushed(self, registry: RegistryClient, target: Item) -> list[Item]:
        """See `NotificationProcessor`. The tag may point elsewhere by now: what counts is what it points to."""
        tag = await registry.tag(registry.repository(target["repository"]), target["tag"])
        return [tag] if tag else []

    def deleted(self, registry: RegistryClient, target: Item) -> Item:
        """See `NotificationProcessor`."""
        return named_tag(registry, target["repository"], target["tag"])


class ImageProcessor(NotificationProcessor):
    """An image is what a push brings, with those that an index lists; it is deleted by its digest."""

    kind = "image"

    def concerns(self, action: str, target: Item) -> bool:
        """See `NotificationProcessor`."""
        return bool(target.get("digest")) and (action == PUSH or not target.get("tag"))

    async def pushed(self, registry: RegistryClient, target: Item) -> list[Item]:
        """See `NotificationProcessor`."""
        return await registry.images_behind(registry.repository(target["repository"]), [target["digest"]], set())

    def deleted(self, registry: RegistryClient, target: Item) -> Item:
        """See `NotificationProcessor`."""
        return {"repository": target["repository"], "digest": target["digest"], "manifests": []}


PROCESSORS = (RepositoryProcessor, ImageProcessor, TagProcessor)


def named_tag(registry: RegistryClient, repository: str, name: str) -> Item:
    """A tag of which only the name is known, for it is gone."""
    return {"repository": repository, "registry": registry.name, "name": name, "digest": ""}


def _changes(payload: EventPayload) -> list[tuple[str, Item]]:
    """Action and target of each push of a manifest, and of each delete, whatever else an envelope holds."""
    events: Any = payload.get("events")
    changes = [
        (event.get("action"), event["target"])
        for event in (events if isinstance(events, list) else [])
        if isinstance(event, dict) and isinstance(event.get("target"), dict)
    ]
    pushable = (*manifests.MANIFEST_TYPES, *manifests.INDEX_TYPES)
    return [
        (action, target)
        for action, target in changes
        if isinstance(target.get("repository"), str)
        and (action == DELETE or (action == PUSH and target.get("mediaType") in pushable))
    ]
