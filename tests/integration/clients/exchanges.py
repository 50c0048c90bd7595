"""What clients do besides plain requests: each function does one thing, and returns what came of it."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import io
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import aiohttp
import anthropic
import boto3
import botocore.config
import certifi
import httpx
import pycurl
import requests

from clients import KEYS, SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

ORIGIN = "https://exchanges.example"
UPLOAD = bytes(range(256)) * 400
_STREAMS = 20


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _same(answer: dict[str, Any]) -> bool:
    """Whether the third party has got what was uploaded."""
    return answer["sha256"] == _hash(UPLOAD)


def requests_keeps_its_connection() -> int:
    with requests.Session() as session:
        for _ in range(5):
            session.get(f"{ORIGIN}/seen", timeout=SECONDS).raise_for_status()
        pools = session.adapters["https://"].poolmanager.pools
        return sum(pools[key].num_connections for key in pools.keys())  # noqa: SIM118 # it is no dict


async def httpx_keeps_its_connection() -> int:
    async with httpx.AsyncClient(timeout=SECONDS) as client:
        responses = [await client.get(f"{ORIGIN}/{path}") for path in ("seen", "nothing", "seen")]
        await client.head(f"{ORIGIN}/seen")
        responses.append(await client.post(f"{ORIGIN}/upload", content=UPLOAD))
        return len({each.extensions["network_stream"].get_extra_info("client_addr") for each in responses})


async def aiohttp_keeps_its_connection() -> int:
    made = []
    trace = aiohttp.TraceConfig()

    async def count(*_: object) -> None:
        made.append(1)

    trace.on_connection_create_end.append(count)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        for path in ("seen", "nothing", "seen"):
            async with session.get(f"{ORIGIN}/{path}") as response:
                await response.read()
    return len(made)


def requests_uploads_in_chunks() -> bool:
    def parts() -> Iterator[bytes]:
        for start in range(0, len(UPLOAD), 10_000):
            yield UPLOAD[start : start + 10_000]

    return _same(requests.post(f"{ORIGIN}/upload", data=parts(), timeout=SECONDS).json())


async def httpx_uploads_in_chunks() -> bool:
    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(UPLOAD), 10_000):
            yield UPLOAD[start : start + 10_000]

    async with httpx.AsyncClient(timeout=SECONDS) as client:
        return _same((await client.post(f"{ORIGIN}/upload", content=parts())).json())


async def aiohttp_uploads_in_chunks() -> bool:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{ORIGIN}/upload", data=io.BytesIO(UPLOAD), chunked=True) as response,
    ):
        return _same(await response.json(content_type=None))


def requests_uploads_a_form() -> list[Any]:
    files = {"file": ("a b.bin", UPLOAD, "application/octet-stream")}
    answer = requests.post(f"{ORIGIN}/upload", data={"name": "ü"}, files=files, timeout=SECONDS).json()
    return [answer["type"].partition(";")[0], answer["length"] > len(UPLOAD)]


def curl_waits_for_100_continue() -> list[Any]:
    found, heads, curl = io.BytesIO(), io.BytesIO(), pycurl.Curl()
    try:
        curl.setopt(pycurl.URL, f"{ORIGIN}/upload")
        curl.setopt(pycurl.CAINFO, certifi.where())
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.HTTPHEADER, ["Expect: 100-continue", "Content-Type: application/octet-stream"])
        curl.setopt(pycurl.EXPECT_100_TIMEOUT_MS, SECONDS * 1000)
        curl.setopt(pycurl.POSTFIELDS, UPLOAD)
        curl.setopt(pycurl.POSTFIELDSIZE, len(UPLOAD))
        curl.setopt(pycurl.HEADERFUNCTION, heads.write)
        curl.setopt(pycurl.WRITEDATA, found)
        began = time.monotonic()
        curl.perform()
        return [
            heads.getvalue().startswith(b"HTTP/1.1 100"),
            _hash(UPLOAD) in found.getvalue().decode(),
            time.monotonic() - began < SECONDS,
        ]
    finally:
        curl.close()


def boto3_puts_an_object() -> list[Any]:
    """It waits for 100 Continue, and sends the body in chunks of its own, with a checksum behind it."""
    config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    client = boto3.session.Session().client("s3", endpoint_url=ORIGIN, config=config, **KEYS)
    found = client.put_object(Bucket="bucket", Key="upload", Body=io.BytesIO(UPLOAD))
    return [found["ETag"], found["ResponseMetadata"]["HTTPStatusCode"]]


def requests_reads_compressed_answers() -> list[str]:
    return [requests.get(f"{ORIGIN}/{each}", timeout=SECONDS).text for each in ("gzip", "deflate")]


async def httpx_reads_compressed_answers() -> list[str]:
    async with httpx.AsyncClient(timeout=SECONDS) as client:
        return [(await client.get(f"{ORIGIN}/{each}")).text for each in ("gzip", "deflate")]


async def aiohttp_reads_compressed_answers() -> list[str]:
    found = []
    async with aiohttp.ClientSession() as session:
        for each in ("gzip", "deflate"):
            async with session.get(f"{ORIGIN}/{each}") as response:
                found.append(await response.text())
    return found


def curl_reads_compressed_answers() -> list[str]:
    return [_curl(f"{ORIGIN}/{each}", {pycurl.ACCEPT_ENCODING: ""}) for each in ("gzip", "deflate")]


def _curl(url: str, options: dict[int, Any]) -> str:
    found, curl = io.BytesIO(), pycurl.Curl()
    try:
        for option, value in {pycurl.URL: url, pycurl.CAINFO: certifi.where(), **options}.items():
            curl.setopt(option, value)
        curl.setopt(pycurl.WRITEDATA, found)
        curl.perform()
    finally:
        curl.close()
    return found.getvalue().decode()


def requests_follows_to_another_host() -> str:
    return requests.get(f"{ORIGIN}/elsewhere", timeout=SECONDS).url


async def httpx_follows_to_another_host() -> str:
    async with httpx.AsyncClient(follow_redirects=True, timeout=SECONDS) as client:
        return str((await client.get(f"{ORIGIN}/elsewhere")).raise_for_status().url)


async def aiohttp_follows_to_another_host() -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{ORIGIN}/elsewhere") as response:
        response.raise_for_status()
        return str(response.url)


def urllib_follows_to_another_host() -> str:
    with urllib.request.urlopen(f"{ORIGIN}/elsewhere", timeout=SECONDS) as response:  # noqa: S310 # https
        return str(response.url)


def curl_follows_to_another_host() -> bool:
    return "other.example:8080" in _curl(f"{ORIGIN}/elsewhere", {pycurl.FOLLOWLOCATION: 1})


def http_client_asks_for_the_head_only() -> list[Any]:
    connection = http.client.HTTPSConnection("exchanges.example", timeout=SECONDS)
    try:
        found = []
        for method in ("HEAD", "GET"):
            connection.request(method, "/gzip")
            response = connection.getresponse()
            found.append([response.status, response.headers["content-encoding"], bool(response.read())])
        return found
    finally:
        connection.close()


def requests_downloads_a_stream() -> bool:
    with requests.get(f"{ORIGIN}/download", stream=True, timeout=SECONDS) as response:
        return _hash(b"".join(response.iter_content(10_000))) == response.headers["x-sha256"]


async def httpx_downloads_a_stream() -> bool:
    async with httpx.AsyncClient(timeout=SECONDS) as client, client.stream("GET", f"{ORIGIN}/download") as response:
        return _hash(b"".join([part async for part in response.aiter_bytes(10_000)])) == response.headers["x-sha256"]


async def aiohttp_downloads_a_stream() -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"{ORIGIN}/download") as response:
        parts = [part async for part in response.content.iter_chunked(10_000)]
        return _hash(b"".join(parts)) == response.headers["x-sha256"]


async def anthropic_streams_events() -> str:
    messages = [{"role": "user", "content": "Who are you?"}]
    async with (
        anthropic.AsyncAnthropic(api_key="test-key", base_url=ORIGIN, max_retries=0, timeout=SECONDS) as client,
        client.messages.stream(model="claude", max_tokens=9, messages=messages) as stream,
    ):
        return "".join([text async for text in stream.text_stream])


async def http2_has_many_streams_at_once() -> list[Any]:
    """Each is answered after half a second: one after another, they would take ten."""
    async with httpx.AsyncClient(http1=False, http2=True, timeout=SECONDS) as client:
        await client.get(f"{ORIGIN}/seen")
        began = time.monotonic()
        responses = await asyncio.gather(*(client.get(f"{ORIGIN}/slow?n={number}") for number in range(_STREAMS)))
        seconds = time.monotonic() - began
        connections = {each.extensions["network_stream"].get_extra_info("client_addr") for each in responses}
    in_order = [each.json()["n"] for each in responses] == [str(number) for number in range(_STREAMS)]
    return [len(connections), in_order, seconds < _STREAMS * 0.5]


async def http2_uploads_and_downloads() -> list[Any]:
    async with httpx.AsyncClient(http1=False, http2=True, timeout=SECONDS) as client:
        sent, got = await asyncio.gather(
            client.post(f"{ORIGIN}/upload", content=UPLOAD * 5), client.get(f"{ORIGIN}/download")
        )
    return [sent.json()["length"] == 5 * len(UPLOAD), _hash(got.content) == got.headers["x-sha256"]]


def requests_sends_a_cookie_back() -> str:
    with requests.Session() as session:
        session.get(f"{ORIGIN}/cookie", timeout=SECONDS)
        return session.get(f"{ORIGIN}/cookie", timeout=SECONDS).json()["cookie"]


EXCHANGES: dict[str, Callable[[], Any | Awaitable[Any]]] = {
    name.replace("_", " "): value
    for name, value in list(globals().items())
    if not name.startswith("_") and getattr(value, "__module__", None) == __name__ and callable(value)
}


async def exchanged(name: str) -> Any:
    """What came of it, or the client's error."""
    do = EXCHANGES[name]
    try:
        return await (do() if asyncio.iscoroutinefunction(do) else asyncio.to_thread(do))
    except Exception as error:  # noqa: BLE001 # the test shows it
        return repr(error)
