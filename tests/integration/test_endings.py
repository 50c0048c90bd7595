"""A stated Content-Length is sent, and a fault breaks the connection, whoever answers."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import InterceptTransport

from .factories import integration, resync, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

BODY = [{"id": number} for number in range(50)]
LENGTH = 590
HANDLER = """
    import http.client, ssl
    def ask(method, target):
        connection = http.client.HTTPSConnection("api.example", timeout=9)
        try:
            connection.request(method, target)
            response = connection.getresponse()
            return [response.status, response.headers.get("content-length"), len(response.read())]
        except http.client.IncompleteRead as error:
            return ["incomplete", len(error.partial), error.expected]
        except Exception as error:
            return [type(error).__name__]
    for number, (method, target) in enumerate(ASKED):
        yield [{"id": number, "value": await asyncio.to_thread(ask, method, target)}]
"""


def raising(error: Exception) -> Any:
    def answer(_: httpx.Request) -> dict[str, Any]:
        raise error

    return answer


def raised_fault(_: httpx.Request) -> dict[str, Any]:
    raise httpx.ConnectError("no route to host")


async def asked(tmp_path: Path, transport: InterceptTransport, *requests: tuple[str, str]) -> list[Any]:
    result = await resync(integration(tmp_path, HANDLER, head=f"ASKED = {list(requests)!r}"), transport)
    assert result.errors == []
    found = values(result)
    return [found[str(number)] for number in range(len(requests))]


@pytest.mark.parametrize("computed", [False, True], ids=["static", "callable"])
@pytest.mark.parametrize("target", ["/things", "/th{}ings"])
async def test_head_has_the_length_of_get(tmp_path: Path, target: str, *, computed: bool) -> None:
    def added(method: str | None, path: str, answer: dict[str, Any]) -> None:
        transport.add_route(method, path, (lambda _: answer) if computed else answer)

    transport = InterceptTransport()
    added("HEAD", "/stated", {"headers": {"Content-Length": "12345"}})
    added("HEAD", "/empty", {})
    added(None, "api.example", {"json": BODY})
    found = await asked(
        tmp_path,
        transport,
        ("HEAD", target),
        ("GET", target),
        ("HEAD", f"{target}/stated"),
        ("HEAD", f"{target}/empty"),
    )

    assert found == [[200, str(LENGTH), 0], [200, str(LENGTH), LENGTH], [200, "12345", 0], [200, "0", 0]]
    lengths = [call.response.headers.get("content-length") for call in transport.calls]
    assert lengths[:3] == [str(LENGTH), str(LENGTH), "12345"]


@pytest.mark.parametrize("computed", [False, True], ids=["static", "callable"])
async def test_an_answer_may_stop_short_of_its_length(tmp_path: Path, *, computed: bool) -> None:
    def added(path: str, answer: dict[str, Any], times: int | None = None) -> None:
        transport.add_route("GET", path, (lambda _: answer) if computed else answer, times=times)

    transport = InterceptTransport()
    added("/once", {"json": BODY, "fault": "truncated"}, times=1)
    added("/once", {"json": BODY})
    added("/things", {"json": BODY, "fault": "truncated"})
    added("/stated", {"body": "abc", "headers": {"Content-Length": "77"}, "fault": "truncated"})
    added("/large", {"body": "x" * 500_000, "fault": "truncated"})
    paths = ["/things", "/th{}ings/things", "/stated", "/large", "/once", "/once"]
    found = await asked(tmp_path, transport, *(("GET", path) for path in paths))

    half = LENGTH // 2
    assert found == [
        ["incomplete", half, LENGTH - half],
        ["incomplete", half, LENGTH - half],
        ["incomplete", 3, 74],
        ["incomplete", 250_000, 250_000],
        ["incomplete", half, LENGTH - half],
        [200, str(LENGTH), LENGTH],
    ]
    assert [len(call.response.content) for call in transport.calls] == [half, half, 3, 250_000, half, LENGTH]


async def test_a_fault_breaks_the_connection_whoever_makes_it(tmp_path: Path) -> None:
    faults = {"connection_reset": "ConnectionResetError", "empty": "RemoteDisconnected", "garbage": None}
    transport = InterceptTransport()
    requests: list[tuple[str, str]] = []
    for fault in faults:
        for way in ("static", "callable"):
            answer = {"fault": fault}
            transport.add_route(
                "GET", f"/{way}/{fault}", answer if way == "static" else lambda _, answer=answer: dict(answer)
            )
            requests += [("GET", f"/{way}/{fault}"), ("GET", f"/{{}}/{way}/{fault}")]
    transport.add_route("GET", "/raises", raised_fault)
    transport.add_route("GET", "/times-out", raising(httpx.ReadTimeout("too slow")))
    found = await asked(tmp_path, transport, *requests, ("GET", "/raises"), ("GET", "/times-out"))

    for (_, target), (what,) in zip(requests, found, strict=False):
        fault = target.rpartition("/")[2]
        expected = faults[fault]
        assert what == expected if expected else what in ("BadStatusLine", "RemoteDisconnected"), (target, what)
    assert found[-2:] == [["ConnectionResetError"], ["ConnectionResetError"]]
    assert len(transport.calls) == len(requests) + 2
    assert "ConnectError: no route to host" in transport.calls[-2].response.text
