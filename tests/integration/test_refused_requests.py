"""A request that the front or WireMock itself cannot read is in the call log, and an error that says what is wrong with it."""

from pathlib import Path

import pytest

from harness import InterceptTransport

from .factories import integration, resync, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

# What is sent, by its path; the status that it gets; and words of the error. The first ones the front refuses, the others
# WireMock's server, which sees no request without a User-Agent: these the test process answers.
AGENT = b"User-Agent: things/1\r\n"
BROKEN = {
    "/colon": (b"GET /colon HTTP/1.1\r\nHost: a.example\r\nno colon\r\n\r\n", 400, "b'no colon' has no name"),
    "/version": (
        b"GET /version HTTP/3.7\r\nHost: a.example\r\n\r\n",
        400,
        "the request line is b'GET /version HTTP/3.7'",
    ),
    "/none": (b"GET /none\r\nHost: a.example\r\n\r\n", 400, "the request line is b'GET /none'"),
    "/large": (
        b"GET /large HTTP/1.1\r\nHost: a.example\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
        431,
        "larger than 262144",
    ),
    "/length": (
        b"POST /length HTTP/1.1\r\nHost: a.example\r\nContent-Length: x\r\n\r\n",
        400,
        "Content-Length is b'x'",
    ),
    "/chunk": (
        b"POST /chunk HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
        400,
        "a chunk is b'z'",
    ),
    "/short": (b"POST /short HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\na", 400, "ends within its body"),
    "/header": (
        b"GET /header HTTP/1.1\r\nHost: a.example\r\n" + AGENT + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
        431,
        "refuses the request",
    ),
    "/control": (
        b"GET /control HTTP/1.1\r\nHost: a.example\r\n" + AGENT + b"X: a\x01b\r\n\r\n",
        400,
        "Illegal character CNTL=0x1",
    ),
    "/host": (b"GET /host HTTP/1.1\r\n" + AGENT + b"\r\n", 400, "No Host"),
    "/expect": (
        b"POST /expect HTTP/1.1\r\nHost: a.example\r\n"
        + AGENT
        + b"Expect: x\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\na",
        417,
        "with 417",
    ),
}
HEAD = """
def say(raw):
    with socket.create_connection(("a.example", 80), timeout=9) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while b"\\r\\n" not in received and (more := connection.recv(65536)):
            received += more
    return int(received.split()[1])
"""
HANDLER = f"""
    for name, raw in { ({name: raw for name, (raw, _, _) in BROKEN.items()})!r}.items():
        yield [{{"id": name, "value": await asyncio.to_thread(say, raw)}}]
"""


@pytest.mark.parametrize("has_routes", [True, False])
async def test_each_is_in_the_call_log_and_an_error(tmp_path: Path, *, has_routes: bool) -> None:
    transport = InterceptTransport()
    if has_routes:
        transport.add_route("GET", "/never", {}).add_route(None, "a.example", lambda _: {"body": "never"})
    result = await resync(integration(tmp_path, HANDLER, head=HEAD), transport)

    assert values(result) == {path: status for path, (_, status, _) in BROKEN.items()}
    assert sorted((call.request.url.path, call.response.status_code) for call in transport.calls) == sorted(
        (path, status) for path, (_, status, _) in BROKEN.items()
    )
    assert result.unmatched == []
    assert result.egress_attempts == []
    messages = {str(error) for error in result.errors}
    for path, (_, _, words) in BROKEN.items():
        assert any(path in each and words in each for each in messages), (path, messages)
    assert all("orrect how the integration builds this request" in each for each in messages)
    transport.print_call_log()


async def test_each_resync_has_its_own(tmp_path: Path) -> None:
    async with started(integration(tmp_path, HANDLER, head=HEAD)) as harness:
        results = [await harness.trigger_resync() for _ in range(2)]

    assert [len(result.errors) for result in results] == [len(BROKEN)] * 2
