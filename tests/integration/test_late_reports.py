"""What was tried just before a resync ended is told of that resync, and what comes later of none after it."""

from pathlib import Path

import pytest

from sandbox.settings import Isolation, load

from .factories import integration, started

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

# Nothing is said on either connection, and the second one is in the middle of a request when the resync is over.
OPENS = """
    global kept
    kept = [socket.create_connection(("kafka.example", 9092)), socket.create_connection(("a.example", 80))]
    kept[1].sendall(b"GET /late HTTP/1.1\\r\\nHost: a.example\\r\\n")
    yield []
"""


@pytest.mark.parametrize("isolation", ["container", "fork"])
async def test_each_belongs_to_its_resync(tmp_path: Path, isolation: Isolation) -> None:
    directory = integration(tmp_path, OPENS)
    async with started(directory, sandbox_settings=load(isolation=isolation), fail_on_egress=False) as harness:
        first = await harness.trigger_resync()
        integration(tmp_path, "yield []")
        second = await harness.trigger_resync()

    assert [(each.host, each.port) for each in first.egress_attempts] == [("kafka.example", 9092)]
    assert first.errors == []
    assert (second.egress_attempts, second.errors, second.unmatched) == ([], [], [])


async def test_none_is_told_of_the_next_test(tmp_path: Path) -> None:
    async with started(integration(tmp_path / "first", OPENS), fail_on_egress=False) as harness:
        await harness.trigger_resync()
    async with started(integration(tmp_path / "second", "yield []")) as harness:
        result = await harness.trigger_resync()
        assert harness.third_party_transport.calls == []

    assert (result.egress_attempts, result.errors, result.unmatched) == ([], [], [])
