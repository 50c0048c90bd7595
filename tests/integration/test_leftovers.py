"""What a resync leaves behind is gone for the next one in the same sandbox, whatever container it ran in."""

import asyncio
import time
from pathlib import Path
from typing import get_args

import pytest

from sandbox.engine import engine
from sandbox.errors import ResyncCrashedError
from sandbox.pool import pool, prefetch
from sandbox.pool.local_pool import LocalPool
from sandbox.resync.container import ResyncContainer
from sandbox.settings import Isolation, load

from .factories import integration, make_harness, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

# Looks for what another one left, then leaves it: files, one of them in a folder that nobody may write to, a link to
# another folder, a message queue, a listener on loopback, one on an abstract socket, and a process that nobody is the
# parent of and that goes on asking the third party.
LEAVES = """
PLACES = ("/tmp/left", "/app/left", "/dev/shm/left", "/dev/mqueue/left", "/tmp/sealed/left")
found = [path for path in PLACES if os.path.exists(path)]
for family, address in ((socket.AF_INET, ("127.0.0.1", 5555)), (socket.AF_UNIX, "\\0left")):
    with socket.socket(family) as probe:
        if probe.connect_ex(address) == 0:
            found.append(str(address))
found += [pid for pid in os.listdir("/proc") if pid.isdigit() and b"left-behind" in open(f"/proc/{pid}/cmdline", "rb").read()]
yield [{"id": 1, "value": found}]

os.makedirs("/tmp/sealed", exist_ok=True)
for path in PLACES:
    open(path, "w").close()
os.chmod("/tmp/sealed", 0o500)
os.symlink("/usr", "/tmp/link")
import subprocess
listens = '''
import socket, time, urllib.request
tcp = socket.create_server(("127.0.0.1", 5555))
abstract = socket.socket(socket.AF_UNIX); abstract.bind("\\\\0left"); abstract.listen()
print("left-behind listens", flush=True)
while True:
    try:
        urllib.request.urlopen("http://left.example/").read()
    except OSError:
        pass
'''
child = subprocess.Popen([sys.executable, "-c", listens, "left-behind"], start_new_session=True, stdout=subprocess.PIPE)
child.stdout.readline()
"""


SHARES_MEMORY = """
import ctypes
libc = ctypes.CDLL(None)
yield [{"id": 1, "value": libc.shmget(4242, 4096, 0o600) >= 0}]
if libc.shmget(4242, 4096, 0o1600) < 0:
    raise OSError("no shared memory to leave")
"""
LISTENS_AND_DIES = """
import subprocess
with socket.socket() as probe:
    if probe.connect_ex(("127.0.0.1", 5555)) == 0:
        yield [{"id": 1, "value": "there is still somebody"}]
        return
code = "import socket, time; s = socket.create_server(('127.0.0.1', 5555)); print('up', flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE).stdout.readline()
os.abort()
yield []
"""


@pytest.mark.parametrize("more", [False, True], ids=["", "warmed ahead"])
@pytest.mark.parametrize("isolation", get_args(Isolation))
async def test_nothing_is_found_of_the_one_before(tmp_path: Path, isolation: Isolation, *, more: bool) -> None:
    directory, settings = integration(tmp_path, LEAVES), load(isolation=isolation)
    prefetch.expect_more(more=more)
    try:
        containers = set()
        for _ in range(3):
            async with started(directory, sandbox_settings=settings) as harness:
                containers.add(harness.look()["inside"])
                result = await harness.trigger_resync()
                assert result.errors == []
                assert values(result) == {"1": []}
                assert {call.request.url.host for call in harness.third_party_transport.calls} <= {"left.example"}
        # Forks of one container, or nothing was shown of them. With a pool daemon, others lease in between.
        if isinstance(pool.of_this_process(settings), LocalPool):
            assert len(containers) == (1 if isolation == "fork" else 3)
        nothing = integration(tmp_path / "nothing", "yield []")
        async with started(nothing, sandbox_settings=settings) as harness:
            await harness.trigger_resync()
            assert harness.third_party_transport.calls == []
    finally:
        prefetch.expect_more(more=False)


async def test_a_fork_that_leaves_what_cannot_be_removed_costs_its_container(tmp_path: Path) -> None:
    directory, settings = integration(tmp_path, SHARES_MEMORY), load(isolation="fork")
    for _ in range(2):
        async with started(directory, sandbox_settings=settings) as harness:
            assert values(await harness.trigger_resync()) == {"1": False}


@pytest.mark.parametrize("isolation", get_args(Isolation))
async def test_nothing_is_found_of_one_that_crashed(tmp_path: Path, isolation: Isolation) -> None:
    directory = integration(tmp_path, LISTENS_AND_DIES)
    async with started(directory, sandbox_settings=load(isolation=isolation)) as harness:
        for _ in range(2):
            with pytest.raises(ResyncCrashedError, match="SIGABRT"):
                await harness.trigger_resync()


async def test_a_start_that_is_cancelled_gives_its_sandbox_back(tmp_path: Path) -> None:
    directory = integration(tmp_path, "yield []")
    of_this_process = pool.of_this_process(load())
    if not isinstance(of_this_process, LocalPool):
        pytest.skip("what stands sees that the connection ends")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(make_harness(directory).start(), 0.001)
    deadline = time.monotonic() + 60
    while len(of_this_process._free) != len(of_this_process._all) or not of_this_process._all:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_container_that_warms_does_not_outlive_its_sandbox(tmp_path: Path) -> None:
    directory = integration(tmp_path, "yield []")
    of_our_own = LocalPool(load())
    prefetch.expect_more(more=True)
    try:
        sandbox = of_our_own.lease(directory, load())
        first = sandbox.resync_container(directory, load())
        assert first.container.get_container_id()
    finally:
        prefetch.expect_more(more=False)
        of_our_own.close()
    assert all(each.container.ended.is_set() for each in sandbox._resyncs)


async def test_what_warms_ahead_gives_way_until_it_is_wanted(tmp_path: Path) -> None:
    directory, settings = integration(tmp_path, "yield []"), load(isolation="container")
    of_our_own = LocalPool(settings)
    prefetch.expect_more(more=True)

    def shares(container: ResyncContainer) -> int:
        of_it = engine.client().client.api.inspect_container(container.container.get_container_id())
        return int(of_it["HostConfig"]["CpuShares"])

    try:
        sandbox = of_our_own.lease(directory, settings)
        first = sandbox.resync_container(directory, settings)
        assert sandbox._warm is not None
        ahead = sandbox._warm.result()
        assert (shares(first), shares(ahead)) == (0, 128), "the engine's own choice is 1024"
        sandbox.finish(first)
        assert sandbox.resync_container(directory, settings) is ahead
        deadline = time.monotonic() + 10
        while shares(ahead) != 1024:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
    finally:
        prefetch.expect_more(more=False)
        of_our_own.close()
