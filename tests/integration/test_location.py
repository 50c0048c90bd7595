"""pytest in a container beside the sandboxes, with the engine's socket mounted, and an engine whose ports cannot be reached."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.models.networks import Network

from sandbox.engine import engine
from sandbox.engine.address import LOCAL_SOCKET, engine_address
from sandbox.engine.location import location
from sandbox.images.base_image import BaseImage
from sandbox.settings import load

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "oci-registry"
TESTS = "tests/test_integration_resync.py"
# A plugin that says, while a test runs, on which address of the engine's machine the ports of this process are.
WHERE = """
import os, pytest
from sandbox.engine import engine
from sandbox.engine.owner import PROCESS, process_name

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown():
    label = f"{PROCESS}={process_name(os.getpid())}"
    containers = engine.client().client.api.containers(filters={"label": label})
    print("published on", sorted({port["IP"] for each in containers for port in each["Ports"] if "IP" in port}))
"""


@pytest.fixture
def network() -> Iterator[Network]:
    """One of the kind that a CI job's container is on."""
    made = engine.client().client.networks.create(f"ocean-sandbox-test-{uuid.uuid4().hex[:8]}", driver="bridge")
    try:
        made.reload()
        yield made
    finally:
        made.remove()


def test_pytest_runs_in_a_container_beside_the_sandboxes(network: Network, tmp_path: Path) -> None:
    address = engine_address() or LOCAL_SOCKET
    if not address.startswith("unix://") or not location().shares_loopback:
        pytest.skip("this engine cannot mount this machine's folders")
    image = BaseImage("trixie").ensure(load(), engine.client())
    (tmp_path / "where.py").write_text(WHERE)
    mounts = dict.fromkeys([sys.base_prefix, sys.prefix, str(ROOT), str(tmp_path)])
    command = [
        "docker",
        "run",
        "--rm",
        "--network",
        str(network.name),
        "--workdir",
        str(EXAMPLE),
    ]
    command += ["--volume", f"{address.removeprefix('unix://')}:{LOCAL_SOCKET.removeprefix('unix://')}"]
    command += [f"--volume={folder}:{folder}:ro" for folder in mounts]
    command += ["--env", "OCEAN_SANDBOX_CACHE=/tmp/cache", "--env", f"PYTHONPATH={tmp_path}", image]
    command += [sys.executable, "-m", "pytest", "-q", "-s", "-n", "0", "-p", "where", "-p", "no:cacheprovider"]

    done = subprocess.run([*command, TESTS, "-k", "TestGone"], capture_output=True, text=True, check=False, timeout=240)

    assert "1 passed" in done.stdout, done.stdout + done.stderr
    published = network.attrs["IPAM"]["Config"][0]["Gateway"]
    assert f"published on ['{published}']" in done.stdout


@contextlib.contextmanager
def elsewhere() -> Iterator[str]:
    """This machine's engine at an address that is not its loopback, as one at another machine is.

    Yields:
        That for DOCKER_HOST.
    """
    engine_socket = (engine_address() or LOCAL_SOCKET).removeprefix("unix://")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # sends nothing, and shows the address that would
        except OSError:
            pytest.skip("this machine has no address but its loopback")
        address = str(probe.getsockname()[0])

    def carry(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = listener.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(engine_socket)
                for source, sink in ((here, there), (there, here)):
                    threading.Thread(target=carry, args=[source, sink], daemon=True).start()

    with socket.create_server((address, 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"tcp://{address}:{listener.getsockname()[1]}"


def test_an_engine_elsewhere_publishes_nothing(tmp_path: Path) -> None:
    """With stub files, a route whose requests come back to the test process, and live events."""
    if not (engine_address() or LOCAL_SOCKET).startswith("unix://"):
        pytest.skip("this engine is elsewhere itself")
    (tmp_path / "where.py").write_text(WHERE)
    with elsewhere() as address:
        environment = {**os.environ, "DOCKER_HOST": address, "OCEAN_SANDBOX_STANDING_POOL": "0"}
        environment |= {"PYTHONPATH": str(tmp_path), "OCEAN_SANDBOX_ISOLATION": "fork"}
        command = [sys.executable, "-m", "pytest", "-q", "-s", "-n", "0", "-p", "where", "-p", "no:cacheprovider"]
        command += ["-k", "TestLoginAndRateLimit or test_notifications"]
        done = subprocess.run(
            command, cwd=EXAMPLE, env=environment, capture_output=True, text=True, check=False, timeout=240
        )

    assert "2 passed" in done.stdout, done.stdout + done.stderr
    assert (done.stdout.count("published on"), done.stdout.count("published on []")) == (2, 2)


def test_ports_that_cannot_be_reached_are_told_of() -> None:
    """Where nobody is: an address for documentation, by RFC 5737."""
    environment = {**os.environ, "TESTCONTAINERS_HOST_OVERRIDE": "198.51.100.1", "OCEAN_SANDBOX_STANDING_POOL": "0"}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", TESTS, "-k", "TestGone"]
    done = subprocess.run(
        command, cwd=EXAMPLE, env=environment, capture_output=True, text=True, check=False, timeout=240
    )

    assert "1 error" in done.stdout, done.stdout
    assert "is listening, but this process cannot reach it at 198.51.100.1:" in done.stdout
    assert "because TESTCONTAINERS_HOST_OVERRIDE is 198.51.100.1." in done.stdout
    assert (
        "What to do: set TESTCONTAINERS_HOST_OVERRIDE to a host name or address at which this process reaches"
        in done.stdout
    )
