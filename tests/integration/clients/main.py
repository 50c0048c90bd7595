"""Asks with every client, and yields what came of it, one item a client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from port_ocean.context.ocean import ocean

from clients import CLIENTS, WITH_ANOTHER_CA, outcome
from exchanges import EXCHANGES, exchanged
from hosts import HOSTS
from servers import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_AT_ONCE = asyncio.Semaphore(8)


async def _row(name: str, ask: Callable[[str], Any], origins: dict[str, str]) -> dict[str, Any]:
    async def cell(origin: str) -> str:
        async with _AT_ONCE:
            return await outcome(ask, origin)

    cells = await asyncio.gather(*map(cell, origins.values()))
    return {"id": name, "value": dict(zip(origins, cells, strict=True))}


@ocean.on_resync("host")
async def hosts(kind: str) -> AsyncIterator[list[dict[str, Any]]]:
    """Every client by every form of a host."""
    yield await asyncio.gather(*(_row(name, ask, HOSTS) for name, ask in CLIENTS.items()))


@ocean.on_resync("certificate")
async def certificates(kind: str) -> AsyncIterator[list[dict[str, Any]]]:
    """Every client by every certificate, which a server in this container presents."""
    with serving() as origins:
        yield await asyncio.gather(*(_row(name, ask, origins) for name, ask in CLIENTS.items()))


@ocean.on_resync("another-ca")
async def with_another_ca(kind: str) -> AsyncIterator[list[dict[str, Any]]]:
    """What does not trust the sandbox's CA by what the sandbox's CA has signed."""
    yield await asyncio.gather(*(_row(name, ask, HOSTS) for name, ask in WITH_ANOTHER_CA.items()))


@ocean.on_resync("exchange")
async def exchanges(kind: str) -> AsyncIterator[list[dict[str, Any]]]:
    """What else clients do."""
    yield [{"id": each, "value": await exchanged(each)} for each in EXCHANGES]
