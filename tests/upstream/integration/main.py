"""Reads the nasty upstream: a kind for each nastiness."""

import asyncio
import base64
import hashlib
import urllib.parse
from collections.abc import AsyncIterator
from typing import Any

import httpx
from port_ocean.context.ocean import ocean
from port_ocean.utils import http_async_client

Things = list[dict[str, Any]]
NAMES = ["żółć", "日本語", "🦊 fox"]
_bearer: dict[str, str] = {}


def config(name: str) -> Any:
    return ocean.integration_config[name]


def address(path: str) -> str:
    return f"{config('api_url').rstrip('/')}{path}"


async def sign_in() -> dict[str, str]:
    if not _bearer:
        form = {
            "grant_type": "client_credentials",
            "client_id": config("client_id"),
            "client_secret": config("client_secret"),
        }
        response = await http_async_client.post(address("/oauth/token"), data=form)
        response.raise_for_status()
        _bearer["authorization"] = f"Bearer {response.json()['access_token']}"
    return _bearer


async def get(path: str, **options: Any) -> httpx.Response:
    headers = {**await sign_in(), **options.pop("headers", {})}
    response = await http_async_client.get(path if "://" in path else address(path), headers=headers, **options)
    if not response.is_redirect:
        response.raise_for_status()
    return response


@ocean.on_resync("link")
async def links(kind: str) -> AsyncIterator[Things]:
    url: str | None = "/api/link?per_page=2"
    while url:
        response = await get(url)
        yield response.json()
        url = response.links.get("next", {}).get("url")


@ocean.on_resync("offset")
async def offsets(kind: str) -> AsyncIterator[Things]:
    offset, total = 0, 1
    while offset < total:
        query = {"offset": offset, "limit": 2, "api_key": config("api_key")}
        response = await http_async_client.get(address("/api/offset"), params=query)
        response.raise_for_status()
        page = response.json()
        yield page["items"]
        offset, total = offset + 2, page["total"]


@ocean.on_resync("cursor")
async def cursors(kind: str) -> AsyncIterator[Things]:
    cursor: str | None = ""
    while cursor is not None:
        asked = {"query": "all things", "cursor": cursor}
        response = await http_async_client.post(address("/api/cursor"), json=asked, headers=await sign_in())
        page = response.json()
        yield page["results"]
        cursor = page["meta"]["next_cursor"]


async def graphql(name: str) -> AsyncIterator[Things]:
    after: str | None = None
    while True:
        asked = {
            "operationName": name,
            "query": f"query {name}($after: String) {{ {name.lower()}(after: $after) {{ nodes {{ id }} }} }}",
            "variables": {"after": after},
        }
        response = await http_async_client.post(address("/api/graphql"), json=asked, headers=await sign_in())
        page = response.json()["data"][name.lower()]
        yield page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


@ocean.on_resync("person")
async def people(kind: str) -> AsyncIterator[Things]:
    async for page in graphql("People"):
        yield page


@ocean.on_resync("graph")
async def graph(kind: str) -> AsyncIterator[Things]:
    async for page in graphql("Things"):
        yield page


@ocean.on_resync("limited")
async def limited(kind: str) -> AsyncIterator[Things]:
    yield (await get("/api/limited")).json()


@ocean.on_resync("job")
async def jobs(kind: str) -> AsyncIterator[Things]:
    job: dict[str, Any] = {}
    while job.get("status") != "done":
        job = (await get("/api/jobs/7")).json()
        await asyncio.sleep(0.01)
    yield [job]


@ocean.on_resync("cookie")
async def cookies(kind: str) -> AsyncIterator[Things]:
    async with httpx.AsyncClient() as client:
        signed_in = await client.post(address("/api/session"), headers=await sign_in())
        signed_in.raise_for_status()
        yield (await client.get(address("/api/cookies"))).json()
    (await get("/api/empty")).raise_for_status()


@ocean.on_resync("file")
async def files(kind: str) -> AsyncIterator[Things]:
    for file in (await get("/api/files")).json():
        direct = await http_async_client.get(file["download_url"])
        redirected = await get(f"/api/files/{file['id']}/archive", follow_redirects=True)
        digests = [hashlib.sha256(each.content).hexdigest() for each in (direct, redirected)]
        yield [{**file, "value": ["no text", digests, redirected.headers["etag"]]}]


@ocean.on_resync("big")
async def big(kind: str) -> AsyncIterator[Things]:
    yield (await get("/api/big")).json()


@ocean.on_resync("unicode")
async def unicode(kind: str) -> AsyncIterator[Things]:
    for name in NAMES:
        yield [(await get(f"/api/unicode/{urllib.parse.quote(name)}")).json()]
    gone = await http_async_client.get(address("/api/gone"), headers=await sign_in())
    yield [{"id": "gone", "name": gone.json()["error"]["message"], "value": gone.headers["x-request-id"]}]


@ocean.on_resync("leaky")
async def leaky(kind: str) -> AsyncIterator[Things]:
    more = list(config("more_tokens") or [])
    basic = base64.b64encode(f"{config('client_id')}:{config('client_secret')}".encode()).decode()
    headers = {f"x-custom-{number}": urllib.parse.quote(each) for number, each in enumerate(more)}
    response = await get("/api/leaky", params={"all": more}, headers={**headers, "x-basic": f"Basic {basic}"})
    yield response.json()
