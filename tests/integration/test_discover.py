"""Discover runs a resync against the real API, and records it without a secret."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from harness import InterceptTransport, cli
from harness.options import settings_in_force
from harness.recording.discover import discover
from harness.recording.exchange import content_of
from harness.recording.recording_transport import UpstreamError
from tests.upstream.nasty import PEOPLE, Account, Nasty
from tests.upstream.registry import run_registry
from tests.upstream.serve import serve_nasty

from .factories import make_harness

pytestmark = [pytest.mark.integration, pytest.mark.slow]

UPSTREAM = Path(__file__).parents[1] / "upstream"
EXAMPLE = Path(__file__).parents[2] / "examples" / "oci-registry"
FILE = Path(".port", "resources", "discovery.json")
FIELDS = ["metadata", "integration_config", "mapping_config", "blueprints", "third_party_requests", "port_requests"]
ENTRY = ["method", "url", "request_headers", "request_body", "response_status", "response_headers", "response_body"]
# 28, and the two that the upstream itself asks for; half of them with what URLs, JSON and base64 must escape.
PLANTED = [f"plant{n:02}-{n * 7919:x}{'/+ü sécret=&' if n % 2 else 'x9f8e7d'}" for n in range(28)]


def make_nasty(folder: Path, url: str, account: Account) -> Path:
    """The nasty integration; its image is that of all folders with this name."""
    directory = Path(shutil.copytree(UPSTREAM / "integration", folder / "nasty"))
    settings = {
        "API_URL": url,
        "CLIENT_ID": account.client_id,
        "CLIENT_SECRET": account.client_secret,
        "API_KEY": account.api_key,
        "MORE_TOKENS": json.dumps(account.extra, ensure_ascii=False),
    }
    lines = [f"OCEAN__INTEGRATION__CONFIG__{name}='{value}'\n" for name, value in settings.items()]
    (directory / ".env").write_text("".join(lines), encoding="utf-8")
    return directory


def make_example(folder: Path) -> Path:
    ignored = shutil.ignore_patterns("tests", ".*_cache", "__pycache__")
    return Path(shutil.copytree(EXAMPLE, folder / "oci-registry", ignore=ignored))


def read(directory: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((directory / FILE).read_text(encoding="utf-8"))
    return content


def entities_of(recording: dict[str, Any]) -> list[dict[str, Any]]:
    bulks = [each for each in recording["port_requests"] if each["url"].split("?")[0].endswith("/entities/bulk")]
    found = [entity for each in bulks for entity in each["request_body"]["entities"]]
    return sorted(found, key=lambda entity: str(entity["identifier"]))


def replaying(recording: dict[str, Any]) -> InterceptTransport:
    """The third party as it was recorded: the same question gets its answers in their order, the last one for good."""
    answers: dict[tuple[str, str, bytes], deque[dict[str, Any]]] = {}
    for entry in recording["third_party_requests"]:
        asked = entry["method"], entry["url"], content_of(entry["request_body"])
        answers.setdefault(asked, deque()).append(entry)

    def answer(request: httpx.Request) -> httpx.Response:
        body = request.content
        if request.headers.get("content-type") == "application/json":
            body = json.dumps(json.loads(body), ensure_ascii=False).encode()
        entries = answers[request.method, str(request.url), body]
        entry = entries.popleft() if len(entries) > 1 else entries[0]
        headers = [
            (name, each)
            for name, value in entry["response_headers"].items()
            for each in (value if isinstance(value, list) else [value])
        ]
        return httpx.Response(entry["response_status"], headers=headers, content=content_of(entry["response_body"]))

    return InterceptTransport().add_route(None, lambda _: True, answer)


@pytest.mark.asyncio
async def test_a_nasty_api_is_recorded_without_a_secret_and_its_replay_gives_the_same_entities(tmp_path: Path) -> None:
    nasty = Nasty(Account(extra=PLANTED))
    with serve_nasty(nasty) as url:
        directory = make_nasty(tmp_path, url, nasty.account)
        done = await discover(directory, settings_in_force())

    recording = read(directory)
    text = (directory / FILE).read_text(encoding="utf-8")
    secrets = [nasty.account.client_secret, nasty.account.api_key, *PLANTED, *nasty.tokens]
    assert [secret for secret in secrets if secret in text or secret in json.dumps(recording)] == []
    assert [person for person in PEOPLE if person["name"] in text or person["email"] in text] == []
    assert list(recording) == FIELDS
    requests = recording["third_party_requests"] + recording["port_requests"]
    assert {tuple(entry) for entry in requests} == {tuple(ENTRY)}
    assert done.errors == []
    assert done.hosts.keys() == {httpx.URL(each).netloc.decode() for each in (url, nasty.files)}
    assert done.entities == len(entities_of(recording)) == 34

    harness = make_harness(
        directory,
        replaying(recording),
        port_mapping_config=recording["mapping_config"],
        config_overrides={
            "integration": {"identifier": "replay", "type": "nasty", "config": recording["integration_config"]}
        },
    )
    try:
        await harness.start()
        result = await harness.trigger_resync()
    finally:
        await harness.shutdown()
    assert result.errors == []
    assert sorted(result.upserted_entities, key=lambda each: str(each["identifier"])) == entities_of(recording)


def test_a_real_registry(tmp_path: Path) -> None:
    directory = make_example(tmp_path)
    with run_registry() as registry:
        digests = {registry.push("shop/api", tag, layers=2) for tag in ("1.0", "1.1")}
        (directory / ".env").write_text(f"OCEAN__INTEGRATION__CONFIG__REGISTRY_URL={registry.url}\n")
        done = CliRunner().invoke(cli.main, ["discover", str(directory), "--keep-personal-data"])
    recording = read(directory)
    assert done.exit_code == 0, done.output
    assert f"{FILE}: {len(recording['third_party_requests'])} calls, 5 entities" in done.output
    assert recording["metadata"]["integration_type"] == "oci-registry"
    assert recording["integration_config"] == {"registry_url": registry.url, "page_size": 100}
    found = {entity["identifier"] for entity in entities_of(recording) if entity["blueprint"] == "ociImage"}
    assert found == {f"shop/api@{digest}" for digest in digests}
    assert any(entry["url"].endswith("/v2/_catalog?n=100") for entry in recording["third_party_requests"])


@pytest.mark.asyncio
async def test_without_credentials_it_shows_what_would_be_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("OCEAN__")]:
        monkeypatch.delenv(name)
    directory = make_example(tmp_path)

    done = await discover(directory, settings_in_force())

    asked = read(directory)["third_party_requests"]
    assert {(entry["url"], entry["response_status"]) for entry in asked} == {("https://registry.example.com/v2/", 404)}
    assert "RegistryAccessError" in done.errors[0]
    assert "nothing leaves this machine" in capsys.readouterr().err


@pytest.mark.asyncio
async def test_an_api_that_refuses_the_credentials_keeps_the_old_file(tmp_path: Path) -> None:
    nasty = Nasty()
    with serve_nasty(nasty) as url:
        directory = make_nasty(tmp_path, url, Account(client_secret="wr0ng-s3cret"))
        (directory / FILE).write_text("the old one")
        with pytest.raises(
            UpstreamError, match=r"refuses the credentials: POST http://\S+/oauth/token .* 401"
        ) as caught:
            await discover(directory, settings_in_force())
    assert "wr0ng-s3cret" not in str(caught.value)
    assert (directory / FILE).read_text() == "the old one"


@contextmanager
def running(directory: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The command, in a process of its own."""
    command = [sys.executable, "-c", "from harness.cli import main; main()", "discover", str(directory)]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_host_that_is_not_there_is_named(tmp_path: Path) -> None:
    directory, log = make_example(tmp_path), tmp_path / "log"
    (directory / ".env").write_text("OCEAN__INTEGRATION__CONFIG__REGISTRY_URL=https://no-such-host.invalid\n")
    with running(directory, log) as process:
        assert process.wait(120) == 3
    said = log.read_text()
    assert "THIS CALLS THE REAL API" in said
    assert "cannot be reached from this machine: no-such-host.invalid: " in said
    assert "Traceback" not in said
    assert not (directory / FILE).exists()


def test_killed_in_the_middle_it_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    nasty = Nasty()
    with serve_nasty(nasty) as url:
        directory = make_nasty(tmp_path, url, nasty.account)
        (directory / FILE).write_text("the old one")
        before = sorted(each.name for each in (directory / FILE).parent.iterdir())
        with running(directory, tmp_path / "log") as process:
            deadline = time.monotonic() + 120
            while not nasty.asked.get("limited"):  # half of the kinds are done
                assert process.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
    assert (directory / FILE).read_text() == "the old one"
    assert sorted(each.name for each in (directory / FILE).parent.iterdir()) == before
