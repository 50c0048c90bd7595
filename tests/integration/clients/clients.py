"""One function for each client: it asks an origin, and returns the host that the third party has seen."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import ssl
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import aiobotocore.session
import aiohttp
import anthropic
import boto3
import botocore.config
import certifi
import gitlab
import google.auth.transport.requests
import google.oauth2.credentials
import httpx
import pycurl
import requests
import urllib3
from azure.core import AsyncPipelineClient
from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SECONDS = 20
KEYS = {"aws_access_key_id": "test-key", "aws_secret_access_key": "test-secret", "region_name": "eu-west-1"}
_AWS = botocore.config.Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=SECONDS)


async def httpx_default(origin: str) -> str:
    async with httpx.AsyncClient(timeout=SECONDS) as client:
        return (await client.get(f"{origin}/seen")).raise_for_status().json()["seen"]


async def httpx_with_a_transport(origin: str) -> str:
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=1), timeout=SECONDS) as client:
        return (await client.get(f"{origin}/seen")).raise_for_status().json()["seen"]


async def httpx_http2_only(origin: str) -> str:
    async with httpx.AsyncClient(http1=False, http2=True, timeout=SECONDS) as client:
        response = (await client.get(f"{origin}/seen")).raise_for_status()
        assert response.http_version == "HTTP/2"
        return response.json()["seen"]


async def aiohttp_default(origin: str) -> str:
    return await _aiohttp(origin, trust_env=False)


async def aiohttp_trust_env(origin: str) -> str:
    return await _aiohttp(origin, trust_env=True)


async def _aiohttp(origin: str, *, trust_env: bool) -> str:
    async with (
        aiohttp.ClientSession(trust_env=trust_env, timeout=aiohttp.ClientTimeout(SECONDS)) as session,
        session.get(f"{origin}/seen", raise_for_status=True) as response,
    ):
        return (await response.json(content_type=None))["seen"]


def requests_default(origin: str) -> str:
    response = requests.get(f"{origin}/seen", timeout=SECONDS)
    response.raise_for_status()
    return response.json()["seen"]


def requests_without_trust_env(origin: str) -> str:
    with requests.Session() as session:
        session.trust_env = False
        response = session.get(f"{origin}/seen", timeout=SECONDS)
        response.raise_for_status()
        return response.json()["seen"]


def urllib3_pool(origin: str) -> str:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", f"{origin}/seen", timeout=SECONDS, retries=False).json()["seen"]


def urllib_request(origin: str) -> str:
    with urllib.request.urlopen(f"{origin}/seen", timeout=SECONDS) as response:  # noqa: S310 # https
        return json.load(response)["seen"]


def http_client(origin: str) -> str:
    url = urllib.parse.urlsplit(origin)
    connection = http.client.HTTPSConnection(url.hostname or "", url.port or 443, timeout=SECONDS)
    try:
        connection.request("GET", "/seen")
        return json.load(connection.getresponse())["seen"]
    finally:
        connection.close()


def curl(origin: str, bundle: str = certifi.where()) -> str:
    """As its documentation says: with certifi's bundle, since libcurl has none of its own."""
    found, curl = io.BytesIO(), pycurl.Curl()
    try:
        curl.setopt(pycurl.URL, f"{origin}/seen".encode())
        curl.setopt(pycurl.CAINFO, bundle)
        curl.setopt(pycurl.TIMEOUT, SECONDS)
        curl.setopt(pycurl.WRITEDATA, found)
        curl.perform()
    finally:
        curl.close()
    return json.loads(found.getvalue())["seen"]


# These trust one CA only, which is not the sandbox's.
_ANOTHER = "/usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt"


async def httpx_with_another_ca(origin: str) -> str:
    context = ssl.create_default_context(cafile=_ANOTHER)
    async with httpx.AsyncClient(verify=context, timeout=SECONDS) as client:
        return (await client.get(f"{origin}/seen")).json()["seen"]


