"""Header values outside ASCII arrive as the bytes that they are, both ways, and break nothing that shows them."""

import json
from pathlib import Path

import httpx
import pytest

from harness import InterceptTransport
from harness.trace import cleaning, collect, page
from harness.trace.file import made
from harness.trace.model import Trace

from .factories import integration, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

VALUES = ["é".encode(), "日本語 €".encode(), b"\xe9\x80\x97\xff", b"plain", bytes(range(0xA0, 0x100))]
HANDLER = f"""
    import httpx
    async with httpx.AsyncClient() as client:
        for number, sent in enumerate({VALUES!r}):
            for way in ("static", "callable", "none"):
                url = f"https://api.example/{{way}}/{{number}}"
                response = await client.get(url, headers=[(b"X-Sent", sent), (b"X-Sent", b"twice")])
                got = [value.decode("latin-1") for name, value in response.headers.raw if name.lower() == b"x-got"]
                yield [{{"id": f"{{way}}/{{number}}", "value": got}}]
"""


async def test_they_arrive_both_ways(tmp_path: Path) -> None:
    seen: dict[str, list[bytes]] = {}
    transport = InterceptTransport(strict=False)
    for number, value in enumerate(VALUES):

        def answer(request: httpx.Request, value: bytes = value) -> dict[str, object]:
            seen[request.url.path] = [each for name, each in request.headers.raw if name.lower() == b"x-sent"]
            return {"headers": {"X-Got": [value, "twice"]}}

        transport.add_route("GET", f"/callable/{number}", answer)
        transport.add_route("GET", f"/static/{number}", {"headers": {"X-Got": [value, "twice"]}})
    directory = integration(tmp_path, HANDLER)
    async with started(directory, transport) as harness:
        result = await harness.trigger_resync()
        calls = transport.calls
        runs = collect.runs_of(collect.Given.of_harness(harness), [result])

    assert result.errors == []
    expected = {
        f"{way}/{number}": [value.decode("latin-1"), "twice"] if way != "none" else []
        for number, value in enumerate(VALUES)
        for way in ("static", "callable", "none")
    }
    assert values(result) == expected
    assert seen == {f"/callable/{number}": [value, b"twice"] for number, value in enumerate(VALUES)}
    # What shows them: the call log, the result, the trace.
    for call in calls:
        number = int(call.request.url.path.rpartition("/")[2])
        assert [each for name, each in call.request.headers.raw if name.lower() == b"x-sent"] == [
            VALUES[number],
            b"twice",
        ]
        json.dumps(call.to_dict()).encode()
        dict(call.request.headers), dict(call.response.headers)
    assert len(result.unmatched) == len(VALUES)
    json.dumps(result.as_snapshot())
    shown = page.page(Trace("things", "finished", 1.0, runs, made=made()), cleaning.knowing([(directory, {})]))
    assert shown.encode()
