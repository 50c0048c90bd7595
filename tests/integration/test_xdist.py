"""pytest-xdist: any way of distributing, a worker that crashes, and images that are built once."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from sandbox.engine import engine
from sandbox.images import images
from sandbox.settings import load

from .factories import integration
from .test_lifeline import left_of, seconds_until_nothing_is_left

pytestmark = [pytest.mark.integration, pytest.mark.slow]

# Each process that makes sandboxes leaves its label in a file, by which what it made can be found.
THINGS = """
import os
from pathlib import Path
import pytest
from harness import BaseIntegrationTest, InterceptTransport
from sandbox.engine.owner import process_name

class Things(BaseIntegrationTest):
    integration_path = {path!r}
    def create_third_party_transport(self):
        label = process_name(os.getpid())
        Path({labels!r}, str(os.getpid())).write_text(label)
        return InterceptTransport().add_route("GET", "/things", self.answer())
    def answer(self):
        return {{"json": [{{"id": "1", "value": 1}}]}}
    def create_mapping_config(self):
        return {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings":
                {{"identifier": ".id", "blueprint": '"thing"', "properties": {{}}}}}}}}}}]}}

class TestStatic(Things):
    @pytest.mark.asyncio
    async def test_one(self, resync):
        assert len(resync.upserted_entities) == 1
    @pytest.mark.asyncio
    async def test_two(self, resync):
        assert len(resync.upserted_entities) == 1

class TestCallable(Things):
    def answer(self):
        return lambda request: {{"json": [{{"id": "1"}}, {{"id": "2"}}]}}
    @pytest.mark.asyncio
    async def test_three(self, resync):
        assert len(resync.upserted_entities) == 2
"""
CRASH = """
import asyncio, os, time
import pytest
from pathlib import Path
from test_a import Things
from tests.integration.test_lifeline import left_of
from sandbox.engine.owner import process_name

class TestCrash(Things):
    @pytest.mark.asyncio
    async def test_crash(self, harness):
        there = await asyncio.to_thread(left_of, process_name(os.getpid()))
        Path("there").write_text(str(len(there)))
        os._exit(1)
"""


def files(folder: Path, *names: str) -> Path:
    """A folder with test files of one integration; returns where its processes leave their labels."""
    labels = folder / "labels"
    labels.mkdir()
    path = str(integration(folder / "things"))
    for name in names:
        (folder / f"{name}.py").write_text(THINGS.format(path=path, labels=str(labels)))
    return labels


def run(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", *options]
    environment = f"import sys; sys.path.insert(0, {str(Path(__file__).parent.parent.parent)!r})\n"
    (folder / "conftest.py").write_text(environment)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300).stdout


@pytest.mark.parametrize("distribution", ["load", "loadscope", "worksteal"])
def test_any_distribution(tmp_path: Path, distribution: str) -> None:
    labels = files(tmp_path, "test_a", "test_b")
    output = run(tmp_path, "2", "--dist", distribution)
    assert "6 passed" in output, output[-5000:]
    assert "6 tests, 6 resyncs, 8 entities captured" in output
    assert [left_of(label.read_text()) for label in labels.iterdir()] == [[], []]


def test_a_worker_that_crashes_leaves_nothing_and_the_others_go_on(tmp_path: Path) -> None:
    labels = files(tmp_path, "test_a", "test_b")
    (tmp_path / "test_crash.py").write_text(CRASH)
    output = run(tmp_path, "2")
    assert "crashed while running 'test_crash.py::TestCrash::test_crash'" in output, output[-5000:]
    assert "1 failed, 6 passed" in output, output[-5000:]
    assert int((tmp_path / "there").read_text()) >= 5, "a WireMock, a Port mock, a resync container and two networks"
    for label in labels.iterdir():
        assert seconds_until_nothing_is_left(label.read_text(), limit=20) < 20


BUILDS = """
import pytest
from pathlib import Path
from sandbox.engine import engine
from sandbox.images import images
from sandbox.settings import load

@pytest.mark.parametrize("number", range({workers}))
def test_ensure(number):
    images.ensure([images.integration(Path({path!r}))], load(), engine.ensure(load()))
"""


@pytest.mark.parametrize("workers", [2, 4])
def test_an_image_is_built_once_by_however_many_workers(tmp_path: Path, workers: int) -> None:
    directory = integration(tmp_path / "tiny")
    pyproject = f'[project]\nname = "tiny"\nversion = "1"\ndescription = "{uuid.uuid4()}"\ndependencies = []\n'
    (directory / "pyproject.toml").write_text(pyproject)
    (tmp_path / "test_builds.py").write_text(BUILDS.format(path=str(directory), workers=workers))
    image = images.integration(directory)
    try:
        output = run(tmp_path, str(workers), "-rP")
        assert f"{workers} passed" in output, output[-5000:]
        assert output.count(f"images: building {image.tag(load())}") == 1
    finally:
        images.remove(image, load(), engine.ensure(load()))
