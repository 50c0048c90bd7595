"""Real services beside a resync: the integration and the test reach one PostgreSQL, and each test finds it as seeded."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from harness import IntegrationTestHarness, InterceptTransport, Service
from sandbox.engine import engine
from sandbox.engine.owner import ROLE
from sandbox.errors import EngineError, ImageError
from sandbox.images import images
from sandbox.settings import Isolation, load

from .factories import integration, mapping

pytestmark = pytest.mark.integration

READS_ROWS = """
    connection = await asyncpg.connect("postgresql://test:test@db:5432/test", timeout=10)
    rows = await connection.fetch("SELECT id, value FROM things ORDER BY id")
    await connection.close()
    yield [dict(row) for row in rows]
"""


def sql(database: Any, statement: str) -> str:
    """What psql prints in the container for a statement."""
    status, output = database.exec(["psql", "-h", "/tmp", "-U", "test", "-d", "test", "-Atc", statement])  # noqa: S108 # its own
    assert status == 0, output
    return str(output.decode())


def two_things(database: Any) -> None:
    """Fill the database as every test here finds it."""
    sql(database, "CREATE TABLE things (id int PRIMARY KEY, value text)")
    sql(database, "INSERT INTO things VALUES (1, 'one'), (2, 'two')")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An integration that reads things from a database."""
    folder = integration(tmp_path_factory.mktemp("reader"), READS_ROWS, head="import asyncpg")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "reader"\nversion = "1"\ndependencies = ["port-ocean[cli]==0.55.4", "asyncpg>=0.30"]\n'
    )
    return folder


@asynccontextmanager
async def started(folder: Path, services: dict[str, Any], isolation: Isolation = "container") -> Any:
    """A started harness with services."""
    harness = IntegrationTestHarness(
        str(folder),
        mapping(),
        InterceptTransport(),
        sandbox_settings=load(isolation=isolation, standing_pool=False),
        services=services,
    )
    try:
        await harness.start()
        yield harness
    finally:
        await harness.shutdown()


@pytest.mark.asyncio
@pytest.mark.parametrize("isolation", ["container", "fork"])
async def test_a_resync_reads_what_the_test_wrote_and_the_next_test_finds_the_seed(
    reader: Path, isolation: Isolation
) -> None:
    services = {"db": Service(PostgresContainer("postgres:17"), seed=two_things)}
    containers = set()
    for value in ("first", "second", "third"):
        async with started(reader, services, isolation) as harness:
            database = harness.services["db"]
            assert sql(database, "SELECT value FROM things WHERE id = 1") == "one\n"
            sql(database, f"UPDATE things SET value = '{value}' WHERE id = 1")  # noqa: S608 # a test's own words
            sql(database, f"INSERT INTO things VALUES (3, '{value}')")  # noqa: S608
            result = await harness.trigger_resync()
            assert not result.errors
            upserted = {each["identifier"]: each["properties"]["value"] for each in result.upserted_entities}
            assert upserted == {"1": value, "2": "two", "3": value}
            containers.add(database.get_container_id())
    assert len(containers) == 1  # it was started once


@pytest.mark.asyncio
async def test_a_service_reaches_nothing_outside(reader: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:  # noqa: S104 # whatever address of this machine it tries
        port = listener.getsockname()[1]
        async with started(reader, {"db": PostgresContainer("postgres:17")}) as harness:
            database = harness.services["db"]
            networks = database.get_wrapped_container().attrs["NetworkSettings"]["Networks"].values()
            gateways = [each["Gateway"] for each in networks if each["Gateway"]]
            assert gateways
            for address in [*(f"{each}/{port}" for each in gateways), "1.1.1.1/53", "example.com/443"]:
                status, output = database.exec(["timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{address}"])
                assert status != 0, (address, output)


@pytest.mark.asyncio
async def test_a_service_that_is_killed_in_mid_test_fails_that_resync_and_the_next_test_has_another(
    reader: Path,
) -> None:
    services = {"db": Service(PostgresContainer("postgres:17"), seed=two_things)}
    async with started(reader, services) as harness:
        harness.services["db"].get_wrapped_container().kill()
        result = await harness.trigger_resync()
        assert result.errors
        assert not result.upserted_entities
    async with started(reader, services) as harness:
        result = await harness.trigger_resync()
        assert not result.errors
        assert [each["identifier"] for each in result.upserted_entities] == ["1", "2"]


@pytest.mark.asyncio
async def test_an_image_that_cannot_be_had_is_named(reader: Path) -> None:
    nowhere = DockerContainer("registry.invalid/nobody/nothing:1")
    with pytest.raises(ImageError, match=r"(?s)registry\.invalid/nobody/nothing:1 of the service queue .*What to do"):
        async with started(reader, {"queue": nowhere}):
            pass


@pytest.mark.asyncio
async def test_a_service_that_never_gets_ready_is_shown_with_its_log_and_removed(reader: Path) -> None:
    (image,) = images.ensure([images.postgres()], load(), engine.client())
    slow = DockerContainer(image, entrypoint=["sh", "-c", "echo still thinking; sleep 100"])
    slow.waiting_for(LogMessageWaitStrategy("ready").with_startup_timeout(2))
    with pytest.raises(EngineError, match=r"(?s)service slow .*did not get ready.*\| still thinking"):
        async with started(reader, {"slow": slow}):
            pass
    assert not [each for each in running() if "-slow-" in each]


KILLED = """
import asyncio, sys, time
from tests.integration.test_services import *

async def main():
    async with started(Path(sys.argv[1]), {"killed": PostgresContainer("postgres:17")}) as harness:
        print(harness.services["killed"].get_wrapped_container().name, flush=True)
        time.sleep(100)

asyncio.run(main())
"""


def test_a_process_that_is_killed_leaves_no_service(reader: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(reader)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        name = process.stdout.readline().strip()
        assert name in running()
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while name in running() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert name not in running()


def running() -> list[str]:
    """The names of the services' containers that the engine has."""
    api = engine.client().client.api
    return [each["Names"][0].lstrip("/") for each in api.containers(all=True, filters={"label": f"{ROLE}=service"})]
