"""Two tests of one integration with different answers, side by side: each sees only its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .factories import integration

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROUNDS = int(os.environ.get("OCEAN_SANDBOX_ROUNDS", "4"))
TWO_TESTS = """
import pytest
from harness import BaseIntegrationTest, InterceptTransport

class Things(BaseIntegrationTest):
    integration_path = {path!r}
    word = ""
    def create_third_party_transport(self):
        transport = InterceptTransport(strict=True)
        transport.add_route("GET", "/things", {{"json": [{{"id": self.word, "value": self.word}}]}})
        return transport
    def create_mapping_config(self):
        return {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings":
                {{"identifier": ".id", "blueprint": '"thing"', "properties": {{"value": ".value"}}}}}}}}}}]}}
    async def sees_only_its_own(self, harness):
        result = await harness.trigger_resync()
        assert result.errors == []
        assert [entity["identifier"] for entity in result.upserted_entities] == [self.word]
        assert len(harness.third_party_transport.calls) == 1
        assert [call.request.url.path for call in harness.third_party_transport.calls] == ["/things"]
        assert len(harness.port_mock.upserted_entities) == 1

class TestOne(Things):
    word = "one"
    @pytest.mark.asyncio
    @pytest.mark.parametrize("round", range({rounds}))
    async def test_one(self, harness, round):
        await self.sees_only_its_own(harness)

class TestTwo(Things):
    word = "two"
    @pytest.mark.asyncio
    @pytest.mark.parametrize("round", range({rounds}))
    async def test_two(self, harness, round):
        await self.sees_only_its_own(harness)
"""


def run_rounds(folder: Path, rounds: int, *options: str) -> str:
    path = str(integration(folder / "things"))
    (folder / "test_two.py").write_text(TWO_TESTS.format(path=path, rounds=rounds))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_two.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


@pytest.mark.parametrize("isolation", ["container", "fork"])
def test_rounds_in_parallel(tmp_path: Path, isolation: str) -> None:
    output = run_rounds(tmp_path, ROUNDS, "-n", "2", f"--sandbox-isolation={isolation}")
    assert f"{ROUNDS * 2} passed" in output
    assert f"{ROUNDS * 2} tests, {ROUNDS * 2} resyncs, {ROUNDS * 2} entities captured" in output
