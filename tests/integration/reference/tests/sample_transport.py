"""The samples of `InterceptTransport`, evaluated by an httpx client that is given it."""

import httpx
import pytest
from port_ocean.tests.integration import InterceptTransport
from port_ocean.tests.integration.transport import UnmatchedRequestError

pytestmark = pytest.mark.asyncio


def client_of(transport: InterceptTransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, base_url="https://api.example.com")


async def test_routes_and_the_call_log(capsys: pytest.CaptureFixture[str]) -> None:
    transport = InterceptTransport(strict=False)

    # Static response
    transport.add_route("GET", "/api/items", {"json": [{"id": 1}]})

    # Dynamic response (callable)
    transport.add_route("GET", "/api/users", lambda req: {"json": [{"id": "u1", "asked": req.method}]})

    # Match by regex (auto-detected when url_pattern contains regex chars)
    transport.add_route("GET", r"/api/repos/\d+", {"json": {"id": 1}})

    # Limit matches (useful for testing pagination or retries)
    transport.add_route("GET", "/api/data", {"status_code": 429}, times=1)
    transport.add_route("GET", "/api/data", {"json": {"results": []}})

    async with client_of(transport) as client:
        assert (await client.get("/api/items")).json() == [{"id": 1}]
        assert (await client.get("/api/users")).json() == [{"id": "u1", "asked": "GET"}]
        assert (await client.get("/api/repos/17")).json() == {"id": 1}
        assert (await client.get("/api/repos/none")).status_code == 404
        assert [(await client.get("/api/data")).status_code for _ in range(3)] == [429, 200, 200]

    # Inspect what was called
    assert len(transport.calls) == 7
    assert [call.response.status_code for call in transport.calls_for("/api/repos")] == [200, 404]
    transport.print_call_log()
    printed = capsys.readouterr().out
    assert printed.startswith("HTTP Call Log (7 calls):")
    assert "GET https://api.example.com/api/data → 429" in printed


async def test_strict_is_the_default_and_an_error() -> None:
    async with client_of(InterceptTransport()) as client:
        with pytest.raises(UnmatchedRequestError, match=r"GET https://api\.example\.com/api/items"):
            await client.get("/api/items")


async def test_not_strict_is_a_404() -> None:
    async with client_of(InterceptTransport(strict=False)) as client:
        assert (await client.get("/api/items")).status_code == 404
