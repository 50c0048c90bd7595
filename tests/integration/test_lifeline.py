"""Nothing is left of a killed run, however it was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.engine import engine
from sandbox.engine.owner import PROCESS, process_name

from .factories import integration

pytestmark = pytest.mark.integration

HANGING_TEST = """
import pytest
from pathlib import Path
from harness import BaseIntegrationTest, InterceptTransport

class TestHangs(BaseIntegrationTest):
    integration_path = {path!r}
    def create_third_party_transport(self):
        return InterceptTransport(strict=False)
    def create_mapping_config(self):
        return {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings":
                {{"identifier": ".id", "blueprint": '"thing"', "properties": {{}}}}}}}}}}]}}
    @pytest.mark.asyncio
    async def test_hangs(self, harness):
        Path({ready!r}).touch()
        await harness.trigger_resync()
"""


def start_pytest(folder: Path, handler: str) -> subprocess.Popen[bytes]:
    """A pytest in the middle of a resync."""
    ready = folder / "ready"
    test = folder / "test_hangs.py"
    test.write_text(HANGING_TEST.format(path=str(integration(folder / "things", handler)), ready=str(ready)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not ready.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    assert ready.exists(), process.communicate(timeout=5)[0].decode()
    time.sleep(1)  # well into the resync
    return process


def left_of(process_label: str) -> list[str]:
    """The containers and networks that a process made and that are still there."""
    client = engine.client().client.api
    filters = {"label": f"{PROCESS}={process_label}"}
    return [found["Id"] for found in (*client.containers(all=True, filters=filters), *client.networks(filters=filters))]


def seconds_until_nothing_is_left(process_label: str, limit: float) -> float:
    began = time.monotonic()
    while left_of(process_label) and time.monotonic() - began < limit:
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("number", "handler"),
    [
        (signal.SIGKILL, "await asyncio.sleep(600)\nyield []"),
        # An integration that never lets go of the interpreter cannot watch a lifeline; its supervisor can.
        (signal.SIGKILL, "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')\nyield []"),
        (signal.SIGINT, "await asyncio.sleep(600)\nyield []"),
        (signal.SIGTERM, "await asyncio.sleep(600)\nyield []"),
    ],
)
def test_nothing_is_left(tmp_path: Path, number: signal.Signals, handler: str) -> None:
    pytest_process = start_pytest(tmp_path, handler)
    label = process_name(pytest_process.pid)
    assert len(left_of(label)) == 6, "a WireMock, a Port mock, a front, a resync container and two networks"
    os.kill(pytest_process.pid, number)
    assert seconds_until_nothing_is_left(label, limit=10) < 10
    output = pytest_process.communicate(timeout=20)[0].decode()
    if number == signal.SIGINT:
        assert "Traceback" not in output
        assert "KeyboardInterrupt" in output
