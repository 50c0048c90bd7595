"""Reads a registry through the OCI distribution API.

The API: https://github.com/opencontainers/distribution-spec/blob/main/spec.md. The catalog is no part of it any more,
yet Docker's registry and most others still have it.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx
from loguru import logger
from port_ocean.context.ocean import ocean
from port_ocean.helpers.async_client import OceanAsyncClient
from port_ocean.helpers.retry import RetryTransport
from port_ocean.utils import http_async_client
from port_ocean.utils.async_iterators import throttle_batch_operation
from port_ocean.utils.cache import cache_iterator_result

import manifests

CONCURRENCY = 10
DIGEST_HEADER = "Docker-Content-Digest"
# The registry's own words for "there is no such thing". A 404 without one of them comes from something else on the
# way, such as a proxy or a wrong address, and says nothing about what the registry holds.
GONE = {"NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN"}
# Who may not delete, and a registry where nobody may.
REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED}

Item = dict[str, Any]


class RegistryAccessError(Exception):
    """The registry cannot be read with the configured address and account."""


class RegistryRetryTransport(RetryTransport):
    """Ocean's retries, but for 401: a basic login that was refused once is refused ten times.

    Ocean retries a 401 because tokens expire. Here there is no token, and the wait would be some two minutes.
    """

    async def _should_retry_async(self, response: httpx.Response) -> bool:
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            return False
        return await super()._should_retry_async(response)


class RegistryClient:
    """One registry, for as long as the `async with` block lasts.

    Args:
        url: The address of the registry, without `/v2`.
        username: The user to sign in as; None to read as anyone.
        password: The password or token of that user.
        page_size: How many repositories or tags to ask for at once.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str | None = None,
        password: str | None = None,
        page_size: int = 100,
    ) -> None:
        self._url = httpx.URL(url.rstrip("/"))
        self.name = self._url.netloc.decode()
        self._auth = httpx.BasicAuth(username, password or "") if username else None
        self._page_size = page_size
        self._http = OceanAsyncClient(
            RegistryRetryTransport,
            auth=self._auth,
            timeout=ocean.config.client_timeout,
        )

    @classmethod
    def from_ocean_config(cls) -> Self:
        """The registry that the integration is configured for."""
        config = ocean.integration_config
        return cls(
            config["registry_url"],
            username=config["username"],
            password=config["password"],
            page_size=config["page_size"],
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def check_access(self) -> None:
        """Ask for nothing but a nod.

        Raises:
            RegistryAccessError: The registry does not let us in, or what answers is no registry.
            httpx.HTTPError: It cannot say, for now.
        """
        response = await self._http.get(f"{self._url}/v2/")
        match response.status_code:
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                raise RegistryAccessError(
                    f"{self._url} answered {response.status_code}. Set username and password to an account that may "
                    "read the catalog; registries that want a bearer token instead are not supported."
                )
            case HTTPStatus.NOT_FOUND:
                raise RegistryAccessError(
                    f"{self._url}/v2/ is not there (404). Set registryUrl to the address of a registry, without /v2."
                )
        response.raise_for_status()

    @cache_iterator_result()
    async def repositories(self) -> AsyncIterator[list[Item]]:
        """All repositories, a page at a time. Every kind needs them, so Ocean keeps them for the rest of the resync.

        Raises:
            httpx.HTTPStatusError: The registry did not give them.
        """
        async for page in self._pages(http_async_client, "_catalog"):
            yield [self.repository(name) for name in page.get("repositories") or []]

    def repository(self, name: str) -> Item:
        """The repository of a name, asked or unasked whether it is there."""
        return {"name": name, "registry": self.name}

    async def tags(self, repository: Item) -> AsyncIterator[list[Item]]:
        """The tags of one repository, a page at a time, each with the digest it points to.

        A repository that was emptied (`"tags": null`) or deleted since it was listed has none, and a tag that was
        deleted since is left out.

        Raises:
            httpx.HTTPStatusError: The registry did not give them.
        """
        async for names in self._tag_names(repository["name"]):
            found = await throttle_batch_operation([partial(self.tag, repository, name) for name in names], CONCURRENCY)
            yield [tag for tag in found if tag]

    async def tag(self, repository: Item, name: str) -> Item | None:
        """One tag with the digest it points to, or None where it is gone.

        Raises:
            httpx.HTTPStatusError: The registry did not give it.
        """
        digest = await self._digest(repository["name"], name)
        if digest is None:
            return None
        return {"repository": repository["name"], "registry": repository["registry"], "name": name, "digest": digest}

    async def delete_tag(self, repository: str, name: str) -> bool:
        """Delete a tag, and not the image that it points to; whether it was there.

        Raises:
            RegistryAccessError: The registry lets nobody delete tags, or not this user.
            httpx.HTTPStatusError: The registry did not do it.
        """
        response = await self._http.delete(f"{self._url}/v2/{repository}/manifests/{name}")
        if response.status_code in REFUSED:
            raise RegistryAccessError(f"{self.name} answered {response.status_code}: it does not let us delete tags.")
        if _is_gone(response):
            return False
        response.raise_for_status()
        return True

    async def images(self, repository: Item) -> AsyncIterator[list[Item]]:
        """The images that the tags of one repository lead to, once each, with those that an index lists.

        Raises:
            httpx.HTTPStatusError: The registry did not give them.
        """
        seen: set[str] = set()
        async for tags in self.tags(repository):
            yield await self.images_behind(repository, [tag["digest"] for tag in tags], seen)

    async def images_behind(self, repository: Item, digests: Iterable[str], seen: set[str]) -> list[Item]:
        """The images of some digests, with those that an index lists, but for the ones already seen.

        Raises:
            httpx.HTTPStatusError: The registry did not give them.
        """
        wanted: dict[str, Item] = {digest: {} for digest in digests}
        images: list[Item] = []
        while wanted := {digest: platform for digest, platform in wanted.items() if digest not in seen}:
            seen.update(wanted)
            found = await throttle_batch_operation(
                [partial(self._image, repository["name"], *item) for item in wanted.items()], CONCURRENCY
            )
            wanted = {}
            for image, platforms in filter(None, found):
                images.append(image)
                wanted.update(platforms)
        return images

    async def _tag_names(self, repository: str) -> AsyncIterator[list[str]]:
        try:
            async for page in self._pages(self._http, f"{repository}/tags/list"):
                yield page.get("tags") or []
        except httpx.HTTPStatusError as error:
            if not _is_gone(error.response):
                raise
            logger.warning(f"Repository {repository} is in the catalog, but gone. Taking it as empty")

    async def _digest(self, repository: str, reference: str) -> str | None:
        """The digest behind a tag, or None where the tag is gone."""
        url = f"{self._url}/v2/{repository}/manifests/{reference}"
        response = await self._http.head(url, headers={"Accept": manifests.ACCEPT})
        if response.is_error or DIGEST_HEADER not in response.headers:
            # HEAD has no body to say what is wrong, and some registries leave the header out.
            response = await self._http.get(url, headers={"Accept": manifests.ACCEPT})
            if _is_gone(response):
                logger.warning(f"Tag {repository}:{reference} was listed, but is gone. Leaving it out")
                return None
            response.raise_for_status()
        return response.headers.get(DIGEST_HEADER) or f"sha256:{hashlib.sha256(response.content).hexdigest()}"

    async def _image(self, repository: str, digest: str, platform: Item) -> tuple[Item, dict[str, Item]] | None:
        """An image, and the platforms by digest that it lists if it is an index; None where it is gone."""
        response = await self._http.get(
            f"{self._url}/v2/{repository}/manifests/{digest}", headers={"Accept": manifests.ACCEPT}
        )
        if _is_gone(response):
            logger.warning(f"Image {repository}@{digest} was listed, but is gone. Leaving it out")
            return None
        response.raise_for_status()
        manifest: Item = response.json()
        blob = manifests.config_digest(manifest)
        config = platform | (await self._config(repository, blob) if blob else {})
        image = manifests.describe(repository, digest, response.headers.get("Content-Type", ""), manifest, config)
        return image, {child["digest"]: child.get("platform") or {} for child in manifests.children(manifest)}

    async def _config(self, repository: str, digest: str) -> Item:
        # Registries may send blobs from a storage service. httpx takes the login along to the same origin only.
        response = await self._http.get(f"{self._url}/v2/{repository}/blobs/{digest}", follow_redirects=True)
        if _is_gone(response):
            return {}
        response.raise_for_status()
        config: Item = response.json()
        return config

    async def _pages(self, http: httpx.AsyncClient, path: str) -> AsyncIterator[Item]:
        """Follow the Link headers from the first page on."""
        url: httpx.URL | None = httpx.URL(f"{self._url}/v2/{path}", params={"n": self._page_size})
        while url:
            response = await http.get(url, auth=self._auth)
            response.raise_for_status()
            yield response.json()
            link = response.links.get("next", {}).get("url")
            # A link is relative as a rule. Behind a TLS proxy some registries make it absolute and get the scheme
            # wrong, so only path and query count, and the login never goes to another host.
            url = url.copy_with(raw_path=url.join(link).raw_path) if link else None


def _is_gone(response: httpx.Response) -> bool:
    """Whether the registry itself says that the thing asked for does not exist."""
    if response.status_code != HTTPStatus.NOT_FOUND:
        return False
    try:
        return any(error["code"] in GONE for error in response.json()["errors"])
    except (ValueError, KeyError, TypeError):
        return False
