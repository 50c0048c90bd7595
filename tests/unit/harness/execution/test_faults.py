"""Making Port fail, from a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import PortFaults, PortMockResponder, UnusedFault
from tests.unit.harness.factories import call

URL = "http://localhost:5555/v1/organization"


async def statuses(responder: PortMockResponder, calls: int = 3) -> list[int]:
    return [(await call(responder.transport, URL)).status_code for _ in range(calls)]


@pytest.mark.asyncio
async def test_port_fails_as_often_as_it_is_told() -> None:
    responder = PortMockResponder({})
    responder.faults.fail("GET", "/organization", status=503, times=2)

    assert await statuses(responder) == [503, 503, 200]


@pytest.mark.asyncio
async def test_it_can_be_told_at_any_time_and_work_again() -> None:
    responder = PortMockResponder({})

    assert await statuses(responder, 1) == [200]
    responder.faults.fail(None, "/organization", status=500)
    assert await statuses(responder, 2) == [500, 500]
    responder.faults.clear()
    assert await statuses(responder, 1) == [200]


def test_those_that_met_no_call_say_where_they_were_asked_for() -> None:
    faults = PortFaults()
    faults.fail("GET", "/organization", status=500)
    faults.clear()
    faults.fail(None, "/organization", status=500)
    faults.fail("POST", "/entities", entities=["b", "a"])
    hits = [{**fault, "hits": number} for number, fault in enumerate(faults.seed()["faults"])]

    assert faults.unused(hits) == [
        UnusedFault(f"fault 1 of Port (test_faults.py:{line_of('fail(None')})", "any method of /organization")
    ]
    (other,) = faults.unused([{**fault, "hits": 1 - fault["hits"]} for fault in hits])
    assert other.call == "POST /entities with any of the entities b, a"


def line_of(text: str) -> int:
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(f"    faults.{text}"))


@pytest.mark.asyncio
async def test_a_reset_is_a_transport_error() -> None:
    responder = PortMockResponder({})
    responder.faults.fail("GET", "/organization", reset=True, times=1)

    with pytest.raises(httpx.ReadError, match="reset"):
        await call(responder.transport, URL)
    assert await statuses(responder, 1) == [200]


@pytest.mark.asyncio
@pytest.mark.parametrize("early", [True, False])
async def test_a_token_expires(early: bool) -> None:  # noqa: FBT001 # a parameter of the test
    responder = PortMockResponder({})
    if early:
        responder.faults.expire_token()
    answers = []
    async with httpx.AsyncClient(transport=responder.transport, base_url="http://localhost:5555/v1") as port:
        for number in range(2):
            credentials = {"clientId": "test-id", "clientSecret": "test-secret"}
            token = (await port.post("/auth/access_token", json=credentials)).json()["accessToken"]
            if not early and number == 0:
                responder.faults.expire_token()
            answers.append((await port.get("/organization", headers={"Authorization": f"Bearer {token}"})).status_code)

    assert answers == [401, 200]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs status, reset, latency or entities"),
        ({"status": 200}, "status must be a whole number, 400 to 599, not 200"),
        ({"reset": True}, "times must say how often to reset"),
    ],
)
def test_a_wrong_fault_is_an_error_where_it_is_asked_for(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PortMockResponder({}).faults.fail("GET", "/organization", **options)


def test_port_cannot_be_read_when_the_sandbox_was_given_back() -> None:
    responder = PortMockResponder({}, entities=[{"identifier": "a", "blueprint": "service"}])

    assert [entity["identifier"] for entity in responder.entities] == ["a"]
    assert responder.state["pages"] == []
    responder.attach(None)
    with pytest.raises(RuntimeError, match=r"before shutdown\(\)"):
        _ = responder.entities
