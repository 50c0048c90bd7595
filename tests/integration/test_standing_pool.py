"""Tests that lease the sandboxes of a pool daemon are as isolated as others, and leave nothing behind in it."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.engine import engine
from sandbox.engine.address import LOCAL_SOCKET, engine_address
from sandbox.engine.owner import PROCESS, ROLE, process_name
from sandbox.errors import ContainerDiedError, EngineError
from sandbox.images import archive
from sandbox.pool.pool_client import PoolClient, ask, socket_of
from sandbox.settings import Settings

from .factories import integration

pytestmark = [pytest.mark.integration, pytest.mark.slow]

COMMAND = str(Path(sys.executable).with_name("ocean-sandbox"))
TESTS = """
import pytest
from harness import BaseIntegrationTest, InterceptTransport
from sandbox import IntegrationError, ResyncCrashedError
from sandbox.pool import pool
from sandbox.pool.pool_client import PoolClient

class Things(BaseIntegrationTest):
    integration_path = {path!r}
    word = "one"
    def create_third_party_transport(self):
        return InterceptTransport(strict=False).add_route("GET", "/things", {{"json": [{{"id": self.word}}]}})
    def create_mapping_config(self):
        return {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings":
                {{"identifier": ".id", "blueprint": '"thing"', "properties": {{}}}}}}}}}}]}}

class TestOne(Things):
    @pytest.mark.parametrize("round", range(4))
    async def test_it(self, harness, round):
        assert isinstance(pool.of_this_process(None), PoolClient)
        result = await harness.trigger_resync()
        assert result.errors == []
        assert [entity["identifier"] for entity in result.upserted_entities] == [self.word]
        assert len(harness.third_party_transport.calls) == 1
        assert any("Event finished" in line for line in result.logs)
        assert (await harness.trigger_resync()).errors == []

class TestTwo(TestOne):
    word = "two"

class TestCallables(Things):
    def create_third_party_transport(self):
        def answer(request):
            raise ValueError("of the test")
        return InterceptTransport().add_route("GET", "/things", answer)
    async def test_it(self, harness):
        with pytest.raises(ValueError, match="of the test"):
            await harness.trigger_resync()
"""
BROKEN = """
class TestBroken(Things):
    integration_path = {path!r}
    async def test_it(self, resync):
        pass
"""


@contextlib.contextmanager
def standing(folder: Path, *integrations: Path, **environment: str) -> Iterator[dict[str, str]]:
    """A pool daemon of its own, started among packages with our names, and the environment in which it is found."""
    found = {**os.environ, "OCEAN_SANDBOX_CACHE": str(folder / "cache"), **environment}
    theirs = folder / "theirs"
    for name in ("sandbox", "harness", "docker"):
        (theirs / name).mkdir(parents=True, exist_ok=True)
        (theirs / name / "__init__.py").write_text("raise SystemExit('not ours')")
    subprocess.run(
        [COMMAND, "up", *map(str, integrations)], env=found, cwd=theirs, check=True, capture_output=True, timeout=120
    )
    try:
        yield found
    finally:
        subprocess.run([COMMAND, "down"], env=found, check=True, capture_output=True, timeout=60)


def pytest_in(folder: Path, environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", *options, "."]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240
    )


def doctor_says(environment: dict[str, str], memory: str) -> str:
    told = {**environment, "OCEAN_SANDBOX_WIREMOCK_MEMORY": memory}
    done = subprocess.run([COMMAND, "doctor", "--json"], env=told, capture_output=True, text=True, check=False)
    return "\n".join(each["says"] for each in json.loads(done.stdout)["checks"] if each["subject"] == "pool")


@pytest.mark.parametrize("isolation", ["container", "fork"])
def test_tests_see_only_their_own(tmp_path: Path, isolation: str) -> None:
    things = integration(tmp_path / "things")
    (tmp_path / "test_things.py").write_text(TESTS.format(path=str(things)))
    with standing(tmp_path, things, OCEAN_SANDBOX_ISOLATION=isolation) as environment:
        for workers in ("0", "2"):
            done = pytest_in(tmp_path, environment, "-n", workers)
            assert "9 passed" in done.stdout, done.stdout


def test_errors_of_the_sandbox_arrive_as_themselves(tmp_path: Path) -> None:
    things, broken = integration(tmp_path / "things"), integration(tmp_path / "broken", head="raise ValueError('mine')")
    crashing = integration(tmp_path / "crashing", "print('last words')\nos.abort()\nyield []")
    (tmp_path / "test_things.py").write_text(
        TESTS.format(path=str(things))
        + BROKEN.format(path=str(broken))
        + BROKEN.replace("Broken", "Crashing").format(path=str(crashing))
    )
    with standing(tmp_path, things) as environment:
        output = pytest_in(tmp_path, environment, "-k", "Broken or Crashing").stdout
        assert "IntegrationError" in output
        assert f'File "{broken}/main.py"' in output
        assert "ResyncCrashedError" in output
        assert "aborted (SIGABRT)" in output
        assert "last words" in output
        # Neither did the pool any harm.
        assert "4 passed" in pytest_in(tmp_path, environment, "-k", "TestTwo").stdout


GOES_DOWN = """
import subprocess