async def aiohttp_with_another_ca(origin: str) -> str:
    context = ssl.create_default_context(cafile=_ANOTHER)
    async with aiohttp.ClientSession() as session, session.get(f"{origin}/seen", ssl=context) as response:
        return (await response.json(content_type=None))["seen"]


def requests_with_another_ca(origin: str) -> str:
    return requests.get(f"{origin}/seen", verify=_ANOTHER, timeout=SECONDS).json()["seen"]


def curl_with_another_ca(origin: str) -> str:
    return curl(origin, _ANOTHER)


def boto3_s3(origin: str) -> str:
    client = boto3.session.Session().client("s3", endpoint_url=origin, config=_AWS, **KEYS)
    return json.load(client.get_object(Bucket="bucket", Key="seen")["Body"])["seen"]


async def aiobotocore_s3(origin: str) -> str:
    session = aiobotocore.session.get_session()
    async with session.create_client("s3", endpoint_url=origin, config=_AWS, **KEYS) as client:
        found = await client.get_object(Bucket="bucket", Key="seen")
        return json.loads(await found["Body"].read())["seen"]


async def azure_core(origin: str) -> str:
    pipeline = AsyncPipeline(transport=AioHttpTransport(connection_timeout=SECONDS), policies=[])
    async with AsyncPipelineClient(base_url=origin, pipeline=pipeline) as client:
        response = await client.send_request(HttpRequest("GET", f"{origin}/seen"))
        response.raise_for_status()
        return response.json()["seen"]


def google_auth(origin: str) -> str:
    credentials = google.oauth2.credentials.Credentials(
        None,
        refresh_token="test-refresh",
        token_uri=f"{origin}/token",
        client_id="things",
        client_secret="test-secret",
    )
    credentials.refresh(google.auth.transport.requests.Request())
    return str(credentials.token)


def python_gitlab(origin: str) -> str:
    found: Any = gitlab.Gitlab(origin, private_token="test-token", timeout=SECONDS).http_get("/seen")
    return found["seen"]


async def anthropic_sdk(origin: str) -> str:
    messages = [{"role": "user", "content": "Who are you?"}]
    async with anthropic.AsyncAnthropic(api_key="test-key", base_url=origin, max_retries=0, timeout=SECONDS) as client:
        found = await client.messages.create(model="claude", max_tokens=9, messages=messages)
    return found.content[0].text


CLIENTS: dict[str, Callable[[str], str | Awaitable[str]]] = {
    "httpx": httpx_default,
    "httpx with a transport of its own": httpx_with_a_transport,
    "httpx, HTTP/2 only": httpx_http2_only,
    "aiohttp": aiohttp_default,
    "aiohttp, trust_env": aiohttp_trust_env,
    "requests": requests_default,
    "requests, no trust_env": requests_without_trust_env,
    "urllib3": urllib3_pool,
    "urllib.request": urllib_request,
    "http.client": http_client,
    "pycurl": curl,
    "boto3": boto3_s3,
    "aiobotocore": aiobotocore_s3,
    "azure-core over aiohttp": azure_core,
    "google-auth": google_auth,
    "python-gitlab": python_gitlab,
    "anthropic": anthropic_sdk,
}


WITH_ANOTHER_CA: dict[str, Callable[[str], str | Awaitable[str]]] = {
    "httpx": httpx_with_another_ca,
    "aiohttp": aiohttp_with_another_ca,
    "requests": requests_with_another_ca,
    "pycurl": curl_with_another_ca,
}


async def outcome(ask: Callable[[str], str | Awaitable[str]], origin: str) -> str:
    """The host that the third party has seen, or the client's error."""
    try:
        return await (ask(origin) if asyncio.iscoroutinefunction(ask) else asyncio.to_thread(ask, origin))
    except Exception as error:  # noqa: BLE001 # whatever a client says is its cell of the table
        return f"{error!r} {_causes(error)}"


def _causes(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    return "" if cause is None else f"from {type(cause).__name__}: {cause} {_causes(cause)}"
