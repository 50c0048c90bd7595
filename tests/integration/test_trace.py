"""The trace of a test: when it is written, where to, and what is in it."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.upstream.traces import unpacked

from .factories import integration

pytestmark = pytest.mark.integration

SECRET = "s3cr3t-v4lue-of-4-token"  # noqa: S105 # nobody's
HANDLER = """
    headers = {"authorization": f"Bearer {ocean.integration_config['token']}"}
    await http_async_client.get("https://api.things.example/members?page=1", headers=headers)
    yield (await http_async_client.get("https://api.things.example/things")).json()
    raise ValueError("the handler's own")
"""
SPEC = """
configurations:
  - {name: token, type: string, sensitive: true}
"""
TESTS = """
    import os
    import pytest
    from harness import BaseIntegrationTest, InterceptTransport

    class TestThings(BaseIntegrationTest):
        integration_path = {path!r}
        def create_third_party_transport(self):
            things = [{{"id": "1", "value": 1}}, {{"id": None}}]
            return InterceptTransport(strict=False).add_route("GET", "/things", {{"json": things}})
        def create_mapping_config(self):
            mappings = {{"identifier": ".id", "blueprint": '"thing"', "properties": {{"value": ".valeu"}}}}
            return {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings": mappings}}}}}}]}}
        def create_integration_config(self):
            return {{"integration": {{"identifier": "x", "type": "things", "config": {{"token": {secret!r}}}}}}}
        @pytest.mark.parametrize("name", ["a/b"])
        async def test_it(self, resync, name, snapshot):
            assert os.environ.get("GOES_WELL") or resync.as_snapshot() == snapshot, {secret!r}
"""


def run(folder: Path, *options: str, **environment: str) -> str:
    """Run the tests in a pytest of their own; gives what it printed."""
    things = integration(folder / "things", HANDLER, spec=SPEC)
    (folder / "test_things.py").write_text(textwrap.dedent(TESTS).format(path=str(things), secret=SECRET))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", *options, "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200", **environment},
    ).stdout


def test_a_test_that_fails_has_a_trace_until_it_passes(tmp_path: Path) -> None:
    output = run(tmp_path, "-n", "2")
    (file,) = (tmp_path / ".sandbox-traces").glob("*.html")
    assert file.name.startswith("test_things.py.TestThings.test_it-a-b-")
    assert f"\n.sandbox-traces/{file.name} shows everything, in a browser\n" in output
    assert (tmp_path / ".sandbox-traces" / ".gitignore").read_text() == "*\n"

    html = file.read_text()
    summary, rest = unpacked(html)
    assert summary["title"] == "test_things.py::TestThings::test_it[a/b]"
    assert summary["outcome"] == "failed"
    assert [problem["kind"] for problem in summary["problems"]] == ["failure"]
    (shown,) = summary["runs"]
    assert [problem["kind"] for problem in shown["problems"]] == ["error", "unmatched", "dropped", "empty"]
    assert shown["problems"][0]["title"] == "ValueError: the handler's own"
    assert shown["counts"] == shown["counts"] | {"entities": 1, "lost": 1, "calls": 2, "unmatched": 1, "errors": 1}
    assert shown["counts"]["port"] > 2
    assert [phase for phase, _ in shown["timings"]] == ["start", "boot", "resync", "collect"]
    (difference,) = summary["differences"]
    assert any("the handler's own" in line for line in difference["lines"])
    assert "route 1 of the test (test_things.py:" in rest
    assert "the item has no `valeu`; did you mean `value`?" in rest
    assert "there is no identifier" in rest
    assert SECRET not in html + json.dumps(summary) + rest
    assert "Bearer redacted-" in rest

    assert "1 passed" in run(tmp_path, GOES_WELL="yes")
    assert not file.exists()


def test_of_all_tests_or_of_none(tmp_path: Path) -> None:
    output = run(tmp_path, "--sandbox-trace=always", GOES_WELL="yes", OCEAN_SANDBOX_TRACE_FOLDER="traces/here")
    assert "shows everything" not in output
    (file,) = (tmp_path / "traces" / "here").glob("*.html")
    assert unpacked(file.read_text())[0]["outcome"] == "passed"

    output = run(tmp_path, "-o", "sandbox_trace=off")
    assert "1 failed" in output
    assert "the trace" not in output
    assert not (tmp_path / ".sandbox-traces").exists()


def test_of_a_directory(tmp_path: Path) -> None:
    things = integration(tmp_path / "things")
    mapping = {"identifier": ".id", "blueprint": '"thing"', "properties": {"value": ".value"}}
    resource = {"kind": "thing", "selector": {"query": "true"}, "port": {"entity": {"mappings": mapping}}}
    resources = things / ".port" / "resources"
    resources.mkdir()
    (resources / "port-app-config.yml").write_text(json.dumps({"resources": [resource]}))
    folder = tmp_path / "wiremock-mappings" / "things"
    folder.mkdir(parents=True)
    stub = folder / "things.json"
    body = [{"id": "1", "value": "</script>"}]
    request = {"method": "GET", "urlPath": "/things"}
    stub.write_text(json.dumps({"request": request, "response": {"status": 200, "jsonBody": body}}))

    def report(*options: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("ocean-sandbox")), "report", "things", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    done = report()
    assert (done.returncode, done.stdout) == (
        0,
        "things: 1 entity, 1 call, all is well\n.sandbox-traces/things.html shows everything, in a browser\n",
    ), done.stderr
    summary, rest = unpacked((tmp_path / ".sandbox-traces" / "things.html").read_text())
    assert (summary["outcome"], summary["problems"], summary["runs"][0]["problems"]) == ("finished", [], [])
    assert "wiremock-mappings/things/things.json:1" in rest

    entity = {"identifier": "1", "blueprint": "thing", "properties": {"value": "before"}}
    accepted = things / "tests" / "snapshots" / "things.json"
    accepted.parent.mkdir(parents=True)
    accepted.write_text(json.dumps({"entities": [entity]}))

    stub.write_text(
        json.dumps({"request": {**request, "method": "POST"}, "response": {"status": 200, "jsonBody": body}})
    )
    done = report("--output", "out/it.html", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["file"] == str(tmp_path / "out" / "it.html")
    summary, _ = unpacked((tmp_path / "out" / "it.html").read_text())
    unmatched = next(each for each in summary["runs"][0]["problems"] if each["kind"] == "unmatched")
    (difference,) = summary["differences"]
    assert difference == {"title": "Accepted in tests/snapshots/things.json", "lines": ["-thing 1"]}
    assert "differs: method GET is not POST" in unmatched["text"]
    assert "- method: GET\n  url: https://api.things.example/things\n" in unmatched["paste"]
    assert not (tmp_path / "out" / ".gitignore").exists()
