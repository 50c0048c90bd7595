"""What `discover` cannot record, it says, and does not end as if all were well."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import cli

from .factories import integration, mapping

pytestmark = [pytest.mark.integration, pytest.mark.slow]

HEAD = """
def say(raw):
    with socket.create_connection(("a.example", 80), timeout=9) as connection:
        connection.sendall(raw)
        return connection.recv(100)
"""
# The first ones are asked before WireMock's journal is emptied, which a long discovery does at times.
LOST = {
    "/front": b"GET /front HTTP/1.1\r\nHost: a.example\r\nno colon\r\n\r\n",
    "/jetty": b"GET /jetty HTTP/1.1\r\nHost: a.example\r\nUser-Agent: things/1\r\nX: a\x01b\r\n\r\n",
}
MANY = """
    import httpx
    async with httpx.AsyncClient() as client:
        for number in range(700):
            await client.get("https://a.example/fine")
        await asyncio.sleep(1)
"""
UPLOADS = 'await client.post("https://a.example/upload", content=b"x" * 2_000_000)'


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / ".port" / "resources").mkdir(parents=True)
    (tmp_path / ".port" / "resources" / "port-app-config.yml").write_text(json.dumps(mapping()))
    (tmp_path / ".port" / "resources" / "blueprints.json").write_text("[]")
    return tmp_path


def discover(directory: Path, handler: str) -> tuple[int, str, list[str]]:
    """The exit code, what was said, and the paths that were recorded."""
    done = CliRunner().invoke(cli.main, ["discover", str(integration(directory, handler, head=HEAD))])
    file = directory / ".port" / "resources" / "discovery.json"
    recorded = json.loads(file.read_text())["third_party_requests"] if file.exists() else []
    return done.exit_code, done.output, sorted({entry["url"].removeprefix("https://a.example") for entry in recorded})


def test_requests_that_cannot_be_read_are_named_and_the_code_is_1(directory: Path) -> None:
    lost = "".join(f"    await asyncio.to_thread(say, {raw!r})\n" for raw in LOST.values())
    code, said, recorded = discover(directory, f"{lost}{MANY}        {UPLOADS}\n    yield []")

    assert (code, recorded) == (1, ["/fine"]), said
    for path in (*LOST, "/upload"):
        assert said.count(f"a.example{path}: ") == 1, said
    assert "not recorded: The sandbox cannot read GET http://a.example/front: the header line b'no colon'" in said
    assert "Illegal character CNTL=0x1" in said
    assert "POST https://a.example/upload: its body has 2,000,000 bytes, and none of more than 1,000,000" in said


def test_where_nothing_was_lost_the_code_is_0(directory: Path) -> None:
    code, said, recorded = discover(directory, MANY + "    yield []")
    assert (code, recorded) == (0, ["/fine"]), said
    assert "not recorded" not in said
