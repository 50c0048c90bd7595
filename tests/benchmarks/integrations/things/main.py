"""One kind, one call, a few entities: what a test costs beside what it tests."""

import os
from collections.abc import AsyncGenerator
from typing import Any

from port_ocean.context.ocean import ocean
from port_ocean.utils import http_async_client

URL = os.environ.get("THINGS_URL", "https://api.things.example")


@ocean.on_resync("thing")
async def things(kind: str) -> AsyncGenerator[list[dict[str, Any]], None]:  # noqa: ARG001 # Ocean says what it takes
    response = await http_async_client.get(f"{URL}/things")
    response.raise_for_status()
    yield response.json()
