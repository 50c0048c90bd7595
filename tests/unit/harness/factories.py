"""Makes the requests, clients, failures, journal entries and stub folders that the tests are about."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from harness import InterceptTransport
from harness.execution.errors import rebuild
from harness.stubs.relay_client import Answerer
from sandbox.resync.report import RemoteFailure
from sandbox.runner.report import describe
from sandbox.services.wiremock import WireMock
from tests.unit.sandbox.port_mock.factories import TOKEN, run_port_mock

URL = "https://api.example.com/v2/items"


def make_request(url: str = URL, method: str = "GET", **options: Any) -> httpx.Request:
    """Make a request as an httpx client would send it."""
    return httpx.Request(method, url, **options)


async def call(
    transport: httpx.AsyncBaseTransport, url: str = URL, method: str = "GET", **options: Any
) -> httpx.Response:
    """Make one call with a real client that is given the transport."""
    async with httpx.AsyncClient(transport=transport) as client:
        return await client.request(method, url, **options)


def make_failure(error: BaseException) -> RemoteFailure:
    """Make the failure that reaches this process when `error` is raised in a resync container."""
    try:
        raise error  # noqa: TRY301 # so that it has a traceback, as in the container
    except BaseException as raised:  # noqa: BLE001 # any error may be what a test is about
        (described,) = json.loads(json.dumps(describe(raised)))
    return RemoteFailure(**described)


def make_rebuilt(error: BaseException) -> Exception:
    """Make of `error` what a test gets to see of it."""
    return rebuild(make_failure(error))


def make_journal_entry(url: str = URL, *, body: bytes = b"", answer: bytes = b"{}", **fields: Any) -> dict[str, Any]:
    """Make an entry as WireMock's `/__admin/requests` has it."""
    request = {"headers": {"Host": httpx.URL(url).netloc.decode()}, **fields.get("request", {})}
    response = {"status": 200, "headers": {"content-type": "application/json"}, **fields.get("response", {})}
    return {
        "request": {
            "method": "GET",
            "absoluteUrl": url,
            "bodyAsBase64": base64.b64encode(body).decode(),
            "loggedDate": 1_700_000_000_000,
            **request,
        },
        "response": {"bodyAsBase64": base64.b64encode(answer).decode(), **response},
        "wasMatched": True,  # there is a stub for what no other matches
    }


def make_port_call(**fields: Any) -> dict[str, Any]:
    """Make a call as the Port mock's `/calls` has it."""
    return {
        "method": "GET",
        "path": "/v1/organization",
        "query": "",
        "body": "",
        "status": 200,
        "response": '{"ok":true}',
        "at": 1_700_000_000.0,
        **fields,
    }


def make_stub(url: str = "/v2/items", **fields: Any) -> dict[str, Any]:
    """Make a stub as a person writes it."""
    return {"request": {"method": "GET", "urlPath": url}, "response": {"status": 200}, **fields}


def write(path: Path, content: object) -> Path:
    """Write a file with its folders: bytes and text as they are, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def make_mapping(**mappings: Any) -> dict[str, Any]:
    """Make a mapping with one resource, whose entity has the given `mappings` besides the usual."""
    entity = {
        "identifier": ".id",
        "title": ".name",
        "blueprint": '"service"',
        "properties": {"status": ".status"},
        "relations": {"team": ".team.id"},
        **mappings,
    }
    resource = {"kind": "service", "selector": {"query": "true"}, "port": {"entity": {"mappings": entity}}}
    return {"resources": [resource]}


class Integration:
    """Asks as an integration does whose requests WireMock hands to the relay, and knows what the test is told."""

    def __init__(self, client: httpx.AsyncClient, ports: dict[str, int]) -> None:
        self._client = client
        self._relay = f"http://127.0.0.1:{ports['relay']}"
        self._websocket = f"ws://127.0.0.1:{ports['control']}/relay"
        self.errors: list[Exception] = []

    async def ask(self, url: str = URL, method: str = "GET", *, start: int = 0, **options: Any) -> httpx.Response:
        """Make a request, of which WireMock has found that route number `start` is the first that may answer it."""
        asked = httpx.URL(url)
        port = asked.port or {"http": 80, "https": 443}[asked.scheme]
        host = quote(f"[{asked.host}]" if ":" in asked.host else asked.host, safe="")  # as the stub's template does
        target = f"/{start}/{asked.scheme}/{host}/{port}{asked.raw_path.decode()}"
        return await self._client.request(method, f"{self._relay}{target}", **options)

    def answered_by(
        self, transport: InterceptTransport, *, token: str = TOKEN, wiremock: WireMock | None = None
    ) -> Answerer:
        """Make what answers its requests, once it is entered."""
        return Answerer(
            transport, self._websocket, token, wiremock=wiremock, on_error=self.errors.append, death=lambda: None
        )


@asynccontextmanager
async def run_integration() -> AsyncIterator[Integration]:
    """Run an integration whose requests go to the relay of a Port mock."""
    with run_port_mock() as ports:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            yield Integration(client, ports)


def make_jwt(claims: dict[str, Any]) -> str:
    """Make a JSON web token, signed with anything."""
    parts = [json.dumps({"alg": "HS256", "typ": "JWT"}).encode(), json.dumps(claims).encode(), os.urandom(32)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
