"""Large resyncs: what was kept already must not slow down what comes."""

from __future__ import annotations

import asyncio
import time

import httpx

from .factories import BASE_URL, Mock, make_entity

PER_CALL = 20


def upsert(mock: Mock, calls: int) -> float:
    """Upsert in bulks of 20, searching before each as Ocean does; gives the processor seconds that it took."""

    async def run() -> float:
        transport = httpx.ASGITransport(mock.port_app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            started = time.process_time()
            for number in range(calls):
                entities = [make_entity(f"service-{number}-{index}") for index in range(PER_CALL)]
                identifiers = [entity["identifier"] for entity in entities]
                rules = [
                    {"property": "$identifier", "operator": "in", "value": identifiers},
                    {"property": "$blueprint", "operator": "=", "value": "service"},
                    {"property": "$datasource", "operator": "contains", "value": "port-ocean/test/"},
                ]
                await client.post("/v1/entities/search", json={"combinator": "and", "rules": rules})
                await client.post("/v1/blueprints/service/entities/bulk", json={"entities": entities})
            return time.process_time() - started

    return asyncio.run(run())


def test_later_calls_take_no_longer_than_the_first() -> None:
    mock = Mock()
    first = upsert(mock, 100)
    upsert(mock, 300)
    last = upsert(mock, 100)

    # Processor time and a wide margin, so that a busy machine does not fail it: work that grew with what is kept
    # would show as a factor of nine.
    assert last < 5 * first
    assert len(mock.captures()["upserted_entities"]) == 500 * PER_CALL
