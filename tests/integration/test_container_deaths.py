"""A container of a sandbox that dies is named with the reason; waiting ends, and the next test gets another sandbox."""

import asyncio
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import get_args

import pytest

from harness import IntegrationTestHarness, InterceptTransport
from sandbox.engine import engine
from sandbox.engine.container import Container
from sandbox.errors import ContainerDiedError, ResyncCrashedError
from sandbox.pool.local_pool import LocalPool, LocalSandbox
from sandbox.resync.container import ResyncContainer
from sandbox.services.wiremock import WireMock
from sandbox.settings import Isolation, load

from .factories import READS_THINGS, integration, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

SAYS_SO = "print('resyncing', flush=True)"
TITLES = {"wiremock": "WireMock", "port-mock": "Port mock", "front": "front"}


@contextmanager
def own_pool(**options: object) -> Iterator[LocalPool]:
    with closing(LocalPool(load(**options))) as found:
        yield found


def part(sandbox: LocalSandbox, role: str) -> Container:
    return next(each for each in sandbox._parts if each.role == role)


def kill(container: Container) -> None:
    engine.client().client.api.kill(container.get_container_id())


async def resyncing(harness: IntegrationTestHarness) -> ResyncContainer:
    """The container in which a resync is under way."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        running = harness._lease.running
        if isinstance(running, ResyncContainer) and any("resyncing" in line for line in running.logs):
            return running
        await asyncio.sleep(0.02)
    raise TimeoutError


def own(sandbox: object) -> LocalSandbox:
    if not isinstance(sandbox, LocalSandbox):
        pytest.skip("the containers of a pool daemon are another process's")
    return sandbox


@pytest.mark.parametrize("role", TITLES)
async def test_one_that_dies_during_a_resync_ends_it_at_once(tmp_path: Path, role: str) -> None:
    waits = integration(tmp_path / "waits", f"{SAYS_SO}\nawait asyncio.sleep(3)\n{textwrap.dedent(READS_THINGS)}")
    async with started(waits) as harness:
        sandbox = own(harness._lease.sandbox)
        resync = asyncio.create_task(harness.trigger_resync())
        await resyncing(harness)
        began = time.monotonic()
        await asyncio.to_thread(kill, part(sandbox, role))
        with pytest.raises(ContainerDiedError) as caught:
            await resync
        assert time.monotonic() - began < 20, "and not the minutes for which Ocean's client retries"
        with pytest.raises(ContainerDiedError, match=TITLES[role]):
            await harness.trigger_resync()
    assert f"The {TITLES[role]} container of this sandbox ({part(sandbox, role).name}) died: exit code 137" in str(
        caught.value
    )
    assert "later tests get another sandbox" in caught.value.remedy
    transport = InterceptTransport().add_route("GET", "/things", {"json": [{"id": 1, "value": 1}]})
    async with started(integration(tmp_path / "next"), transport) as harness:
        assert harness._lease.sandbox is not sandbox
        assert values(await harness.trigger_resync()) == {"1": 1}


@pytest.mark.parametrize("isolation", get_args(Isolation))
async def test_a_resync_container_that_is_killed_costs_its_resync_and_no_more(
    tmp_path: Path, isolation: Isolation
) -> None:
    directory, settings = (
        integration(tmp_path, f"{SAYS_SO}\nawait asyncio.sleep(1)\nyield [{{'id': 1, 'value': 1}}]"),
        load(),
    )
    async with started(directory, sandbox_settings=settings.model_copy(update={"isolation": isolation})) as harness:
        own(harness._lease.sandbox)
        resync = asyncio.create_task(harness.trigger_resync())
        container = await resyncing(harness)
        await asyncio.to_thread(kill, container.container)
        with pytest.raises(ResyncCrashedError, match=r"died while resyncing: exit code 137 \(killed, SIGKILL\)"):
            await resync
        assert values(await harness.trigger_resync()) == {"1": 1}


async def test_one_that_dies_at_rest_or_before_it_is_asked_is_named(tmp_path: Path) -> None:
    directory, settings = integration(tmp_path, "yield []"), load()
    with own_pool() as of_our_own:
        first = of_our_own.lease(directory, settings)
        of_our_own.release(first)
        kill(part(first, "port-mock"))
        part(first, "port-mock").ended.wait(10)
        second = of_our_own.lease(directory, settings)
        assert second is not first

        kill(part(second, "wiremock"))
        for call in (second.wiremock.journal, second.port.collected):
            with pytest.raises(ContainerDiedError, match=r"The WireMock container .* died: exit code 137"):
                call()
        of_our_own.release(second)
        assert of_our_own.lease(directory, settings).port.is_empty()


async def test_a_wiremock_that_runs_out_of_memory_says_so(tmp_path: Path) -> None:
    directory = integration(tmp_path, "yield []")
    with own_pool(wiremock_memory="256m") as of_our_own:
        sandbox = of_our_own.lease(directory, load())
        with pytest.raises(ContainerDiedError, match=r"The WireMock container .* died: it ran out of memory") as caught:
            fill(sandbox.wiremock)
        assert "OCEAN_SANDBOX_WIREMOCK_MEMORY raises its limit" in caught.value.remedy
        of_our_own.release(sandbox)


def fill(third_party: WireMock) -> None:
    body = "x" * 2**25
    for number in range(50):
        third_party.stub([{"request": {"urlPath": f"/{number}"}, "response": {"body": body}}])
