"""`ocean sail` as it ships: its result is what Port was told, and what Port got besides entities."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import InterceptTransport, RemoteError
from sandbox.errors import IntegrationError, ResyncCrashedError, ResyncTimeoutError
from sandbox.settings import load

from .factories import SPEC, integration, mapping, resync, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

CONFIGURED = """
title: Things
features:
  - type: exporter
    section: Test
    resources:
      - kind: thing
configurations:
  - {name: apiToken, type: string, required: true, sensitive: true}
  - {name: pageSize, type: integer}
  - {name: isDeep, type: boolean}
  - {name: names, type: array}
  - {name: labels, type: object}
"""
TELLS_ITS_CONFIGURATION = """
    config = ocean.integration_config
    names = ("api_token", "page_size", "is_deep", "names", "labels")
    value = {name: config[name] for name in names}
    yield [{"id": 1, "value": [value, sys.argv[1:], str(ocean.event_listener_type)]}]
"""
ON_START = """
done = asyncio.Event()
@ocean.on_start()
async def on_start():
    await http_async_client.post("https://api.things.example/hooks")
    done.set()
    raise LookupError("no hook for us")
"""


def blueprint(identifier: str, **relations: str) -> dict[str, Any]:
    targets = {name: {"target": target, "required": False, "many": False} for name, target in relations.items()}
    return {"identifier": identifier, "title": identifier, "schema": {"properties": {}}, "relations": targets}


def with_resources(directory: Path) -> Path:
    """Give an integration the resources that Ocean makes at its first start."""
    folder = directory / ".port" / "resources"
    folder.mkdir()
    files: dict[str, Any] = {
        "blueprints.json": [blueprint("thing", box="box"), blueprint("box")],
        "actions.json": [{"identifier": "move", "title": "Move"}],
        "scorecards.json": [{"blueprint": "thing", "data": [{"identifier": "tidy", "title": "Tidy"}]}],
        "pages.json": [{"identifier": "things", "title": "Things"}],
        "port-app-config.json": mapping(title='"shipped"'),
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return directory


async def test_the_environment_alone_configures_it(tmp_path: Path) -> None:
    own = {
        "apiToken": "test-api-token",
        "page_size": 7,
        "is_deep": True,
        "names": ["a", "b"],
        "labels": {"a": {"b": 1}},
    }
    config = {"integration": {"identifier": "test-things", "type": "things", "config": own}}
    result = await resync(
        integration(tmp_path, TELLS_ITS_CONFIGURATION, spec=CONFIGURED), entry="production", config_overrides=config
    )
    told = {"api_token": "test-api-token", **{name: value for name, value in own.items() if name != "apiToken"}}
    assert result.errors == []
    assert values(result) == {"1": [told, ["sail"], "ONCE"]}


async def test_its_default_resources_are_made_and_its_mapping_is_in_force_without_one_of_the_test(
    tmp_path: Path,
) -> None:
    directory = with_resources(integration(tmp_path, "yield [{'id': 1, 'value': 1}]"))
    async with started(directory, entry="production", port_mapping_config=None) as harness:
        first = await harness.trigger_resync()
        assert harness.port_mock.state["integration"]["arePortResourcesInitialized"]
        second = await harness.trigger_resync()
    made = first.default_resources
    assert (list(made.blueprints), made.actions[0]["identifier"]) == (["thing", "box"], "move")
    assert made.blueprints["thing"]["relations"]["box"]["target"] == "box"
    assert [(each["blueprint"], each["identifier"]) for each in made.scorecards] == [("thing", "tidy")]
    assert [page["identifier"] for page in made.pages] == ["things"]
    assert made.mapping["resources"][0]["port"]["entity"]["mappings"]["title"] == '"shipped"'
    assert [entity["title"] for entity in first.upserted_entities] == ["shipped"]
    assert second.default_resources == made
    assert (first.errors, second.errors, second.reconciliation_success) == ([], [], True)


async def test_a_mapping_of_the_test_wins_and_what_it_says_is_in_port_is_not_made(tmp_path: Path) -> None:
    directory = with_resources(integration(tmp_path, "yield [{'id': 1, 'value': 1}]"))
    result = await resync(directory, entry="production", port_mapping_config=mapping(title='"of the test"'))
    there = await resync(directory, entry="production", port_blueprints={"thing": blueprint("thing")})
    off = await resync(directory, entry="production", config_overrides={"initialize_port_resources": False})
    assert [entity["title"] for entity in result.upserted_entities] == ["of the test"]
    assert set(result.default_resources.blueprints) == {"thing", "box"}
    assert result.default_resources.mapping["resources"][0]["port"]["entity"]["mappings"]["title"] == '"of the test"'
    assert (there.default_resources.blueprints, there.default_resources.pages) == ({}, [])
    assert (off.default_resources.blueprints, values(off)) == ({}, {"1": 1})


async def test_what_it_makes_itself_is_what_strict_rules_go_by(tmp_path: Path) -> None:
    directory = with_resources(integration(tmp_path, "yield [{'id': 1, 'value': 1}]"))
    config = {**mapping(relations={"box": '"nowhere"'}), "createMissingRelatedEntities": False}
    result = await resync(directory, entry="production", port="strict", port_mapping_config=config)
    lenient = await resync(directory, entry="production", port_mapping_config=config)
    assert [entity.identifier for entity in result.rejected_entities] == ["1"]
    assert lenient.rejected_entities == []


async def test_on_start_runs_and_its_failure_is_an_error(tmp_path: Path) -> None:
    transport = InterceptTransport().add_route("POST", "/hooks", {"json": {}})
    handler = "await done.wait()\nyield [{'id': 1, 'value': 1}]"  # the end of the resync ends what is under way
    result = await resync(integration(tmp_path, handler, head=ON_START), transport, entry="production")
    (error,) = result.errors
    assert isinstance(error, LookupError)
    assert error.args == ("no hook for us",)
    assert "on_start" in error.remote_traceback  # type: ignore[attr-defined]
    assert result.reconciliation_success, "the resync is another matter"
    assert [str(call.request.url) for call in transport.calls] == ["https://api.things.example/hooks"]


async def test_an_error_of_the_third_party_is_there_with_its_answer(tmp_path: Path) -> None:
    transport = InterceptTransport().add_route("GET", "/things", {"status_code": 404, "json": {"why": "gone"}})
    result = await resync(integration(tmp_path), transport, entry="production")
    (error,) = result.errors
    assert isinstance(error, RemoteError)
    assert (error.name, error.kind) == ("port_ocean.exceptions.core.OceanAbortException", "thing")
    assert isinstance(error.__cause__, httpx.HTTPStatusError)
    assert error.__cause__.request.method == "GET"
    assert error.__cause__.response.json() == {"why": "gone"}
    assert not result.reconciliation_success
    assert [(counts.kind, counts.state) for counts in result.kinds] == [("thing", "failed")]


async def test_a_record_that_was_lost_leaves_what_the_state_of_the_kind_says(tmp_path: Path) -> None:
    """Of a record with a lambda in its context, nothing arrives: loguru's queue cannot pickle it."""
    handler = "yield []\nraise ValueError('lost')"
    head = """
@ocean.on_resync_start()
async def start():
    from loguru import logger
    logger.configure(extra={"unpicklable": lambda: None})
"""
    result = await resync(integration(tmp_path, handler, head=head), entry="production")
    (error,) = result.errors
    assert isinstance(error, RemoteError)
    assert "The kind 'thing' failed, and the shipped log has no exception" in error.message
    assert (error.kind, result.reconciliation_success) == ("thing", False)


