"""The kinds that a resync of this integration can ask for (repository, tag and image), its webhooks, and its action."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

from port_ocean.context.event import event
from port_ocean.context.ocean import ocean
from port_ocean.core.ocean_types import ASYNC_GENERATOR_RESYNC_TYPE

from actions import DeleteTag
from client import Item, RegistryClient
from notifications import PATH, PROCESSORS

if TYPE_CHECKING:
    from integration import RegistryResourceConfig

for processor in PROCESSORS:
    ocean.add_webhook_processor(PATH, processor)
ocean.register_action_executor(DeleteTag())


@ocean.on_resync_start()
async def check_access() -> None:
    """Stop a resync with a clear word, before it starts, when the registry does not let us in."""
    async with RegistryClient.from_ocean_config() as registry:
        await registry.check_access()


@ocean.on_resync("repository")
async def on_repositories(kind: str) -> ASYNC_GENERATOR_RESYNC_TYPE:
    """Yield the repositories, a page of the catalog at a time."""
    async with RegistryClient.from_ocean_config() as registry:
        async for repositories in _selected_repositories(registry):
            yield repositories


@ocean.on_resync("tag")
async def on_tags(kind: str) -> ASYNC_GENERATOR_RESYNC_TYPE:
    """Yield the tags, a page of a repository at a time."""
    async with RegistryClient.from_ocean_config() as registry:
        async for repositories in _selected_repositories(registry):
            for repository in repositories:
                async for tags in registry.tags(repository):
                    yield tags


@ocean.on_resync("image")
async def on_images(kind: str) -> ASYNC_GENERATOR_RESYNC_TYPE:
    """Yield the images that tags lead to, a page of tags at a time."""
    async with RegistryClient.from_ocean_config() as registry:
        async for repositories in _selected_repositories(registry):
            for repository in repositories:
                async for images in registry.images(repository):
                    yield images


async def _selected_repositories(registry: RegistryClient) -> AsyncIterator[list[Item]]:
    selector = cast("RegistryResourceConfig", event.resource_config).selector
    async for repositories in registry.repositories():
        yield [item for item in repositories if item["name"].startswith(selector.repository_prefix)]
