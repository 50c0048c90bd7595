"""A generated test replays on any later day, whatever the integration makes of the time and of chance."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import cli
from tests.upstream.calendar import ITEMS, serve_calendar

from .factories import integration, mapping
from .test_generate import counts, generate, run

pytestmark = [pytest.mark.integration, pytest.mark.slow]
SPEC = """
title: Things
features:
  - type: exporter
    section: Test
    resources:
      - kind: thing
configurations:
  - name: apiUrl
    type: url
    required: true
"""
# The file `days` is how many days its clock is ahead.
HEAD = """
import secrets, uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

def now():
    return datetime.now(UTC) + timedelta(days=int(Path(__file__).with_name("days").read_text()))
"""
READS_WHAT_DEPENDS_ON_THE_DAY = """
    api = ocean.integration_config["api_url"]
    for days in (30, 60, 90):
        window = {"from": (now() - timedelta(days=days)).isoformat(), "nonce": secrets.token_hex(12)}
        events = await http_async_client.get(f"{api}/events", params=window, headers={"X-Run": str(uuid.uuid4())})
        events.raise_for_status()
        yield events.json()["events"]
    report = await http_async_client.get(f"{api}/reports/{now():%Y-%m-%d}")
    report.raise_for_status()
    yield [report.json()]
    after = None
    while True:
        asked = {"selector": {"id": {"$gt": after}}, "limit": 5}
        docs = (await http_async_client.post(f"{api}/_find", json=asked)).json()["docs"]
        if not docs:
            break
        yield docs
        after = docs[-1]["id"]
    more = {}
    while True:
        page = await http_async_client.get(f"{api}/list", headers=more)
        yield page.json()
        if "x-more" not in page.headers:
            break
        more = {"X-More": page.headers["x-more"]}
    for method in ("users", "teams"):
        call = {"jsonrpc": "2.0", "id": str(uuid.uuid4()), "method": method}
        answer = (await http_async_client.post(f"{api}/rpc", json=call)).json()
        assert answer["id"] == call["id"]
        yield answer["result"]
"""


def record(folder: Path, handler: str = READS_WHAT_DEPENDS_ON_THE_DAY) -> Path:
    directory = integration(folder / "things", handler, head=HEAD, spec=SPEC)
    resources = directory / ".port" / "resources"
    resources.mkdir()
    (resources / "port-app-config.yml").write_text(json.dumps(mapping()))
    (directory / "days").write_text("0")
    with serve_calendar() as url:
        (directory / ".env").write_text(f"OCEAN__INTEGRATION__CONFIG__API_URL={url}\n")
        done = CliRunner().invoke(cli.main, ["discover", str(directory), "--har", str(folder / "some.har")])
    assert done.exit_code == 0, done.output
    return directory


def test_a_replay_in_forty_days(tmp_path: Path) -> None:
    directory = record(tmp_path)
    for form in ("python", "stubs"):
        for options, entities in (((), 6 + 1 + 2 + 2 + 4), (("--full",), 9 + 1 + 2 * ITEMS + 6)):
            (directory / "days").write_text("0")
            shutil.rmtree(directory / "tests", ignore_errors=True)
            assert counts(generate(directory, "--as", form, "--force", *options)) == entities
            (directory / "days").write_text("40")
            run(directory)


# What is neither a UUID nor looks random: only trying shows that it differs.
ASKS_BY_CHANCE = """
    api = ocean.integration_config["api_url"]
    for team in ("a", "bb"):
        by_chance = {"a": secrets.randbelow(1000), "team": team}
        yield (await http_async_client.get(f"{api}/teams", params=by_chance)).json()
        yield (await http_async_client.get(f"{api}/teams/run{secrets.randbelow(1000)}", params={"team": team})).json()
    everything = (await http_async_client.get(f"{api}/list/of/all")).json()
    yield [next(each for each in everything if each["value"] == 304)]
    if now() > datetime.now(UTC) + timedelta(hours=1):
        await http_async_client.get(f"{api}/only-then", params={"team": "a"})
"""


def test_what_only_trying_shows(tmp_path: Path) -> None:
    directory = record(tmp_path, ASKS_BY_CHANCE)
    done = CliRunner().invoke(cli.main, ["generate", str(directory)])
    assert done.exit_code == 0, done.output
    assert "differs in each run, and is not compared: query a of GET 127.0.0.1" in done.output
    assert "nothing is cut of GET 127.0.0.1" in done.output
    source = (directory / "tests" / "test_integration_resync.py").read_text()
    assert counts(source) == 2 + 2 + 1  # both kinds of requests have the same items
    assert "lists were cut to 2 items, but for some" in source
    run(directory)


ASKS_FOR_CONSTANTS = """
    api = ocean.integration_config["api_url"]
    teams = ["6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "{0c0a7e2e-3f6b-4f0e-9a35-6a1d3c1c5b7d}"]
    if now() > datetime.now(UTC) + timedelta(hours=1):
        teams.reverse()
    for team in teams:
        found = (await http_async_client.get(f"{api}/teams", params={"team": team})).json()
        yield [{"id": team, "value": found[0]["value"]}]
    for team in ("a", "bb"):
        yield (await http_async_client.get(f"{api}/teams", params={"team": team, "run": str(uuid.uuid4())})).json()
"""


def test_constants_that_look_made_up_tell_requests_apart(tmp_path: Path) -> None:
    directory = record(tmp_path, ASKS_FOR_CONSTANTS)
    source = generate(directory)
    assert "6f9619ff-8b86-4d01-b42d-00cf4fc964ff" in source
    assert '"run' not in source
    (directory / "days").write_text("40")
    run(directory)


def test_requests_that_cannot_be_answered_are_named(tmp_path: Path) -> None:
    directory = record(tmp_path, ASKS_BY_CHANCE)
    (directory / "days").write_text("1")
    done = CliRunner().invoke(cli.main, ["generate", str(directory)])
    assert done.exit_code == 3
    assert "1 request of the replay has no recorded answer" in done.output
    assert "/only-then?team=a: no request to this path was recorded" in done.output
    assert "deterministic" not in done.output


def test_an_archive_is_written_and_becomes_a_test(tmp_path: Path) -> None:
    directory = record(
        tmp_path, 'yield (await http_async_client.get(ocean.integration_config["api_url"] + "/x")).json()'
    )
    (directory / ".port" / "resources" / "discovery.json").unlink()
    source = generate(directory, "--from", str(tmp_path / "some.har"))
    assert counts(source) == 2
    assert "from some.har:" in source
    run(directory)
