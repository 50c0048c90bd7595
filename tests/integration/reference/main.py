"""The integration that the samples of the reference document test: a kind for each."""

from collections.abc import AsyncGenerator
from typing import Any

from port_ocean.context.ocean import ocean
from port_ocean.helpers.async_client import OceanAsyncClient
from port_ocean.utils import http_async_client

API = "https://api.example.com"
Batches = AsyncGenerator[list[dict[str, Any]], None]


async def ask(path: str) -> Any:
    response = await http_async_client.get(f"{API}{path}")
    response.raise_for_status()
    return response.json()


@ocean.on_resync("project")
async def projects(_kind: str) -> Batches:
    yield await ask("/v2/projects")


@ocean.on_resync("item")
async def items(_kind: str) -> Batches:
    yield await ask("/api/items")


@ocean.on_resync("data")
async def data(_kind: str) -> Batches:
    yield (await ask("/api/data"))["results"]


@ocean.on_resync("person")
async def people(_kind: str) -> Batches:
    for department in ("sales", "support"):
        yield await ask(f"/api/departments/{department}")


@ocean.on_resync("repository")
async def repositories(_kind: str) -> Batches:
    """With a client of its own."""
    async with OceanAsyncClient() as client:
        response = await client.get(f"{API}/orgs/my-org/repos", headers={"Authorization": "Bearer x"})
        for repository in response.json():
            detail = await client.get(f"{API}/api/repos/{repository['id']}")
            yield [{**repository, **detail.json()}]
