"""Makes small integrations, and harnesses for them."""

import textwrap
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from harness import IntegrationTestHarness, InterceptTransport, ResyncResult

API = "https://api.things.example"
SPEC = """
title: Things
features:
  - type: exporter
    section: Test
    resources:
      - kind: thing
configurations:
  - name: token
    type: string
    required: false
"""
READS_THINGS = """
    response = await http_async_client.get("https://api.things.example/things")
    response.raise_for_status()
    yield response.json()
"""


def integration(folder: Path, handler: str = READS_THINGS, *, head: str = "", spec: str | None = SPEC) -> Path:
    """Write an integration with one kind, ``thing``.

    Args:
        folder: Where to.
        handler: The body of its resync handler, an async generator.
        head: What else its ``main.py`` holds, above the handler.
        spec: Its ``.port/spec.yaml``, or None for none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if spec is not None:
        (folder / ".port").mkdir(exist_ok=True)
        (folder / ".port" / "spec.yaml").write_text(spec)
    (folder / "pyproject.toml").write_text('[project]\nname = "things"\nversion = "1"\n')
    imports = (
        "from port_ocean.context.ocean import ocean\nfrom port_ocean.utils import http_async_client\n"
        "import asyncio, os, socket, ssl, sys, time, urllib.request\n"
    )
    body = textwrap.indent(textwrap.dedent(handler).strip(), "    ")
    (folder / "main.py").write_text(
        f'{imports}\n{head}\n\n@ocean.on_resync("thing")\nasync def things(kind):\n{body}\n'
    )
    return folder


def mapping(**mappings: Any) -> dict[str, Any]:
    """A mapping of the kind ``thing``, with these parts of its entity mapping replaced."""
    entity = {"identifier": ".id | tostring", "blueprint": '"thing"', "properties": {"value": ".value"}, **mappings}
    port = {"entity": {"mappings": entity}}
    return {"resources": [{"kind": "thing", "selector": {"query": "true"}, "port": port}]}


def make_harness(
    directory: Path, transport: InterceptTransport | None = None, **options: Any
) -> IntegrationTestHarness:
    """A harness for an integration in ``directory``, not yet started."""
    return IntegrationTestHarness(
        integration_path=str(directory),
        port_mapping_config=options.pop("port_mapping_config", mapping()),
        third_party_transport=transport or InterceptTransport(strict=False),
        **options,
    )


@asynccontextmanager
async def started(
    directory: Path, transport: InterceptTransport | None = None, **options: Any
) -> AsyncGenerator[IntegrationTestHarness, None]:
    """A started harness for an integration in ``directory``."""
    harness = make_harness(directory, transport, **options)
    try:
        await harness.start()
        yield harness
    finally:
        await harness.shutdown()


async def resync(directory: Path, transport: InterceptTransport | None = None, **options: Any) -> ResyncResult:
    """The result of one resync of an integration in ``directory``."""
    async with started(directory, transport, **options) as harness:
        return await harness.trigger_resync()


def values(result: ResyncResult) -> dict[str, Any]:
    """The ``value`` of each upserted entity, by its identifier."""
    return {entity["identifier"]: entity["properties"]["value"] for entity in result.upserted_entities}
