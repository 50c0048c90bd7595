"""An archive of a browser is read as a recording is, redacted alike, and what is written is read again."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from harness.recording import discovery_file, from_har, har
from harness.recording.har import HarError
from harness.redaction.redact import Redactor
from harness.replay import recording
from tests.unit.harness.factories import write

PASSWORD = "s3cr3t-0123456789ab"  # noqa: S105 # made up


def entry(url: str = "https://api.example.com/x?q=1", text: str = '{"a": 1}', **fields: Any) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-11-27T07:00:00Z",
        "request": {
            "method": "get",
            "url": url,
            "headers": [{"name": ":authority", "value": "x"}, {"name": "Accept", "value": "*/*"}],
        },
        "response": {
            "status": 200,
            "headers": [
                {"name": "Content-Encoding", "value": "br"},
                {"name": "Content-Type", "value": "application/json"},
            ],
            "content": {"text": text, "mimeType": "application/json"},
        },
        **fields,
    }


def archive(folder: Path, *entries: Any) -> Path:
    file = folder / "some.har"
    file.write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}))
    return file


def test_entries_become_exchanges(tmp_path: Path) -> None:
    form = entry()
    form["request"]["postData"] = {"params": [{"name": "a", "value": "b c"}]}
    coded = entry()
    coded["response"]["content"] = {"text": base64.b64encode(b"\xff\0").decode(), "encoding": "base64"}
    read = har.read(archive(tmp_path, entry(_resourceType="fetch"), form, coded))
    assert (read[0].method, read[0].url, read[0].status) == ("GET", "https://api.example.com/x?q=1", 200)
    assert read[0].request_headers == [("Accept", "*/*")]
    assert read[0].response_headers == [("Content-Type", "application/json")]
    assert [each.response_content for each in read] == [b'{"a": 1}', b'{"a": 1}', b"\xff\0"]
    assert read[1].request_content == b"a=b+c"


def test_what_a_page_is_made_of_and_what_got_no_answer_is_left_out(tmp_path: Path) -> None:
    blocked = entry("https://api.example.com/blocked")
    blocked["response"]["status"] = 0
    image = entry("https://api.example.com/logo.png", _resourceType="image")
    assert [each.url for each in har.read(archive(tmp_path, blocked, image, entry()))] == [
        "https://api.example.com/x?q=1"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "does not exist"),
        ("{", "is not valid JSON"),
        ("[]", "no list at log.entries"),
        ('{"log": {"entries": [{"request": {}}]}}', r"log.entries\[0\] is not an entry of a HAR: KeyError"),
        (json.dumps({"log": {"entries": [entry("/x")]}}), r"log.entries\[0\] is not an entry"),
        ('{"log": {"entries": []}}', "has no request"),
    ],
)
def test_what_is_no_archive_is_said(text: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    if text is not None:
        file.write_text(text)
    with pytest.raises(HarError, match=said):
        har.read(file)


def test_a_recording_of_an_archive_has_no_secret_and_nobody(tmp_path: Path) -> None:
    write(tmp_path / ".port" / "spec.yaml", "title: X\nconfigurations:\n- {name: apiUrl, type: url, required: true}\n")
    write(tmp_path / ".port" / "resources" / "port-app-config.yml", "resources: []\n")
    file = archive(tmp_path, entry(text=json.dumps({"author": "Ada Lovelace", "password": PASSWORD})))
    replaced = from_har.record(tmp_path, file, tmp_path / "r" / "recording.json")
    text = (tmp_path / "r" / "recording.json").read_text()
    assert PASSWORD not in text
    assert "Lovelace" not in text
    assert replaced.keys() == {"name", "secret"}
    read = recording.read_file(tmp_path / "r" / "recording.json")
    assert read.config == {"api_url": "https://api.example.com"}
    assert [each.url for each in read.requests] == ["https://api.example.com/x?q=1"]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    exchanges = har.read(archive(tmp_path, entry(), entry("https://api.example.com/y", "plain text")))
    before = [each.entry(Redactor()) for each in exchanges]
    several = {"third_party_requests": exchanges, "port_requests": []}
    discovery_file.write(tmp_path / "discovery.json", {"metadata": {}}, several, Redactor())
    har.write(tmp_path / "out.har", tmp_path / "discovery.json")
    assert [each.entry(Redactor()) for each in har.read(tmp_path / "out.har")] == before
