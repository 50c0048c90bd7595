"""A ``discovery.json`` is there as a whole, or as it was before, whenever the process that writes it dies."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.recording import discovery_file
from harness.recording.exchange import Exchange
from harness.redaction.pii import People
from harness.redaction.redact import Redactor
from sandbox.errors import SandboxError

WRITES = """
import sys
from pathlib import Path
from harness.recording import discovery_file
from harness.recording.exchange import Exchange
from harness.redaction.redact import Redactor
print("ready", flush=True)
while True:
    exchanges = [Exchange("GET", f"https://a.example/{n}", [], b"", 200, [], b"[" + b"1," * 2000 + b"1]") for n in range(50)]
    discovery_file.write(Path(sys.argv[1]), {"metadata": {}}, {"third_party_requests": exchanges}, Redactor())
"""


def make_exchange(url: str = "https://a.example/") -> Exchange:
    return Exchange("GET", url, [], b"", 200, [("content-type", "application/json")], b'{"a": 1}')


def test_killed_at_any_moment_the_file_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "discovery.json"
    file.write_text('{"third_party_requests": []}')
    seen = set()
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", WRITES, str(file)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(random.uniform(0, 0.4))  # noqa: S311 # no secret
            process.kill()
        # In none of them is half a recording: what a killed run leaves has no name, or is whole.
        seen |= {len(json.loads(each.read_text())["third_party_requests"]) for each in tmp_path.iterdir()}
    assert seen <= {0, 50}


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".discovery-abc.json").write_text("half")
    discovery_file.write(tmp_path / "discovery.json", {}, {"third_party_requests": [make_exchange()]}, Redactor())
    assert [each.name for each in tmp_path.iterdir()] == ["discovery.json"]


def test_the_file_is_json_with_the_fields_in_their_order(tmp_path: Path) -> None:
    head = {"metadata": {"version": 1}, "blueprints": [{"a": "ü"}]}
    several = {"third_party_requests": [make_exchange(), make_exchange("https://a.example/2")], "port_requests": []}
    discovery_file.write(tmp_path / "discovery.json", head, several, Redactor())
    text = (tmp_path / "discovery.json").read_text(encoding="utf-8")
    read = json.loads(text)
    assert list(read) == ["metadata", "blueprints", "third_party_requests", "port_requests"]
    assert [entry["url"] for entry in read["third_party_requests"]] == ["https://a.example/", "https://a.example/2"]
    assert json.dumps(read, indent=2, ensure_ascii=False) + "\n" == text


def test_half_a_surrogate_pair_can_be_written(tmp_path: Path) -> None:
    exchange = make_exchange()
    exchange.response_content = b'{"a": "\\ud83e"}'
    discovery_file.write(tmp_path / "discovery.json", {}, {"third_party_requests": [exchange]}, Redactor())
    (entry,) = json.loads((tmp_path / "discovery.json").read_text())["third_party_requests"]
    assert entry["response_body"] == {"a": "\ud83e"}


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError, match=r"discovery\.json cannot be written"):
        discovery_file.write(tmp_path / "file" / "discovery.json", {}, {}, Redactor())


def test_what_was_replaced_is_counted_by_kind_and_place(tmp_path: Path) -> None:
    body = {"items": [{"author": "Ada Lovelace", "token": "s3cr3t-0123456789ab"}, {"author": "Grace Hopper"}]}
    exchange = Exchange("GET", "https://a.example/?q=ada%40b.example", [], b"", 200, [], json.dumps(body).encode())
    people = People()
    found = discovery_file.write(
        tmp_path / "discovery.json",
        {"metadata": {"version": 1}},
        {"third_party_requests": [exchange]},
        Redactor(people.clean_text),
        people,
    )
    assert found == {
        "e-mail address": {"third_party_requests[*].url": 1},
        "name": {"third_party_requests[*].response_body.items[*].author": 2},
        "secret": {"third_party_requests[*].response_body.items[*].token": 1},
    }
    assert json.loads((tmp_path / "discovery.json").read_text())["metadata"] == {"version": 1, "replaced": found}
