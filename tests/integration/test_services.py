"""Real services beside a resync: the integration and the test reach one PostgreSQL, and each test finds it as seeded."""

import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import ConnectionMode
from testcontainers.core.config import testcontainers_config as configuration
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from harness import IntegrationTestHarness, InterceptTransport, Service
from sandbox.engine import engine
from sandbox.engine.location import location, shares_loopback
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
    status, output = database.exec(["psql", "postgresql://test:test@127.0.0.1/test", "-Atc", statement])
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


class Greedy(DockerContainer):
    """Asks for all it can while it starts, as some classes of testcontainers do, and tries to reach this machine."""

    def _configure(self) -> None:
        self.with_exposed_ports(5432)
        self.with_kwargs(
            privileged=True,
            network_mode="host",
            pid_mode="host",
            publish_all_ports=True,
            restart_policy={"Name": "always"},
            labels={"own": "label", ROLE: "other"},
        )


@pytest.mark.asyncio
async def test_a_class_that_asks_for_more_while_it_starts_gets_no_more(reader: Path) -> None:
    (image,) = images.ensure([images.postgres()], load(), engine.client())
    greedy = Greedy(image, env={"POSTGRES_PASSWORD": "test"}).waiting_for(LogMessageWaitStrategy("ready to accept"))
    async with started(reader, {"greedy": greedy}) as harness:
        found = harness.services["greedy"].get_wrapped_container()
        found.reload()
        host = found.attrs["HostConfig"]
        assert not host["Privileged"]
        assert not host["PublishAllPorts"]
        assert not host["PidMode"]
        assert host["NetworkMode"] != "host"
        assert host["RestartPolicy"]["Name"] in {"", "no"}
        assert host["CapDrop"] == ["ALL"]
        assert host["Memory"] == 512 * 2**20
        assert found.labels[ROLE] == "service"
        assert found.labels["own"] == "label"
        (binding,) = found.ports["5432/tcp"]
        assert binding["HostIp"] == location().publish


@pytest.mark.asyncio
async def test_the_test_reaches_a_service_at_the_url_of_its_object(reader: Path) -> None:
    # As in a container beside the sandboxes, where testcontainers would rather use addresses that are not published.
    before, configuration.connection_mode_override = configuration.connection_mode_override, ConnectionMode.bridge_ip
    try:
        async with started(reader, {"db": lambda: PostgresContainer("postgres:17")}) as harness:
            url = urlsplit(harness.services["db"].get_connection_url())
            with socket.create_connection((url.hostname, url.port), timeout=5) as connection:
                connection.sendall(struct.pack("!II", 8, 80877103))  # does it speak TLS? PostgreSQL's protocol
                assert connection.recv(1) in {b"N", b"S"}
    finally:
        configuration.connection_mode_override = before


@pytest.mark.asyncio
async def test_a_service_reaches_nothing_outside(reader: Path) -> None:
    (image,) = images.ensure([images.postgres()], load(), engine.client())
    with socket.create_server(("0.0.0.0", 0)) as listener:  # noqa: S104 # whatever address of this machine it tries
        port = listener.getsockname()[1]
        services = {"db": PostgresContainer("postgres:17"), "other": PostgresContainer(image)}
        async with started(reader, services) as harness:
            database = harness.services["db"]

            def connects(address: str) -> tuple[int, str]:
                command = ["timeout", "5", "bash", "-c", f"exec 3<>/dev/tcp/{address}"]
                status, output = database.exec(command)
                return status, output.decode()

            networks = database.get_wrapped_container().attrs["NetworkSettings"]["Networks"]
            ((published, gateway),) = [(name, at["Gateway"]) for name, at in networks.items() if "published" in name]
            if shares_loopback():  # a container without the rules of services reaches this process
                command = ["timeout", "5", "bash", "-c", f"exec 3<>/dev/tcp/{gateway}/{port}"]
                engine.client().client.containers.run(image, entrypoint=command, network=published, remove=True)
            assert connects("other/5432") == (0, "")  # and a service, what is beside it
            for address in [*(f"{at['Gateway']}/{port}" for at in networks.values()), "1.1.1.1/53"]:
                status, output = connects(address)
                assert status == 1, (address, output)  # refused at once: 124 would be the end of its patience
            assert connects("example.com/443")[0] != 0


@pytest.mark.asyncio
async def test_whatever_a_test_does_to_a_service_the_next_one_finds_the_seed(reader: Path) -> None:
    def fill(database: Any) -> None:
        two_things(database)
        sql(database, "ALTER DATABASE test SET search_path = public, pg_catalog")

    services = {"db": Service(PostgresContainer("postgres:17"), seed=fill)}

    def restart(database: Any) -> None:
        database.get_wrapped_container().restart(timeout=0)

    def drop(database: Any) -> None:
        url = "postgresql://test:test@127.0.0.1/postgres"
        assert database.exec(["psql", url, "-c", "DROP DATABASE test WITH (FORCE)"]).exit_code == 0

    def spoil(database: Any) -> None:
        url = "postgresql://test:test@127.0.0.1/postgres"
        template = "ocean_sandbox_template"
        command = ["psql", url, "-c", f"ALTER DATABASE {template} IS_TEMPLATE false", "-c", f"DROP DATABASE {template}"]
        assert database.exec(command).exit_code == 0

    identifiers = []
    for harm in (drop, spoil, restart, drop):
        async with started(reader, services) as harness:
            database = harness.services["db"]
            assert sql(database, "SELECT value FROM things ORDER BY id") == "one\ntwo\n"
            assert sql(database, "SHOW search_path") == "public, pg_catalog\n"
            identifiers.append(database.get_container_id())
            harm(database)
    first, second, third, fourth = identifiers
    assert first == second  # a clone is enough
    assert len({second, third, fourth}) == 3  # another one, since there was nothing to clone, or no rules any more


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


@pytest.mark.asyncio
async def test_a_service_that_ends_while_it_starts_is_shown_with_its_log(reader: Path) -> None:
    ends = PostgresContainer("postgres:17").with_env("PGDATA", "/nowhere")
    with pytest.raises(EngineError, match=r"(?s)service db .*did not get ready.*\| .*/nowhere"):
        async with started(reader, {"db": ends}):
            pass


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
