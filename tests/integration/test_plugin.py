"""The plugin, in pytest-asyncio's strict and auto modes."""

import subprocess
import sys
from pathlib import Path

import pytest

from .factories import integration

pytestmark = pytest.mark.integration

TEST = """
import pytest
from harness import BaseIntegrationTest, InterceptTransport

class TestThings(BaseIntegrationTest):
    integration_path = {path!r}
    def create_third_party_transport(self):
        return InterceptTransport(strict=True).add_route("GET", "/things", {{"json": [{{"id": "1", "value": 1}}]}})
    def create_mapping_config(self):
        return {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings":
                {{"identifier": ".id", "blueprint": '"thing"', "properties": {{}}}}}}}}}}]}}
    {mark}
    async def test_things(self, resync):
        assert len(resync.upserted_entities) == 1
"""


@pytest.mark.parametrize(("mode", "mark"), [("strict", "@pytest.mark.asyncio"), ("auto", "")])
def test_both_modes(tmp_path: Path, mode: str, mark: str) -> None:
    path = str(integration(tmp_path / "things"))
    (tmp_path / "test_things.py").write_text(TEST.format(path=path, mark=mark))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", f"asyncio_mode={mode}", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 test, 1 resync, 1 entity captured" in done.stdout
