"""URLs that WireMock's server refuses, or changes, reach static routes, predicates and callables as they were sent."""

import re
from pathlib import Path

import httpx
import pytest

from harness import InterceptTransport

from .factories import integration, resync, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

TARGETS = ["/{}|^`?q={}", "/%u0041", "/p?a=%", "/a/%zz", "/%2e%2e/x", "/a%00b", '/\\\\<>"', "/é", "/plain?a=1"]
HANDLER = f"""
    import http.client
    def ask(method, target):
        connection = http.client.HTTPSConnection("api.example.com", timeout=9)
        raw = f"{{method}} {{target}} HTTP/1.1\\r\\nHost: api.example.com\\r\\nConnection: close\\r\\n\\r\\n".encode()
        connection.connect()
        connection.sock.sendall(raw)
        response = http.client.HTTPResponse(connection.sock, method=method)
        response.begin()
        return [response.status, response.read().decode()]
    for number, target in enumerate({TARGETS!r}):
        yield [{{"id": number, "value": await asyncio.to_thread(ask, "GET", target)}}]
"""


async def test_static_routes_answer_them(tmp_path: Path) -> None:
    transport = InterceptTransport().add_route("GET", "api.example.com", {"body": "static"})
    result = await resync(integration(tmp_path, HANDLER), transport)

    assert result.errors == []
    assert list(values(result).values()) == [[200, "static"]] * len(TARGETS)
    assert len(transport.calls) == len(TARGETS)
    assert {call.response.status_code for call in transport.calls} == {200}
    assert result.unused_stubs == []


@pytest.mark.parametrize("kind", ["predicate", "callable", "regular expression"])
async def test_whatever_is_computed_answers_them(tmp_path: Path, kind: str) -> None:
    seen: list[str] = []

    def note(request: httpx.Request) -> bool:
        seen.append(str(request.url))
        return True

    transport = InterceptTransport().add_route("POST", "/never", {"json": 1})
    if kind == "predicate":
        transport.add_route(None, note, {"body": "computed"})
    elif kind == "callable":
        transport.add_route(None, "api.example.com", lambda request: {"body": "computed"} if note(request) else {})
    else:
        transport.add_route("GET", re.compile(r"^https://api\.example\.com/"), {"body": "computed"})
    result = await resync(integration(tmp_path, HANDLER), transport)

    assert result.errors == []
    assert list(values(result).values()) == [[200, "computed"]] * len(TARGETS)
    assert len(seen) == (0 if kind == "regular expression" else len(TARGETS))
    assert [call.request.method for call in transport.calls] == ["GET"] * len(TARGETS)


async def test_without_a_route_each_is_unmatched_and_in_the_call_log(tmp_path: Path) -> None:
    transport = InterceptTransport().add_route("POST", "/never", {"json": 1})
    result = await resync(integration(tmp_path, HANDLER), transport)

    assert len(transport.calls) == len(TARGETS)
    assert len(result.unmatched) == len(TARGETS)
    assert {call.response.status_code for call in result.unmatched} == {404}
