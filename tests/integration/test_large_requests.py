"""Many and large uploads are answered, counted and readable: past a limit, by their length and hash."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import InterceptTransport, ResyncResult
from harness.routes.request_bodies import LARGEST, large_body
from sandbox.errors import ContainerDiedError
from sandbox.pool.local_pool import LocalPool
from sandbox.settings import load

from .factories import integration, resync, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

HANDLER = """
    import httpx
    gate = asyncio.Semaphore(AT_ONCE)
    async def chunks(number):
        for start in range(0, SIZE, 10_000):
            yield bytes([number % 251]) * min(10_000, SIZE - start)
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=AT_ONCE)) as client:
        async def upload(number):
            body = chunks(number) if CHUNKED else bytes([number % 251]) * SIZE
            async with gate:
                return (await client.post(f"https://api.example/{number}", content=body)).status_code
        statuses = await asyncio.gather(*map(upload, range(COUNT)))
    yield [{"id": 1, "value": [statuses.count(200), len(statuses)]}]
"""


def uploads(tmp_path: Path, count: int, size: int, *, at_once: int = 20, chunked: bool = False) -> Path:
    head = f"COUNT, SIZE, AT_ONCE, CHUNKED = {count}, {size}, {at_once}, {chunked}"
    return integration(tmp_path, HANDLER, head=head)


def check(transport: InterceptTransport, result: ResyncResult, count: int, size: int) -> int:
    """See that every upload was answered and can be read; gives how many are whole."""
    assert (result.errors, result.unmatched) == ([], [])
    assert values(result) == {"1": [count, count]}
    numbers = [int(call.request.url.path[1:]) for call in transport.calls]
    assert sorted(numbers) == list(range(count))
    whole = 0
    for number, call in zip(numbers, transport.calls, strict=True):
        body = bytes([number % 251]) * size
        if (large := large_body(call.request)) is None:
            assert call.request.content == body
            whole += 1
        else:
            assert (large.length, large.sha256) == (size, hashlib.sha256(body).hexdigest())
            assert large.sha256 in call.request.content.decode()
        assert call.to_dict()["response_status"] == 200
    transport.print_call_log()
    return whole


@pytest.mark.parametrize(
    ("count", "size", "at_once", "chunked", "whole"),
    [
        (2_000, 20_000, 20, False, 400),
        (100, LARGEST, 100, False, 8),
        (100, LARGEST, 50, True, 8),
        (20, 5_000_000, 20, False, 0),
        (5, 20_000_000, 5, True, 0),
    ],
)
async def test_they_are_answered_counted_and_readable(
    tmp_path: Path, count: int, size: int, at_once: int, *, chunked: bool, whole: int
) -> None:
    transport = InterceptTransport().add_route("POST", "api.example", {"body": "static"})
    result = await resync(uploads(tmp_path, count, size, at_once=at_once, chunked=chunked), transport)
    assert check(transport, result, count, size) == whole


async def test_so_are_those_that_the_test_process_answers(tmp_path: Path) -> None:
    seen: list[int] = []

    def answer(request: httpx.Request) -> dict[str, Any]:
        seen.append(len(request.content))
        return {"body": "computed"}

    transport = InterceptTransport().add_route("POST", "api.example", answer)
    result = await resync(uploads(tmp_path, 600, 20_000), transport)
    assert check(transport, result, 600, 20_000) == 400
    assert seen == [20_000] * 600


async def test_body_patterns_and_predicates_see_all_up_to_the_limit(tmp_path: Path) -> None:
    transport = InterceptTransport()
    transport.add_stub(
        {"request": {"method": "POST", "bodyPatterns": [{"matches": "\x05+"}]}, "response": {"body": "by pattern"}}
    )
    transport.add_route("POST", lambda request: request.content == b"\3" * LARGEST, {"body": "by predicate"})
    transport.add_route("POST", "/4", lambda request: {"body": str(len(request.content))})
    transport.add_route("POST", r"/[0-2]$", {"body": "by URL"})
    result = await resync(uploads(tmp_path, 6, LARGEST, at_once=1), transport)
    assert result.errors == []
    assert [call.response.text for call in transport.calls] == [
        *["by URL"] * 3,
        "by predicate",
        "1000000",
        "by pattern",
    ]


async def test_past_the_limit_it_says_that_no_pattern_sees_the_body(tmp_path: Path) -> None:
    transport = InterceptTransport().add_route("POST", lambda request: request.content == b"\0" * 2_000_000, {})
    result = await resync(uploads(tmp_path, 1, 2_000_000), transport)
    (call,) = result.unmatched
    assert (large := large_body(call.request)) is not None
    assert large.length == 2_000_000
    assert "Its body has 2,000,000 bytes. Nothing sees a body of more than 1,000,000" in str(result.errors[0])


async def test_a_predicate_that_fails_on_such_a_body_says_so_too(tmp_path: Path) -> None:
    def reads(request: httpx.Request) -> dict[str, Any]:
        return {"json": __import__("json").loads(request.content)}

    transport = InterceptTransport().add_route("POST", "api.example", reads)
    async with started(uploads(tmp_path, 1, 2_000_000), transport) as harness:
        with pytest.raises(ValueError, match="Expecting value") as caught:
            await harness.trigger_resync()
    assert any("It sees no body of more than 1,000,000 bytes" in note for note in caught.value.__notes__)


async def test_a_wiremock_that_dies_all_the_same_is_named(tmp_path: Path) -> None:
    """Each body is small; it is their number that is too much for so little memory."""
    with_little = LocalPool(load(wiremock_memory="160m"))
    try:
        directory = uploads(tmp_path, 1, 1)
        sandbox = with_little.lease(directory, load())
        sandbox.wiremock.stub([{"request": {"urlPattern": ".*"}, "response": {"status": 200}}])
        await asyncio.to_thread(post_until_it_dies, sandbox.wiremock.address)
        with pytest.raises(ContainerDiedError, match=r"The WireMock container .* died: it ran out of memory") as caught:
            sandbox.wiremock.journal()
        assert "OCEAN_SANDBOX_WIREMOCK_MEMORY raises its limit" in caught.value.remedy
        with_little.release(sandbox)
    finally:
        with_little.close()


def post_until_it_dies(address: str) -> None:
    with httpx.Client(trust_env=False) as client:
        for _ in range(20_000):
            try:
                client.post(f"http://{address}/x", content=b"x" * 9_999)
            except httpx.TransportError:
                return