class TestGoesDown(Things):
    async def test_before(self, resync):
        assert isinstance(pool.of_this_process(None), PoolClient)
    async def test_in_the_middle(self, harness):
        subprocess.run([{command!r}, "down"], check=True, capture_output=True)
        await harness.trigger_resync()
    async def test_at_its_end(self, harness):
        pass
    def test_without_a_sandbox(self):
        pass
"""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_one_that_goes_down_fails_the_tests_that_need_it(tmp_path: Path, workers: str) -> None:
    things = integration(tmp_path / "things")
    (tmp_path / "test_things.py").write_text(
        TESTS.format(path=str(things)) + GOES_DOWN.format(path=str(things), command=COMMAND)
    )
    with standing(tmp_path, things) as environment:
        done = pytest_in(tmp_path, environment, "-k", "GoesDown", "-n", workers)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert re.search(r"1 failed, 2 passed, (\d+ deselected, )?1 error", done.stdout), done.stdout
    assert "INTERNALERROR" not in done.stdout + done.stderr
    assert "EngineError: The pool daemon went away in the middle of" in done.stdout
    assert "start it again with `ocean-sandbox up`, or run without it." in done.stdout


def test_a_pytest_that_is_killed_gives_its_sandbox_back(tmp_path: Path) -> None:
    hangs, things = (
        integration(tmp_path / "hangs", "await asyncio.sleep(600)\nyield []"),
        integration(tmp_path / "things"),
    )
    (tmp_path / "test_things.py").write_text(
        TESTS.format(path=str(things)) + BROKEN.replace("Broken", "Hangs").format(path=str(hangs))
    )
    with standing(tmp_path, things) as environment:
        command = [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-k", "Hangs", "."]
        killed = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
        time.sleep(4)
        killed.kill()
        killed.wait()
        began = time.monotonic()
        assert "4 passed" in pytest_in(tmp_path, environment, "-k", "TestTwo").stdout
        assert time.monotonic() - began < 120, "and not the ten minutes for which the other would hang"


def test_a_client_that_speaks_nonsense_gives_its_sandbox_back(tmp_path: Path) -> None:
    things = integration(tmp_path / "things")
    with standing(tmp_path, things) as environment:
        cache = Path(environment["OCEAN_SANDBOX_CACHE"])
        addresses = set()
        for nonsense in (b"{", b'{"call": "dance"}\n', b"[]\n", b'{"call": "boot"}\n'):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(socket_of(cache)))
                order = {"call": "lease", "directory": str(things), "settings": {}}
                connection.sendall(json.dumps(order).encode() + b"\n")
                addresses.add(json.loads(connection.makefile("rb").readline())["wiremock"]["address"])
                connection.sendall(nonsense)  # and what it is answered stays unread
            deadline = time.monotonic() + 30
            while (ask(cache, "hello") or {})["leased"]:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        assert len(addresses) == 1, "each got the one that the client before it had given back"


def test_who_leases_again_at_once_gets_the_same_sandbox(tmp_path: Path) -> None:
    things = integration(tmp_path / "things")
    with standing(tmp_path, things) as environment:
        settings = Settings(cache=Path(environment["OCEAN_SANDBOX_CACHE"]))
        pool = PoolClient(settings)
        addresses = set()
        for _ in range(5):
            sandbox = pool.lease(things, settings)
            addresses.add(sandbox.wiremock.address)
            pool.release(sandbox)
        assert len(addresses) == 1
    with pytest.raises(EngineError, match="The pool daemon went away"):
        pool.lease(things, settings)


def test_a_container_of_it_that_dies_is_named_and_the_next_lease_gets_another_sandbox(tmp_path: Path) -> None:
    things = integration(tmp_path / "things", "await asyncio.sleep(60)\nyield []")
    client = engine.client().client.api
    with standing(tmp_path, things) as environment:
        settings = Settings(cache=Path(environment["OCEAN_SANDBOX_CACHE"]))
        pool = PoolClient(settings)
        label = f"{PROCESS}={process_name((ask(settings.cache, 'hello') or {})['pid'])}"
        sandbox = pool.lease(things, settings)
        container = sandbox.resync_container(things, settings)
        config = {"integration": {"identifier": "x", "type": "x", "config": {}}, "event_listener": {"type": "POLLING"}}
        port = {"client_id": "x", "client_secret": "x"}
        container.boot(archive=archive.pack(things), config={**config, "port": port}, source=things)
        (port_mock,) = client.containers(filters={"label": [label, f"{ROLE}=port-mock"]})
        client.kill(port_mock["Id"])
        with pytest.raises(ContainerDiedError, match=r"The Port mock container .* died: exit code 137"):
            sandbox.port.collected()
        with pytest.raises(ContainerDiedError, match=r"The Port mock container .* died: exit code 137"):
            container.resync(things)
        pool.release(sandbox)
        another = pool.lease(things, settings)
        assert another.port.is_empty()
        pool.release(another)


def test_nothing_is_left_of_it_when_it_is_down_or_killed(tmp_path: Path) -> None:
    things = integration(tmp_path / "things")
    client = engine.client().client.api
    for end in ("down", "kill"):
        with standing(tmp_path, things) as environment:
            pid = (ask(Path(environment["OCEAN_SANDBOX_CACHE"]), "hello") or {})["pid"]
            label = f"{PROCESS}={process_name(pid)}"
            assert len(client.containers(filters={"label": label})) == 4
            if end == "kill":
                os.kill(pid, 9)
        deadline = time.monotonic() + 15
        while (
            left := client.containers(all=True, filters={"label": label}) + client.networks(filters={"label": label})
        ) and (time.monotonic() < deadline):
            time.sleep(0.1)
        assert left == []


def test_one_that_runs_other_code_is_not_used(tmp_path: Path) -> None:
    things = integration(tmp_path / "things")
    (tmp_path / "test_things.py").write_text(TESTS.format(path=str(things)))
    with standing(tmp_path, things) as environment:
        here = engine_address() or LOCAL_SOCKET
        same = here.replace("://", ":////", 1) if here == LOCAL_SOCKET else f"{here}/"  # said in another way
        done = pytest_in(tmp_path, {**environment, "DOCKER_HOST": same}, "-k", "TestTwo")
        assert f"the pool daemon is not used: its engine is {here}, but here it is {same}" in done.stdout + done.stderr
        done = pytest_in(tmp_path, {**environment, "OCEAN_SANDBOX_WIREMOCK_MEMORY": "700m"}, "-k", "TestTwo")
        assert (
            "its wiremock_memory is 768m, but here it is 700m; `ocean-sandbox up` restarts it"
            in done.stdout + done.stderr
        )
        assert "no test uses it: its wiremock_memory is 768m" in doctor_says(environment, "700m")
        assert "the pool daemon is running, pid" in doctor_says(environment, "768m")
        done = pytest_in(tmp_path, {**environment, "OCEAN_SANDBOX_STANDING_POOL": "0"}, "-k", "TestCallables")
        assert "1 passed" in done.stdout


def test_of_two_that_come_up_at_once_one_stands(tmp_path: Path) -> None:
    things = integration(tmp_path / "things")
    with standing(tmp_path, things) as environment:
        cache = Path(environment["OCEAN_SANDBOX_CACHE"])
        first = (ask(cache, "hello") or {})["pid"]
        again = subprocess.run(
            [COMMAND, "up", str(things)], env=environment, capture_output=True, text=True, check=True
        )
        assert "is already running, with 1 sandbox;" in again.stderr
        assert (ask(cache, "hello") or {})["pid"] == first
        more = [COMMAND, "up", "--sandboxes", "2", str(things)]
        both = [subprocess.Popen(more, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        said = "".join(each.communicate(timeout=120)[1] for each in both)
        assert [each.returncode for each in both] == [0, 0]
        assert said.count("will be restarted: it keeps other sandboxes warm") == 1, said
        assert said.count("is already running, with 2 sandboxes;") == 1, said
        pid = (ask(cache, "hello") or {})["pid"]
        pools = subprocess.run(["pgrep", "-f", str(things)], capture_output=True, text=True, check=True).stdout.split()
        assert pools == [str(pid)]


def test_one_that_hangs_holds_nobody_up(tmp_path: Path) -> None:
    things = integration(tmp_path / "things")
    (tmp_path / "test_things.py").write_text(TESTS.format(path=str(things)))
    with standing(tmp_path, things) as environment:
        pid = (ask(Path(environment["OCEAN_SANDBOX_CACHE"]), "hello") or {})["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            done = pytest_in(tmp_path, environment, "-k", "TestCallables")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert "1 passed" in done.stdout, done.stdout
