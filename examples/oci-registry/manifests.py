"""Reads what a registry says about an image. Nothing here talks to the network.

Formats: the OCI image specification, https://github.com/opencontainers/image-spec, and its Docker forerunner,
https://distribution.github.io/distribution/spec/manifest-v2-2/.
"""

from typing import Any

MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
ACCEPT = ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))

_CONFIG_TYPES = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
# A config is a few KiB. Anything far bigger is somebody's artifact, and not worth fetching for two words.
_CONFIG_SIZE_LIMIT = 1 << 20


def children(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The descriptors that an index lists; none for the manifest of a single image."""
    descriptors: list[dict[str, Any]] = manifest.get("manifests") or []
    return descriptors


def config_digest(manifest: dict[str, Any]) -> str | None:
    """The digest of the blob that names platform and date, or None where there is none that is cheap to read."""
    config = manifest.get("config") or {}
    if config.get("mediaType") in _CONFIG_TYPES and config.get("size", 0) <= _CONFIG_SIZE_LIMIT:
        digest: str = config["digest"]
        return digest
    return None


def describe(
    repository: str,
    digest: str,
    media_type: str,
    manifest: dict[str, Any],
    config: dict[str, Any],
) -> dict[str, Any]:
    """The raw item of kind `image`.

    Args:
        repository: The repository that the manifest was read from.
        digest: The digest of the manifest.
        media_type: The type the registry served it as; the manifest's own word, where it has one, wins.
        manifest: The manifest or index.
        config: What the config blob says, and the platform of the descriptor that led here.
    """
    layers = manifest.get("layers")
    return {
        "repository": repository,
        "digest": digest,
        "mediaType": manifest.get("mediaType") or media_type,
        "size": None if layers is None else sum(layer["size"] for layer in layers),
        "layers": None if layers is None else len(layers),
        "architecture": config.get("architecture"),
        "os": config.get("os"),
        "created": config.get("created"),
        "manifests": [child["digest"] for child in children(manifest)],
    }
