"""As many entities as the configuration says, in pages, without a call: what an entity costs on its way to Port."""

from collections.abc import AsyncGenerator
from typing import Any

from port_ocean.context.ocean import ocean

PAGE = 500


@ocean.on_resync("thing")
async def things(kind: str) -> AsyncGenerator[list[dict[str, Any]], None]:  # noqa: ARG001 # Ocean says what it takes
    total = int(ocean.integration_config["entities"])
    for start in range(0, total, PAGE):
        yield [{"id": number, "value": f"value {number}"} for number in range(start, min(start + PAGE, total))]
