"""A run in which each warning is an error passes: none of them is ours, not even of what the garbage collector finds."""

import subprocess
import sys
from pathlib import Path

import pytest

from .factories import integration

pytestmark = [pytest.mark.integration, pytest.mark.slow]

TEST = """
import gc
import pytest
from harness import BaseIntegrationTest, InterceptTransport

class Things(BaseIntegrationTest):
    integration_path = {path!r}
    def create_third_party_transport(self):
        transport = InterceptTransport().add_route("GET", "/things", lambda request: {{"json": [{{"id": "1"}}]}})
        return transport.add_route("GET", "/never", {{"json": []}})
    def create_mapping_config(self):
        return {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings":
                {{"identifier": ".id", "blueprint": '"thing"', "properties": {{}}}}}}}}}}]}}
    @pytest.mark.asyncio
    async def test_two_resyncs(self, harness):
        for _ in range(2):
            assert len((await harness.trigger_resync()).errors) == 0
    def test_what_is_left(self):
        gc.collect()

class TestContainer(Things):
    sandbox_isolation = "container"

class TestFork(Things):
    sandbox_isolation = "fork"
"""


def test_no_warning_is_ours(tmp_path: Path) -> None:
    path = str(integration(tmp_path / "things"))
    (tmp_path / "test_things.py").write_text(TEST.format(path=path))
    errors = ["-W", "error", "-W", "error::pytest.PytestUnraisableExceptionWarning"]
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", *errors]
    command += ["-p", "no:faker", "-p", "no:hypothesispytest", "-o", "asyncio_default_fixture_loop_scope=function"]
    done = subprocess.run([*command, "."], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
    assert "Exception ignored" not in done.stdout + done.stderr
    assert "Warning" not in done.stdout + done.stderr