@pytest.mark.parametrize(
    ("head", "spec", "words"),
    [
        ("", CONFIGURED, ("exit code 1: its configuration", "api_token")),
        ("raise RuntimeError('mine')", SPEC, ("exit code 1: its configuration", ": RuntimeError: mine")),
        ("sys.exit(0)", SPEC, ("exit code 0: nothing failed", "main.py")),
    ],
)
async def test_what_does_not_start_is_an_error_of_ours(
    tmp_path: Path, head: str, spec: str, words: tuple[str, str]
) -> None:
    with pytest.raises(IntegrationError) as raised:
        await resync(integration(tmp_path, head=head, spec=spec), entry="production")
    assert f"The integration at {tmp_path} does not start: `ocean sail` ended with {words[0]}" in str(raised.value)
    assert words[1] in str(raised.value)
    assert f'File "{tmp_path}/main.py"' in str(raised.value) or "RuntimeError" not in head


async def test_a_start_up_that_port_refuses_is_an_error_of_ours(tmp_path: Path) -> None:
    async with started(integration(tmp_path), entry="production") as harness:
        harness.port.fail("GET", "/organization", status=500)
        with pytest.raises(IntegrationError, match="does not start: `ocean sail` ended with exit code"):
            await harness.trigger_resync()


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        ("os.abort()\nyield []", "died while resyncing: aborted (SIGABRT)"),
        ("os._exit(7)\nyield []", "died while resyncing: `ocean sail` ended with exit code 7"),
        ("hog = [bytearray(2**20) for _ in range(2000)]\nyield []", "died while resyncing: it ran out of memory"),
    ],
)
async def test_a_process_that_dies_is_a_crash(tmp_path: Path, handler: str, words: str) -> None:
    with pytest.raises(ResyncCrashedError) as raised:
        await resync(integration(tmp_path, handler), entry="production", sandbox_settings=load(resync_memory="400m"))
    assert words in str(raised.value)


async def test_one_that_takes_too_long_says_where_it_waits(tmp_path: Path) -> None:
    handler = "await asyncio.sleep(60)\nyield []"
    with pytest.raises(ResyncTimeoutError) as raised:
        await resync(integration(tmp_path, handler), entry="production", sandbox_settings=load(resync_timeout=8))
    line = next(n for n, text in enumerate((tmp_path / "main.py").read_text().splitlines(), 1) if "sleep(60)" in text)
    assert f"/main.py, line {line}" in str(raised.value)


@pytest.mark.parametrize("isolation", ["container", "fork"])
async def test_each_resync_is_a_process_of_its_own_and_attempts_to_leave_are_seen(
    tmp_path: Path, isolation: str
) -> None:
    handler = """
        Path = __import__("pathlib").Path
        before = Path("/tmp/left").exists()
        Path("/tmp/left").write_text("x")
        try:
            with socket.create_connection(("db.example.org", 5432)) as connection:
                connection.sendall(bytes([0, 0, 0, 8, 4, 210, 22, 47]))
                connection.recv(1)
        except OSError:
            yield [{"id": 1, "value": before}]
    """
    settings = load(isolation=isolation)
    async with started(
        integration(tmp_path, handler), entry="production", sandbox_settings=settings, fail_on_egress=False
    ) as harness:
        for _ in range(2):
            result = await harness.trigger_resync()
            assert values(result) == {"1": False}
            attempts = [(each.host, each.port, each.protocol) for each in result.egress_attempts]
            assert attempts == [("db.example.org", 5432, "PostgreSQL")]
            assert any("Setting sail" in line for line in result.logs)
