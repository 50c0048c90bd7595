"""Makes a Port mock for a test, and the bodies that Ocean sends it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

import sandbox.port_mock
from sandbox.port_mock.api import create_app
from sandbox.port_mock.control import create_control_app
from sandbox.port_mock.state import PortState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette

TOKEN = "tp_test_control"  # noqa: S105
BASE_URL = "http://port-mock:8000"


class Mock:
    """A Port mock of its own for one test: `port` calls the Port API, `control` the control API with its token."""

    def __init__(self, **seed: object) -> None:
        self.state = PortState()
        self.port_app = create_app(self.state)
        self.control_app = create_control_app(self.state, TOKEN)
        if seed:
            assert self.control("PUT", "/seed", json=seed).status_code == 200

    def port(self, method: str, path: str, **options: Any) -> httpx.Response:
        return call(self.port_app, method, path, **options)

    def control(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {TOKEN}"}
        return call(self.control_app, method, path, headers=headers, **options)

    def captures(self) -> dict[str, Any]:
        return body_of(self.control("GET", "/captures"))

    def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = body_of(self.control("GET", "/calls"))["calls"]
        return calls

    def kept(self) -> dict[str, Any]:
        return body_of(self.control("GET", "/state"))


@contextmanager
def run_port_mock() -> Iterator[dict[str, int]]:
    """Run the program on free ports; gives them."""
    ports = {f"PORT_MOCK_{name}_PORT": "0" for name in ("API", "CONTROL", "RELAY")}
    root = Path(sandbox.port_mock.__file__).parents[2]
    environment = {**os.environ, **ports, "PYTHONPATH": str(root), "PORT_MOCK_TOKEN": TOKEN}
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox.port_mock"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def call(app: Starlette, method: str, path: str, **options: Any) -> httpx.Response:
    """Make one call to an app, as a client that reaches it under `BASE_URL` would."""

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as client:
            return await client.request(method, path, **options)

    return asyncio.run(run())


def body_of(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Give a response's JSON object, having seen that its status is the expected one."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body


def make_entity(identifier: object = "service-1", **fields: object) -> dict[str, Any]:
    """Make an entity as Ocean sends it."""
    return {"identifier": identifier, "blueprint": "service", "title": "A service", "properties": {}, **fields}


def make_mapping(kind: str = "service") -> dict[str, Any]:
    """Make a mapping with one resource."""
    return {"resources": [{"kind": kind, "selector": {"query": "true"}, "port": {"entity": {"mappings": {}}}}]}
