"""What an integration tries to reach that is not HTTP is told, by name, port and protocol; what it asks over HTTP is not."""

import textwrap
from pathlib import Path

import pytest

from harness import EgressAttempt, InterceptTransport
from sandbox import IntegrationError, ResyncCrashedError, ResyncTimeoutError
from sandbox.settings import Isolation, load

from .factories import integration, resync, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

NAME = "db.example.org"
HEAD = """
import contextlib, httpx, multiprocessing, subprocess, threading

def tried(host, port, first=bytes([0, 0, 0, 8, 4, 210, 22, 47])):
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=9) as connection:
        connection.sendall(first)
        connection.recv(1)
"""
# What psycopg sends first: an SSLRequest.
POSTGRES = f"its first bytes: {bytes([0, 0, 0, 8, 4, 210, 22, 47])!r}"
CHILD = f"tried('{NAME}', 5432)"


def postgres(host: str, port: int = 5432) -> EgressAttempt:
    return EgressAttempt(host, port, "PostgreSQL", POSTGRES)


# Each of these is tried in one resync; each has a host of its own.
WAYS: dict[str, tuple[str, list[EgressAttempt]]] = {
    "a connection by name": ("tried('one.example.org', 5432)", [postgres("one.example.org")]),
    "a connection by address": ("tried('192.0.2.3', 5432)", [postgres("192.0.2.3")]),
    "a connection by an address of IPv6": ("tried('2001:db8::3', 5432)", [postgres("2001:db8::3")]),
    "a port of HTTPS": ("tried('three.example.org', 443)", [postgres("three.example.org", 443)]),
    "asyncio": (
        """
        reader, writer = await asyncio.open_connection('four.example.org', 6379)
        writer.write(b'*1\\r\\n$4\\r\\nPING\\r\\n')
        with contextlib.suppress(OSError): await reader.read(1)
        """,
        [
            EgressAttempt(
                "four.example.org",
                6379,
                "Redis",
                f"its first bytes: {b'*1' + bytes([13, 10]) + b'$4' + bytes([13, 10]) + b'PING' + bytes([13, 10])!r}",
            )
        ],
    ),
    "a datagram": (
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.5', 8125))",
        [EgressAttempt("192.0.2.5", 8125)],
    ),
    "a connection that says nothing": (
        "socket.create_connection(('six.example.org', 9092)).close()\nawait asyncio.sleep(0.3)",
        [EgressAttempt("six.example.org", 9092, "", "it connected, and sent nothing")],
    ),
    "a server that is to speak first": (
        "tried('seven.example.org', 25, b'')",
        [EgressAttempt("seven.example.org", 25, "a protocol in which the server speaks first (MySQL, SMTP, FTP)")],
    ),
    "a thread": ("await asyncio.to_thread(tried, 'eight.example.org', 1)", [postgres("eight.example.org", 1)]),
    "a fork": (
        """
        child = multiprocessing.get_context('fork').Process(target=tried, args=['nine.example.org', 1])
        child.start(); child.join()
        """,
        [postgres("nine.example.org", 1)],
    ),
    "a program that was started": (
        """
        subprocess.run(['bash', '-c', "exec 3<>/dev/tcp/ten.example.org/22; echo -e 'SSH-2.0-x\\r' >&3; head -c 1 <&3"])
        """,
        [EgressAttempt("ten.example.org", 22, "SSH", f"its first bytes: {b'SSH-2.0-x' + bytes([13, 10])!r}")],
    ),
    "a WebSocket": (
        """
        await http_async_client.get('https://eleven.example.org/live', headers={
            'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'a' * 24})
        """,
        [EgressAttempt("eleven.example.org", 443, "WebSocket", "/live")],
    ),
}


@pytest.mark.parametrize("isolation", ["container", "fork"])
async def test_every_way_out_is_told_and_none_in_the_next_test(tmp_path: Path, isolation: Isolation) -> None:
    settings = load(isolation=isolation)
    handler = "\n".join(textwrap.dedent(code).strip() for code, _ in WAYS.values())
    ways = integration(tmp_path / "ways", f"{handler}\nyield []", head=HEAD)
    once = await resync(ways, sandbox_settings=settings, fail_on_egress=False)
    after = await resync(integration(tmp_path / "none", "yield []"), sandbox_settings=settings)

    assert once.errors == []
    assert sorted(map(str, once.egress_attempts)) == sorted(str(each) for _, found in WAYS.values() for each in found)
    assert after.egress_attempts == []


