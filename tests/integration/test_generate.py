"""A test generated from a recording runs, and gives the recorded entities, or some of them, in either form."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from harness import InterceptTransport, ResyncResult, cli
from harness.recording.discovery_file import PLACE

from .factories import API, integration, mapping, started

pytestmark = [pytest.mark.integration, pytest.mark.slow]
# Pages by Link with details of each item, GraphQL cursors, a job that proceeds, an error that says something, a search by
# form, and another host.
READS_EVERYTHING = """
    api = "https://api.things.example"
    url = f"{api}/things?page=1&per_page=3"
    while url:
        response = await http_async_client.get(url)
        found = []
        for item in response.json():
            detail = (await http_async_client.get(f"{api}/things/{item['id']}")).json()
            found.append({**item, "value": [detail["value"], detail["tags"]]})
        yield found
        url = response.links.get("next", {}).get("url")
    for name in ("People", "Places"):
        after = None
        while True:
            asked = {"operationName": name, "variables": {"after": after}}
            page = (await http_async_client.post(f"{api}/graphql", json=asked)).json()["data"]
            yield page["nodes"]
            if not page["info"]["hasNextPage"]:
                break
            after = page["info"]["endCursor"]
    job = {}
    while job.get("value") != "done":
        job = (await http_async_client.get(f"{api}/job")).json()
    yield [job]
    gone = await http_async_client.get("https://files.things.example:8443/gone%20file.png")
    yield [{"id": "gone", "value": [gone.status_code, gone.headers["x-why"], gone.text]}]
    for word in ("a b", "c"):
        yield (await http_async_client.post(f"{api}/search", data={"q": word})).json()["results"]
"""


def third_party() -> InterceptTransport:
    """The API that is recorded: seven things on three pages, five people and places."""

    def things(request: httpx.Request) -> dict[str, Any]:
        page = int(request.url.params["page"])
        items = [{"id": number, "name": f"żółć {number}"} for number in range(page * 3 - 3, min(page * 3, 7))]
        following = f'<{API}/things?page={page + 1}&per_page=3>; rel="next"'
        return {"json": items, "headers": {"link": following} if page < 3 else {}}

    def detail(request: httpx.Request) -> dict[str, Any]:
        return {"json": {"id": 1, "value": f"detail of {request.url.path}", "tags": ["a", "b", "c"]}}

    def graphql(request: httpx.Request) -> dict[str, Any]:
        asked = json.loads(request.content)
        start = int(asked["variables"]["after"] or 0)
        nodes = [
            {"id": f"{asked['operationName']}-{number}", "value": number} for number in range(start, min(start + 2, 5))
        ]
        return {"json": {"data": {"nodes": nodes, "info": {"hasNextPage": start + 2 < 5, "endCursor": str(start + 2)}}}}

    def search(request: httpx.Request) -> dict[str, Any]:
        found = [{"id": f"{request.content.decode()}-{number}", "value": number} for number in range(4)]
        return {"json": {"results": found, "total": 4}}

    transport = InterceptTransport()
    transport.add_route("GET", r"/things\?", things)
    transport.add_route("GET", "/things/", detail)
    transport.add_route("POST", "/graphql", graphql)
    for status in ("queued", "running"):
        transport.add_route("GET", "/job", {"json": {"id": "job", "value": status}}, times=1)
    transport.add_route("GET", "/job", {"json": {"id": "job", "value": "done"}})
    transport.add_route("GET", "gone", {"status_code": 404, "body": "no more", "headers": {"x-why": "gone"}})
    transport.add_route("POST", "/search", search)
    return transport


async def record(directory: Path) -> list[dict[str, Any]]:
    """Write a recording of a resync; gives its entities."""
    transport = third_party()
    async with started(directory, transport) as harness:
        result: ResyncResult = await harness.trigger_resync()
        calls = [call.to_dict() for call in transport.calls]
        for call, log in zip(calls, transport.calls, strict=True):
            call["request_headers"] = dict(log.request.headers)
            call["response_headers"] = dict(log.response.headers)
            call["request_body"] = _body(log.request.content)
    assert result.errors == []
    upsert = {
        "method": "POST",
        "url": "http://port-mock:8000/v1/blueprints/thing/entities/bulk",
        "request_body": {"entities": result.upserted_entities},
        "response_status": 200,
        "response_body": {"errors": []},
    }
    content = {
        "metadata": {"integration_type": "things", "generated_at": "2026-11-21T10:30:00+00:00", "version": 1},
        "integration_config": {"token": "redacted-00001"},
        "mapping_config": mapping(),
        "blueprints": [],
        "third_party_requests": calls,
        "port_requests": [upsert],
    }
    file = directory / PLACE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2))
    return result.upserted_entities


def _body(content: bytes) -> Any:
    text = content.decode()
    return json.loads(text) if text.startswith("{") else text or None


def generate(directory: Path, *options: str) -> str:
    done = CliRunner().invoke(cli.main, ["generate", *options, str(directory)])
    assert done.exit_code == 0, done.output
    assert "mind:" not in done.output
    return (directory / "tests" / "test_integration_resync.py").read_text()


def run(directory: Path) -> None:
    """Run what was generated as a developer does."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def counts(source: str) -> int:
    line = next(line for line in source.splitlines() if line.startswith("COUNTS"))
    return int(line.rpartition(": ")[2].rstrip("}"))


@pytest.mark.asyncio
@pytest.mark.parametrize("form", ["python", "stubs"])
async def test_a_recording_becomes_a_test_that_passes(form: str, tmp_path: Path) -> None:
    directory = integration(tmp_path / "things", READS_EVERYTHING)
    entities = await record(directory)
    full = await asyncio.to_thread(generate, directory, "--full", "--as", form)
    assert counts(full) == len({each["identifier"] for each in entities}) == 7 + 10 + 1 + 1 + 8
    await asyncio.to_thread(run, directory)

    cut = await asyncio.to_thread(generate, directory, "--as", form)
    assert counts(cut) == 2 + 4 + 1 + 1 + 4
    await asyncio.to_thread(run, directory)
    assert await asyncio.to_thread(generate, directory, "--as", form) == cut
    assert (directory / "wiremock-mappings" / "things").is_dir() == (form == "stubs")
