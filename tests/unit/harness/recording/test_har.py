"""An archive of a browser is read as a recording is, redacted alike, and what is written is read again."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from harness.recording import discovery_file, from_har, har
from harness.recording.account import Account
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
    read = har.read(archive(tmp_path, entry(_resourceType="fetch"), form, coded), Account())
    assert (read[0].method, read[0].url, read[0].status) == ("GET", "https://api.example.com/x?q=1", 200)
    assert read[0].request_headers == [("Accept", "*/*")]
    assert read[0].response_headers == [("Content-Type", "application/json")]
    assert [each.response_content for each in read] == [b'{"a": 1}', b'{"a": 1}', b"\xff\0"]
    assert read[1].request_content == b"a=b+c"


def test_what_a_page_is_made_of_and_what_got_no_answer_is_left_out(tmp_path: Path) -> None:
    blocked = entry("https://api.example.com/blocked")
    blocked["response"]["status"] = 0
    image = entry("https://api.example.com/logo.png", _resourceType="image")
    account = Account()
    read = har.read(archive(tmp_path, blocked, image, entry()), account)
    assert [each.url for each in read] == ["https://api.example.com/x?q=1"]
    assert account.left_out == {
        "it was not answered": ["GET https://api.example.com/blocked (/log/entries/0)"],
        "a browser asked for it, to show a page (image)": ["GET https://api.example.com/logo.png (/log/entries/1)"],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "does not exist"),
        ("{", "is not valid JSON"),
        ("[]", "no list at log.entries"),
        ('{"log": {"entries": [{"request": {}}]}}', r"(?s)has no request.*has no request or no response: 1"),
        (json.dumps({"log": {"entries": [entry("/x")]}}), r"(?s)has no request.*its URL is not absolute: 1"),
        ('{"log": {"entries": []}}', "has no request"),
        ('{"log": []}', "no list at log.entries"),
        ('{"log": null}', "no list at log.entries"),
        ('{"log": "x"}', "no list at log.entries"),
        ('{"log": {"entries": {}}}', "no list at log.entries"),
        (f'{{"log": {"1" * 5_000}}}', "is not valid JSON"),
    ],
)
def test_what_is_no_archive_is_said(text: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    if text is not None:
        file.write_text(text)
    with pytest.raises(HarError, match=said):
        har.read(file, Account())


def test_a_recording_of_an_archive_has_no_secret_and_nobody(tmp_path: Path) -> None:
    write(tmp_path / ".port" / "spec.yaml", "title: X\nconfigurations:\n- {name: apiUrl, type: url, required: true}\n")
    write(tmp_path / ".port" / "resources" / "port-app-config.yml", "resources: []\n")
    file = archive(tmp_path, entry(text=json.dumps({"author": "Ada Lovelace", "password": PASSWORD})))
    replaced = from_har.record(tmp_path, file, tmp_path / "r" / "recording.json").replaced
    text = (tmp_path / "r" / "recording.json").read_text()
    assert PASSWORD not in text
    assert "Lovelace" not in text
    assert replaced.keys() == {"name", "secret"}
    read = recording.read_file(tmp_path / "r" / "recording.json")
    assert read.config == {"api_url": "https://api.example.com"}
    assert [each.url for each in read.requests] == ["https://api.example.com/x?q=1"]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    exchanges = har.read(archive(tmp_path, entry(), entry("https://api.example.com/y", "plain text")), Account())
    before = [each.entry(Redactor()) for each in exchanges]
    several = {"third_party_requests": exchanges, "port_requests": []}
    discovery_file.write(tmp_path / "discovery.json", {"metadata": {}}, several, Redactor())
    har.write(tmp_path / "out.har", tmp_path / "discovery.json")
    assert [each.entry(Redactor()) for each in har.read(tmp_path / "out.har", Account())] == before


def test_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / ".port" / "spec.yaml", "title: X\nconfigurations: []\n")
    write(tmp_path / ".port" / "resources" / "port-app-config.yml", "resources: []\n")
    token = "ghp_" + "q8Zr2Lx7Vb3Nw5KtPd9Yc4Hs6Jf1Mg0Ua2We"  # pragma: allowlist secret
    no_content = entry(f"https://ada:s3cr3t-1@api.example.com/big/{token}?access_token={token}")
    no_content["response"]["content"] = {"size": 5_000}
    unchanged = entry("https://api.example.com/304")
    unchanged["response"]["status"] = 304
    file = archive(tmp_path, entry(), no_content, unchanged)
    taken = from_har.record(tmp_path, file, tmp_path / "recording.json")
    assert taken.left_out["the browser had the answer already (304)"] == [
        "GET https://api.example.com/304 (/log/entries/2)"
    ]
    said = capsys.readouterr().err + str(taken)
    assert "left out: the file does not have the answer's content" in said
    assert "left out: the browser had the answer already (304): GET https://api.example.com/304" in said
    assert token not in said
    assert "s3cr3t-1" not in said


@pytest.mark.parametrize(
    "charset", ["iso-8859-1", '"ISO-8859-1"', "windows-1252", "utf-8", "no-such", "a\0b", "base64"]
)
def test_a_text_is_written_in_the_charset_that_its_header_says(charset: str, tmp_path: Path) -> None:
    said = entry(text="Zürich")
    said["response"]["content"]["mimeType"] = f"text/plain; charset={charset}"
    expected = "Zürich".encode("latin-1" if charset.strip('"')[0] in "iIw" else "utf-8")
    assert har.read(archive(tmp_path, said), Account())[0].response_content == expected


@pytest.mark.parametrize("data", [1, "x", {"params": 1}, {"params": [1, None]}, {"text": None}, {"text": 5}, None, []])
def test_a_body_that_is_not_one_is_none(data: Any, tmp_path: Path) -> None:
    odd = entry()
    odd["request"]["postData"] = data
    assert har.read(archive(tmp_path, odd), Account())[0].request_content == b""


def test_a_multipart_form_without_its_text_is_named(tmp_path: Path) -> None:
    form = entry()
    form["request"]["postData"] = {"mimeType": "multipart/form-data", "params": [{"name": "a", "value": "b"}]}
    account = Account()
    assert har.read(archive(tmp_path, form), account)[0].request_content == b""
    assert list(account.notes) == ["the file does not have the body of its multipart form: it is taken as empty"]


def test_a_repeated_header_is_several(tmp_path: Path) -> None:
    said = entry()
    said["response"]["headers"] = [{"name": "set-cookie", "value": "a=1\nb=2"}, {"name": "x", "value": None}]
    read = har.read(archive(tmp_path, said), Account())[0]
    assert read.response_headers == [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x", "")]


@pytest.mark.parametrize("text", [r'{"a": "\ud83d"}', r'["\udc00x"]', r'{"a": "\ud83d\ude00"}', r'{"\ud83d": 1}'])
def test_half_a_character_is_written(text: str, tmp_path: Path) -> None:
    several = {"third_party_requests": har.read(archive(tmp_path, entry(text=text)), Account()), "port_requests": []}
    discovery_file.write(tmp_path / "discovery.json", {"metadata": {}}, several, Redactor())
    har.write(tmp_path / "out.har", tmp_path / "discovery.json")
    assert json.loads(har.read(tmp_path / "out.har", Account())[0].response_content) == json.loads(text)


def test_nobody_elses_files_are_removed_or_overwritten(tmp_path: Path) -> None:
    several = {"third_party_requests": har.read(archive(tmp_path, entry()), Account()), "port_requests": []}
    discovery_file.write(tmp_path / "discovery.json", {"metadata": {}}, several, Redactor())
    others = [tmp_path / name for name in (".har-mine", ".har-", ".harness", ".ocean-sandbox-x", ".har-a.har")]
    for each in others:
        each.write_text("mine")
    har.see_that_it_is_new(tmp_path / "out.har")
    har.write(tmp_path / "out.har", tmp_path / "discovery.json")
    assert [each.read_text() for each in others] == ["mine"] * len(others)
    for name in ("out.har", "some.har", "."):
        with pytest.raises(HarError, match=r"is there already.*\n.*--force"):
            har.see_that_it_is_new(tmp_path / name)