@pytest.mark.parametrize("isolation", ["container", "fork"])
async def test_what_goes_on_asking_is_not_told_of_the_next_test(tmp_path: Path, isolation: Isolation) -> None:
    settings = load(isolation=isolation)
    child = "import socket\nwhile True:\n    socket.create_connection(('late.example.org', 5432)).close()"
    handler = f"subprocess.Popen([sys.executable, '-c', {child!r}])\nawait asyncio.sleep(0.5)"
    asks_on = await resync(
        integration(tmp_path / "on", f"{handler}\nyield []", head=HEAD), sandbox_settings=settings, fail_on_egress=False
    )
    after = await resync(integration(tmp_path / "none", "yield []"), sandbox_settings=settings)

    assert [str(each) for each in asks_on.egress_attempts] == ["late.example.org:5432 (it connected, and sent nothing)"]
    assert after.egress_attempts == []


@pytest.mark.parametrize("isolation", ["container", "fork"])
async def test_each_resync_of_one_test_has_its_own(tmp_path: Path, isolation: Isolation) -> None:
    """A host that is tried again counts again, from whichever place it is seen."""
    handler = "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.5', 8125))\ntried('b.example.org', 1)"
    ways = integration(tmp_path, f"{handler}\nyield []", head=HEAD)
    async with started(ways, sandbox_settings=load(isolation=isolation), fail_on_egress=False) as harness:
        first = await harness.trigger_resync()
        second = await harness.trigger_resync()
        integration(tmp_path, "yield []")
        third = await harness.trigger_resync()

    assert first.egress_attempts == [postgres("b.example.org", 1), EgressAttempt("192.0.2.5", 8125)]
    assert second.egress_attempts == first.egress_attempts
    assert third.egress_attempts == []


async def test_an_ordinary_resync_tells_of_none(tmp_path: Path) -> None:
    handler = """
    import requests
    mine = (await http_async_client.get("https://api.things.example/things")).json()
    theirs = await asyncio.to_thread(lambda: requests.get("https://api.things.example/things").json())
    socket.getaddrinfo(socket.gethostname(), None), socket.getfqdn()
    socket.create_connection(("port-mock", 8000)).close()
    socket.create_connection(("api.things.example", 443)).close()
    socket.create_connection((socket.gethostbyname("wiremock"), 8080)).close()
    with contextlib.suppress(OSError):
        socket.create_connection(("localhost", 9))
    yield [{"id": 1, "value": mine == theirs}]
    """
    transport = InterceptTransport().add_route("GET", "/things", {"json": [{"id": 1}]})
    result = await resync(integration(tmp_path, handler, head=HEAD), transport)

    assert result.errors == []
    assert values(result) == {"1": True}
    assert result.egress_attempts == []


async def test_the_start_counts_too(tmp_path: Path) -> None:
    result = await resync(integration(tmp_path, "yield []", head=f"{HEAD}\n{CHILD}"), fail_on_egress=False)

    assert result.egress_attempts == [postgres(NAME)]


async def test_a_start_that_fails_for_it_says_so(tmp_path: Path) -> None:
    head = f"{HEAD}\n{CHILD}\nraise ConnectionError('no database')"
    with pytest.raises(IntegrationError, match=rf"what the sandbox does not answer: {NAME}:5432 \(PostgreSQL"):
        await resync(integration(tmp_path, "yield []", head=head))


async def test_a_crash_does_not_swallow_it(tmp_path: Path) -> None:
    with pytest.raises(ResyncCrashedError, match=rf"what the sandbox does not answer: {NAME}:5432"):
        await resync(integration(tmp_path, f"{CHILD}\nos.abort()\nyield []", head=HEAD), fail_on_egress=False)


async def test_a_resync_that_takes_too_long_tells_it_too(tmp_path: Path) -> None:
    handler = f"{CHILD}\ntried('mq.example.org', 5672, b'AMQP\\x00\\x00\\x09\\x01')\nawait asyncio.sleep(60)\nyield []"
    settings = load(resync_timeout=4)
    directory = integration(tmp_path, handler, head=HEAD)
    async with started(directory, sandbox_settings=settings, fail_on_egress=False) as harness:
        with pytest.raises(ResyncTimeoutError, match=rf"{NAME}:5432"):
            await harness.trigger_resync()
        assert "AMQP (RabbitMQ)" in [each.protocol for each in harness.results[-1].egress_attempts]
