"""What an integration tries to reach past the proxy is told, and what it asks of the third party is not."""

import socket
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

def tried(call, *arguments):
    with contextlib.suppress(OSError):
        call(*arguments)
"""
CHILD = f"tried(socket.create_connection, ('{NAME}', 5432))"
# Each of these is tried in one resync; what it leaves is what it leaves by itself, for each has a host of its own.
WAYS: dict[str, tuple[str, list[EgressAttempt]]] = {
    "a connection by name": (
        "tried(socket.create_connection, ('one.example.org', 5432))",
        [EgressAttempt("one.example.org", 5432)],
    ),
    "a raw socket by name": (
        "tried(socket.socket().connect, ('two.example.org', 5432))",
        [EgressAttempt("two.example.org")],
    ),
    "a raw socket by address": (
        "tried(socket.socket().connect, ('192.0.2.3', 5432))",
        [EgressAttempt("192.0.2.3", 5432)],
    ),
    "asyncio": (
        "with contextlib.suppress(OSError): await asyncio.open_connection('four.example.org', 5432)",
        [EgressAttempt("four.example.org", 5432)],
    ),
    "a datagram": (
        "tried(socket.socket(type=socket.SOCK_DGRAM).sendto, b'x', ('192.0.2.5', 8125))",
        [EgressAttempt("192.0.2.5", 8125)],
    ),
    "httpx without the proxy": (
        """
        with contextlib.suppress(httpx.ConnectError):
            async with httpx.AsyncClient(trust_env=False) as client: await client.get('https://six.example.org')
        """,
        [EgressAttempt("six.example.org", 443)],
    ),
    "a thread": (
        "await asyncio.to_thread(tried, socket.create_connection, ('seven.example.org', 1))",
        [EgressAttempt("seven.example.org", 1)],
    ),
    "a fork": (
        """
        child = multiprocessing.get_context('fork').Process(target=tried, args=[socket.create_connection, ('eight.example.org', 1)])
        child.start(); child.join()
        """,
        [EgressAttempt("eight.example.org", 1)],
    ),
    "a Python that was started": (
        "subprocess.run([sys.executable, '-c', 'import socket; socket.create_connection((\"nine.example.org\", 1))'])",
        [EgressAttempt("nine.example.org", 1)],
    ),
    "a program that was started": (
        "subprocess.run(['getent', 'hosts', 'ten.example.org'])",
        [EgressAttempt("ten.example.org")],
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
    handler = (
        "subprocess.Popen(['sh', '-c', 'while :; do getent hosts late.example.org; done'])\nawait asyncio.sleep(0.5)"
    )
    asks_on = await resync(
        integration(tmp_path / "on", f"{handler}\nyield []", head=HEAD), sandbox_settings=settings, fail_on_egress=False
    )
    after = await resync(integration(tmp_path / "none", "yield []"), sandbox_settings=settings)

    assert asks_on.egress_attempts == [EgressAttempt("late.example.org")]
    assert after.egress_attempts == []


@pytest.mark.parametrize("isolation", ["container", "fork"])
async def test_each_resync_of_one_test_has_its_own(tmp_path: Path, isolation: Isolation) -> None:
    """A name that is looked up again counts again, from whichever place it is seen."""
    handler = (
        "subprocess.run(['getent', 'hosts', 'a.example.org'])\ntried(socket.create_connection, ('b.example.org', 1))"
    )
    ways = integration(tmp_path, f"{handler}\nyield []", head=HEAD)
    async with started(ways, sandbox_settings=load(isolation=isolation), fail_on_egress=False) as harness:
        first = await harness.trigger_resync()
        second = await harness.trigger_resync()
        integration(tmp_path, "yield []")
        third = await harness.trigger_resync()

    assert list(map(str, first.egress_attempts)) == ["b.example.org:1", "a.example.org"]
    assert second.egress_attempts == first.egress_attempts
    assert third.egress_attempts == []


async def test_an_ordinary_resync_tells_of_none(tmp_path: Path) -> None:
    handler = """
    import requests
    mine = (await http_async_client.get("https://api.things.example/things")).json()
    theirs = await asyncio.to_thread(lambda: requests.get("https://api.things.example/things").json())
    socket.getaddrinfo(socket.gethostname(), None), socket.getfqdn()
    socket.create_connection(("port-mock", 8000)).close()
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

    assert result.egress_attempts == [EgressAttempt(NAME, 5432)]


async def test_a_start_that_fails_for_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match=rf"outside the sandbox: {NAME}:5432"):
        await resync(integration(tmp_path, "yield []", head=f"socket.create_connection(('{NAME}', 5432))"))


async def test_a_crash_does_not_swallow_it(tmp_path: Path) -> None:
    with pytest.raises(ResyncCrashedError, match=rf"outside the sandbox: {NAME}:5432"):
        await resync(integration(tmp_path, f"{CHILD}\nos.abort()\nyield []", head=HEAD), fail_on_egress=False)


async def test_a_name_of_the_outside_fails_at_once_and_our_own_name_server_says_so(tmp_path: Path) -> None:
    """Quickly, with "no such name", and thus from nobody but the Port mock: without it the answer is "try again"."""
    handler = """
    began = time.monotonic()
    try:
        socket.getaddrinfo("example.org", 443)
    except socket.gaierror as error:
        yield [{"id": 1, "value": [error.errno, time.monotonic() - began < 0.5]}]
    """
    result = await resync(integration(tmp_path, handler), fail_on_egress=False)

    assert values(result) == {"1": [socket.EAI_NONAME, True]}


async def test_a_resync_that_takes_too_long_tells_it_too(tmp_path: Path) -> None:
    handler = f"{CHILD}\nsubprocess.run(['getent', 'hosts', 'mq.example.org'])\nawait asyncio.sleep(60)\nyield []"
    settings = load(resync_timeout=2)
    directory = integration(tmp_path, handler, head=HEAD)
    async with started(directory, sandbox_settings=settings, fail_on_egress=False) as harness:
        with pytest.raises(ResyncTimeoutError, match=rf"{NAME}:5432"):
            await harness.trigger_resync()
        assert EgressAttempt("mq.example.org") in harness.results[-1].egress_attempts
