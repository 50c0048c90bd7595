"""A hunt for flakes: thirty different tests on four workers, again and again; and nothing is left afterwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .factories import integration
from .test_lifeline import left_of, seconds_until_nothing_is_left

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROUNDS = int(os.environ.get("OCEAN_SANDBOX_ROUNDS", "1"))
TESTS = 30
HANDLER = """
for page in (1, 2, 3):
    response = await http_async_client.get(f"https://api.things.example/things?page={page}")
    response.raise_for_status()
    yield response.json()
"""
THIRTY = """
import os
from pathlib import Path
import pytest
from harness import IntegrationTestHarness, InterceptTransport
from sandbox.engine.owner import process_name

def page(number, page):
    return [{{"id": f"{{number}}-{{page}}", "value": "x" * (number * 1000)}}]

def static(number):
    transport = InterceptTransport()
    for each in "123":
        transport.add_route("GET", f"page={{each}}", {{"json": page(number, each)}})
    return transport

def dynamic(number):
    return InterceptTransport().add_route(
        "GET", "/things", lambda request: {{"json": page(number, request.url.params["page"])}})

def limited(number):
    transport = InterceptTransport()
    for each in "123":
        transport.add_route("GET", "/things", {{"json": page(number, each), "delay": 0.01}}, times=1)
    return transport

def retried(number):
    transport = InterceptTransport()
    transport.add_route("GET", "page=2", {{"status_code": 503}}, times=1)
    transport.add_route("GET", "page=3", {{"fault": "connection_reset"}}, times=1)
    transport._routes += static(number)._routes
    return transport

def predicate(number):
    transport = InterceptTransport()
    for each in "123":
        transport.add_route(
            "GET", lambda request, each=each: request.url.params["page"] == each, {{"json": page(number, each)}})
    return transport

MAPPING = {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings":
          {{"identifier": ".id", "blueprint": '"thing"', "properties": {{"length": ".value | length"}}}}}}}}}}]}}

@pytest.mark.asyncio
@pytest.mark.parametrize("number", range({tests}))
async def test_one_of_many(number):
    Path({labels!r}, str(os.getpid())).write_text(process_name(os.getpid()))
    make = [static, dynamic, limited, retried, predicate][number % 5]
    harness = IntegrationTestHarness({path!r}, MAPPING, make(number))
    try:
        await harness.start()
        result = await harness.trigger_resync()
    finally:
        await harness.shutdown()
    assert result.errors == []
    assert [entity["identifier"] for entity in result.upserted_entities] == [f"{{number}}-{{each}}" for each in "123"]
    assert {{entity["properties"]["length"] for entity in result.upserted_entities}} == {{number * 1000}}
    assert len(harness.third_party_transport.calls) == (5 if make is retried else 3)
"""


def test_no_round_has_a_flake_or_leaves_anything(tmp_path: Path) -> None:
    labels = tmp_path / "labels"
    labels.mkdir()
    path = str(integration(tmp_path / "things", HANDLER))
    (tmp_path / "test_thirty.py").write_text(THIRTY.format(path=path, labels=str(labels), tests=TESTS))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "4", "test_thirty.py"]
    for number in range(ROUNDS):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
        assert f"{TESTS} passed" in done.stdout, f"round {number + 1} of {ROUNDS}:\n{done.stdout[-5000:]}"
    assert len(list(labels.iterdir())) == 4 * ROUNDS
    for label in labels.iterdir():
        assert seconds_until_nothing_is_left(label.read_text(), limit=10) < 10, left_of(label.read_text())
