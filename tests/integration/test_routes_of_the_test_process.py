"""Routes that WireMock cannot answer are answered by the test process."""

import re
import statistics
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import InterceptTransport

from .factories import integration, resync, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

PAGES = """
for page in (1, 2, 3):
    response = await http_async_client.get(f"https://api.things.example/things?page={page}", headers={"X-Page": str(page)})
    yield response.json()
"""


async def test_a_callable_sees_the_request_and_closes_over_the_test(tmp_path: Path) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> dict[str, Any]:
        seen.append(request)
        return {"json": [{"id": request.url.params["page"], "value": request.headers["x-page"]}]}

    result = await resync(integration(tmp_path, PAGES), InterceptTransport().add_route("GET", "/things", answer))
    assert values(result) == {"1": "1", "2": "2", "3": "3"}
    assert [str(request.url) for request in seen] == [f"https://api.things.example/things?page={n}" for n in (1, 2, 3)]


async def test_a_predicate_decides_and_the_order_among_all_routes_is_kept(tmp_path: Path) -> None:
    transport = InterceptTransport()
    transport.add_route("GET", "page=1", {"json": [{"id": 1, "value": "text"}]})
    transport.add_route(
        "GET", lambda request: request.url.params["page"] == "2", {"json": [{"id": 2, "value": "predicate"}]}
    )
    transport.add_route("GET", re.compile(r"(?P<all>page=\d)"), {"json": [{"id": 3, "value": "expression"}]})
    result = await resync(integration(tmp_path, PAGES), transport)
    assert values(result) == {"1": "text", "2": "predicate", "3": "expression"}


async def test_times_then_the_next_route(tmp_path: Path) -> None:
    transport = InterceptTransport()
    transport.add_route("GET", "/things", {"json": [{"id": 1, "value": "once"}]}, times=1)
    transport.add_route("GET", "/things", {"json": [{"id": 2, "value": "then"}]})
    assert values(await resync(integration(tmp_path, PAGES), transport)) == {"1": "once", "2": "then"}


async def test_the_call_log_has_what_the_test_process_answered(tmp_path: Path) -> None:
    transport = InterceptTransport().add_route("GET", "/things", lambda _: httpx.Response(200, json=[]))
    await resync(integration(tmp_path, PAGES), transport)
    assert [(call.request.url.params["page"], call.response.json()) for call in transport.calls] == [
        ("1", []),
        ("2", []),
        ("3", []),
    ]


async def test_an_exception_in_a_callable_is_raised_in_the_test_at_once(tmp_path: Path) -> None:
    def broken(request: httpx.Request) -> dict[str, Any]:
        raise LookupError(request.url.path)

    began = time.monotonic()
    with pytest.raises(LookupError, match="/things"):
        await resync(integration(tmp_path, PAGES), InterceptTransport().add_route("GET", "/things", broken))
    assert time.monotonic() - began < 30


async def test_a_callable_costs_milliseconds(tmp_path: Path) -> None:
    asks = """
    times = []
    for _ in range(60):
        began = time.perf_counter()
        await http_async_client.get("https://api.things.example/things")
        times.append(time.perf_counter() - began)
    yield [{"id": 1, "value": times[10:]}]
    """
    dynamic = await resync(
        integration(tmp_path, asks), InterceptTransport().add_route("GET", "/things", lambda _: {"json": []})
    )
    median = statistics.median(values(dynamic)["1"])
    assert median < 0.05, f"{median * 1000:.1f} ms"  # 4 ms on an idle machine; tests run beside others here


async def test_a_fault_once_and_then_success(tmp_path: Path) -> None:
    transport = InterceptTransport()
    transport.add_route("GET", "/things", {"fault": "connection_reset"}, times=1)
    transport.add_route("GET", "/things", {"json": [{"id": 1, "value": "retried"}]})
    result = await resync(integration(tmp_path), transport)
    assert result.errors == []
    assert values(result) == {"1": "retried"}


async def test_many_requests_at_once_that_no_predicate_wants_reach_the_stub_files(tmp_path: Path) -> None:
    folder = tmp_path / "wiremock-mappings" / "things"
    folder.mkdir(parents=True)
    (folder / "all.json").write_text('{"request": {"urlPath": "/things"}, "response": {"jsonBody": {"ok": 1}}}')
    handler = """
    asked = [http_async_client.get("https://api.things.example/things") for _ in range(100)]
    yield [{"id": 1, "value": [(await answer).json()["ok"] for answer in asyncio.as_completed(asked)]}]
    """
    transport = InterceptTransport().add_route("GET", lambda _: False, {"json": []})
    result = await resync(integration(tmp_path / "things", handler), transport, stubs="things")
    assert result.errors == []
    assert values(result) == {"1": [1] * 100}


async def test_many_large_answers_are_all_in_the_call_log(tmp_path: Path) -> None:
    handler = """
    for page in range(200):
        response = await http_async_client.get(f"https://api.things.example/things?page={page}")
    yield [{"id": 1, "value": len(response.text)}]
    """
    transport = InterceptTransport().add_route("GET", "/things", {"body": "x" * 100_001})
    assert values(await resync(integration(tmp_path, handler), transport)) == {"1": 100_001}
    assert [len(call.response.text) for call in transport.calls] == [100_001] * 200
