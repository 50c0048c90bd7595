"""An engine killed in mid-run is named, later calls fail at once, and nothing is left behind once it is back.

A dockerd of the test's own, in a network namespace of its own: one that starts beside another would rewrite its rules.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.engine.owner import process_name
from tests.unit.sandbox.factories import eventually

from .dockerd import start_dockerd

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an engine"),
    pytest.mark.skipif(not shutil.which("dockerd"), reason="there is no dockerd on this machine"),
    pytest.mark.skipif(not shutil.which("unshare"), reason="there is no unshare on this machine"),
]

# What a run does as far as the engine sees it, without an image: makes the networks of a sandbox, and asks for more.
RUN = """
import sys, time
from sandbox.engine import connection, engine, janitor, network
from sandbox.errors import EngineUnreachableError
from sandbox.engine.owner import Owner
from sandbox.settings import load

client, owner, settings = engine.client(), Owner(), load()
watched = janitor.watch(owner, connection.address())
network.create_closed(client, owner, settings), network.create_published(client, owner, settings)
print("made", watched.pid, flush=True)
sys.stdin.readline()
for _ in range(100):
    began = time.monotonic()
    try:
        network.create_closed(client, owner, settings)
    except EngineUnreachableError as error:
        print(f"{time.monotonic() - began:.2f} {error.what}", flush=True)
print("end", flush=True)
sys.stdin.readline()
"""


class Engine:
    """A dockerd that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = f"unix://{folder}/engine.sock"

    def start(self) -> None:
        (self._folder / "pid").unlink(missing_ok=True)
        options = {
            "--data-root": "data",
            "--exec-root": "exec",
            "--pidfile": "pid",
            "--host": "engine.sock",
        }
        command = ["unshare", "--net", "dockerd", "--bridge=none", "--iptables=false"]
        command += [
            f"{name}={'unix://' if name == '--host' else ''}{self._folder}/{value}" for name, value in options.items()
        ]
        self._process = start_dockerd(command, self._folder / "log", lambda: self.docker("version").returncode == 0)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        self._process.send_signal(number)
        self._process.wait(30)

    def docker(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", "-H", self.address, *arguments], capture_output=True, text=True, check=False, timeout=60
        )

    def networks(self) -> list[str]:
        names = self.docker("network", "ls", "--filter", "label=ocean-sandbox.owner", "--format", "{{.Name}}").stdout
        return names.split()


@contextmanager
def engine() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # pytest's own are too long for a socket
        found = Engine(Path(folder))
        found.start()
        try:
            yield found
        finally:
            found.kill(signal.SIGTERM)


def test_an_engine_that_is_killed_is_named_and_nothing_is_left_once_it_is_back(tmp_path: Path) -> None:
    with engine() as its:
        environment = {**os.environ, "DOCKER_HOST": its.address, "PYTHONPATH": str(ROOT)}
        environment |= {"OCEAN_SANDBOX_CACHE": str(tmp_path)}
        run = subprocess.Popen(
            [sys.executable, "-c", RUN],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert run.stdin
        assert run.stdout
        made, janitor = run.stdout.readline().split()
        assert made == "made"
        janitors_name = process_name(int(janitor))
        assert len(its.networks()) == 2
        its.kill()
        run.stdin.write("\n")
        run.stdin.flush()
        said = []
        while (line := run.stdout.readline()) not in ("end\n", ""):
            said.append(line)
        assert {line.split(" ", 1)[1] for line in said} == {
            f"The engine at {its.address} does not answer: connection refused.\n"
        }
        assert len(said) == 100
        assert sum(float(line.split()[0]) for line in said) < 20

        run.kill()  # and its janitor waits for the engine
        run.wait()
        time.sleep(1)
        its.start()
        assert eventually(lambda: its.networks() == [], 60), its.networks()
        assert eventually(lambda: process_name(int(janitor)) != janitors_name, 60), "it has seen that nothing is left"
