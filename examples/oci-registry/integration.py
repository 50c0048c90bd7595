"""What a mapping may say about this integration, checked before a resync starts."""

from typing import Literal

from port_ocean.core.handlers.port_app_config.api import APIPortAppConfig
from port_ocean.core.handlers.port_app_config.models import (
    PortAppConfig,
    ResourceConfig,
    Selector,
)
from port_ocean.core.integrations.base import BaseIntegration
from pydantic.v1 import Field


class RepositoryPrefixSelector(Selector):
    """Narrows a kind to some repositories before anything about the others is fetched."""

    repository_prefix: str = Field(
        alias="repositoryPrefix",
        default="",
        title="Repository Prefix",
        description="Only repositories whose name starts with this. Unlike a query, it saves the requests too.",
    )


class RegistryResourceConfig(ResourceConfig):
    """What the kinds have in common."""

    selector: RepositoryPrefixSelector = Field(title="Selector", description="What to ingest of this kind.")


class RepositoryResourceConfig(RegistryResourceConfig):
    """A repository: a name under which the registry keeps images."""

    kind: Literal["repository"] = Field(title="Repository", description="A repository of the registry.")


class TagResourceConfig(RegistryResourceConfig):
    """A tag: a name that points to an image and may move."""

    kind: Literal["tag"] = Field(title="Tag", description="A tag, and the digest it points to.")


class ImageResourceConfig(RegistryResourceConfig):
    """An image: a manifest, known by its digest."""

    kind: Literal["image"] = Field(title="Image", description="A manifest or a multi-platform index.")


class OciRegistryPortAppConfig(PortAppConfig):
    """The mapping of this integration."""

    resources: list[RepositoryResourceConfig | TagResourceConfig | ImageResourceConfig] = Field(  # type: ignore[assignment]
        default_factory=list,
        title="Resources",
        description="The kinds to ingest, in this order.",
    )


class OciRegistryIntegration(BaseIntegration):
    """Tells Ocean to read mappings as `OciRegistryPortAppConfig`."""

    class AppConfigHandlerClass(APIPortAppConfig):
        """Reads the mapping from Port."""

        CONFIG_CLASS = OciRegistryPortAppConfig
