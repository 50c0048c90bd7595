"""Tests that lease the sandboxes of a standing pool are as isolated as others, and leave nothing in it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import engine
from sandbox.errors import EngineError
from sandbox.owner import PROCESS, process_name
from sandbox.settings import Settings
from sandbox.standing import StandingPool, ask, socket_of

from .factories import integration

pytestmark = [pytest.mark.integration, pytest.mark.slow]

COMMAND = str(Path(sys.executable).with_name("ocean-sandbox"))
TESTS = """
import pytest
from harness import BaseIntegrationTest, InterceptTransport
from sandbox import IntegrationError, ResyncCrashedError, pool
from sandbox.standing import StandingPool

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
        assert isinstance(pool.of_this_process(None), StandingPool)
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
    """A standing pool of its own, and the environment in which it is found."""
    found = {**os.environ, "OCEAN_SANDBOX_CACHE": str(folder / "cache"), **environment}
    subprocess.run([COMMAND, "up", *map(str, integrations)], env=found, check=True, capture_output=True, timeout=120)
    try:
        yield found
    finally:
        subprocess.run([COMMAND, "down"], env=found, check=True, capture_output=True, timeout=60)


def pytest_in(folder: Path, environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", *options, "."]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240
    )


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
        assert time.monotonic() - began < 30


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
        pool = StandingPool(settings)
        addresses = set()
        for _ in range(5):
            sandbox = pool.lease(things, settings)
            addresses.add(sandbox.wiremock.address)
            pool.release(sandbox)
        assert len(addresses) == 1
    with pytest.raises(EngineError, match="The standing pool has gone"):
        pool.lease(things, settings)


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
        done = pytest_in(tmp_path, {**environment, "DOCKER_CONTEXT": "default"}, "-k", "TestTwo")
        assert "the standing pool runs other code, settings or engine" in done.stdout + done.stderr
        done = pytest_in(tmp_path, {**environment, "OCEAN_SANDBOX_WIREMOCK_MEMORY": "700m"}, "-k", "TestTwo")
        assert "the standing pool runs other code, settings or engine" in done.stdout + done.stderr
        done = pytest_in(tmp_path, {**environment, "OCEAN_SANDBOX_STANDING_POOL": "0"}, "-k", "TestCallables")
        assert "1 passed" in done.stdout


def test_of_two_that_come_up_at_once_one_stands(tmp_path: Path) -> None:
    things = integration(tmp_path / "things")
    with standing(tmp_path, things) as environment:
        both = [subprocess.Popen([COMMAND, "up", str(things)], env=environment) for _ in range(2)]
        assert [each.wait(timeout=120) for each in both] == [0, 0]
        pid = (ask(Path(environment["OCEAN_SANDBOX_CACHE"]), "hello") or {})["pid"]
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
