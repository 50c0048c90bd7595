"""Three calls, one after the other, to a third party that takes its time."""

from collections.abc import AsyncGenerator
from typing import Any

from port_ocean.context.ocean import ocean
from port_ocean.utils import http_async_client


@ocean.on_resync("thing")
async def things(kind: str) -> AsyncGenerator[list[dict[str, Any]], None]:  # noqa: ARG001 # Ocean says what it takes
    for page in range(3):
        response = await http_async_client.get("https://api.things.example/things", params={"page": page})
        response.raise_for_status()
        yield response.json()
