"""The leak scan finds every secret that was not removed, however it is wrapped."""

from __future__ import annotations

import ast
import base64
import gzip
import html
import json
import time
import urllib.parse
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.recording import discovery_file
from harness.recording.exchange import Exchange
from harness.redaction import leak_scan
from harness.redaction.leak_scan import left_in
from harness.redaction.redact import Redactor
from tests.unit.harness.factories import make_jwt
from tests.unit.harness.redaction.test_redact import SECRETS, THIRTY, exchange_full_of


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def inside(secret: str) -> str:
    return f"before {secret} after"


WRAPPED: dict[str, Callable[[str], Any]] = {
    "plain": inside,
    "as a name": lambda secret: {secret: 1},
    "JSON in JSON in JSON": lambda secret: json.dumps([json.dumps({"a": secret})]),
    "JSON in ASCII": lambda secret: json.dumps(json.dumps(secret, ensure_ascii=True)),
    "in a URL": lambda secret: f"https://x.example/?q={urllib.parse.quote(secret, safe='')}&b=1",
    "as a form": lambda secret: urllib.parse.urlencode({"a": secret}),
    "URL-encoded twice": lambda secret: urllib.parse.quote(urllib.parse.quote(secret, safe=""), safe=""),
    "HTML": lambda secret: f"<p>{html.escape(secret)}</p>",
    "base64": lambda secret: f"Basic {base64_of(f'user:{secret}')}",
    "base64, not at its beginning": lambda secret: f"/path/v1/{base64_of(secret)}/x",
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(f"ab{secret}c".encode()).decode().rstrip("="),
    "base64 of base64": lambda secret: base64_of(base64_of(inside(secret))),
    "base64 of JSON": lambda secret: base64_of(json.dumps({"password": secret}, ensure_ascii=False)),
    "base64 of a URL": lambda secret: base64_of(f"a=1&b={urllib.parse.quote(secret, safe='')}"),
    "base64 in lines": lambda secret: base64.encodebytes(f"{'x' * 50}{secret}{'y' * 80}".encode()).decode(),
    "URL-encoded base64": lambda secret: urllib.parse.quote(base64_of(secret), safe=""),
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: f"0x{secret.encode().hex().upper()}",
    "a JWT": lambda secret: f"token={make_jwt({'claim': secret})}",
    "a JWT in base64": lambda secret: base64_of(make_jwt({"claim": [secret]})),
    "gzip in base64": lambda secret: base64.b64encode(gzip.compress(inside(secret).encode())).decode(),
    "zlib in base64": lambda secret: base64.b64encode(zlib.compress(json.dumps([secret]).encode())).decode(),
    "UTF-16 in base64": lambda secret: base64.b64encode(inside(secret).encode("utf-16")).decode(),
    "binary in base64": lambda secret: base64.b64encode(b"\x89PNG\xff" + secret.encode() + b"\xff\0").decode(),
}


def recording(*bodies: Any) -> bytes:
    """A recording from which nothing was taken."""
    return json.dumps({"third_party_requests": [{"response_body": each} for each in bodies]}, indent=2).encode()


@pytest.mark.parametrize("how", WRAPPED)
@given(secret=SECRETS)
@settings(deadline=None, max_examples=15)
def test_a_secret_is_found_however_it_is_wrapped(how: str, secret: str) -> None:
    # pragma: allowlist nextline secret (the name of a secret)
    assert left_in(recording(WRAPPED[how](secret)), {secret: "the secret", "another-secret-1": "no"}).keys() == {
        "the secret"
    }


@given(THIRTY)
@settings(deadline=None, max_examples=5)
def test_with_redaction_switched_off_each_of_thirty_is_found(secrets: list[str]) -> None:
    """Each in another place and another form: what finds all thirty sees every one of them."""
    forms = list(WRAPPED.values())
    bodies = [forms[number % len(forms)](secret) for number, secret in enumerate(secrets)]
    names = {secret: f"secret {number}" for number, secret in enumerate(secrets)}
    assert left_in(recording(*bodies), names).keys() == set(names.values())


@given(THIRTY)
@settings(deadline=None, max_examples=3)
def test_no_place_of_a_raw_recording_hides_one(secrets: list[str]) -> None:
    names = {secret: f"secret {number}" for number, secret in enumerate(secrets)}
    exchanges = exchange_full_of(secrets)
    asked = [each for each in exchanges if each.response_headers and not each.response_content]
    places: dict[str, list[Any]] = {
        "URLs": [each.url for each in exchanges],
        "headers": [each.request_headers for each in asked],
        "cookies": [each.response_headers for each in asked],
        **{f"body {number}": [as_written(each)] for number, each in enumerate(exchanges) if each not in asked},
    }
    for place, content in places.items():
        assert left_in(recording(*content), names).keys() == set(names.values()), place


def as_written(exchange: Exchange) -> list[Any]:
    return [body for _, body in exchange._bodies()]


IRREPLACEABLE = ("gzip in base64", "zlib in base64", "UTF-16 in base64")


def write(folder: Path, secret: str, how: str) -> None:
    redactor = Redactor()
    redactor.add_config("api_key", secret, is_sensitive=True)
    answer = Exchange("GET", "https://a.example/", [], b"", 200, [], json.dumps([WRAPPED[how](secret)]).encode())
    discovery_file.write(folder / "discovery.json", {}, {"third_party_requests": [answer]}, redactor)


@pytest.mark.parametrize("secret", ["plant-9f8e7d6c5b4a", 'p/la+nt=9f8e&7d "q" sécret'])
@pytest.mark.parametrize("how", [how for how in WRAPPED if how not in IRREPLACEABLE])
def test_what_is_replaced_is_gone(how: str, secret: str, tmp_path: Path) -> None:
    write(tmp_path, secret, how)
    # pragma: allowlist nextline secret (the name of a secret)
    assert left_in((tmp_path / "discovery.json").read_bytes(), {secret: "it"}) == {}


@pytest.mark.parametrize("how", IRREPLACEABLE)
def test_what_cannot_be_replaced_is_not_written(how: str, tmp_path: Path) -> None:
    (tmp_path / "discovery.json").write_text("the old one")
    with pytest.raises(discovery_file.SecretLeftError, match=r"redacted-00001 \(in .* base64\)") as caught:
        write(tmp_path, "s3cr3t-value-1", how)
    assert "s3cr3t-value-1" not in str(caught.value)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("discovery.json", "the old one")]


def test_it_says_what_a_secret_was_wrapped_in() -> None:
    secret = "s3cr3t-value"  # noqa: S105 # made up
    for how, said in {
        "plain": "",
        "base64": "base64",
        "base64 of JSON": "base64",
        "gzip in base64": "gzip in base64",
    }.items():
        # pragma: allowlist nextline secret (the name of a secret)
        assert left_in(recording(WRAPPED[how](secret)), {secret: "api_key"}) == {"api_key": said}


@pytest.mark.parametrize(
    ("body", "is_found"),
    [("the pin is 4711.", True), ("47110", False), ("x4711", False), (base64_of("the pin is 4711."), False)],
)
def test_a_short_one_counts_only_where_it_stands_alone(body: str, *, is_found: bool) -> None:
    assert (left_in(recording(body), {"4711": "pin"}) == {"pin": ""}) == is_found


@given(st.binary(max_size=2000), SECRETS)
def test_whatever_the_file_is_it_comes_to_an_end(content: bytes, secret: str) -> None:
    assert left_in(content, {secret: "x"}) == {}


def test_a_placeholder_is_no_secret() -> None:
    placeholders = recording("redacted-00001", base64_of("redacted-00002"), make_jwt({"a": "redacted-00003"}))
    assert left_in(placeholders, {"redacted": "a", "00002": "b", "acted-0000": "c"}) == {}


def test_it_shares_no_code_with_what_replaces_secrets() -> None:
    tree = ast.parse(Path(leak_scan.__file__).read_text())
    imported = [each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
    imported += [name.name for each in ast.walk(tree) if isinstance(each, ast.Import) for name in each.names]
    assert imported
    assert [each for each in imported if str(each).startswith(("harness", "sandbox"))] == []


@pytest.mark.slow
def test_ten_thousand_requests_are_looked_through_in_seconds() -> None:
    bodies = [
        {"id": number, "name": f"thing-{number}", "self": f"https://api.example.com/things/{number}"}
        for number in range(10_000)
    ]
    content = recording(*bodies)
    began = time.process_time()
    assert left_in(content, {f"s3cr3t-{number:030}": "x" for number in range(100)}) == {}
    assert time.process_time() - began < 20


def test_a_long_word_is_looked_through_in_seconds() -> None:
    content = recording({"big": "x" * 1_000_000, "words": ["hunter2%2Bhunter2", "a" * 100_000 + "%"]})
    began = time.process_time()
    assert left_in(content, {"hunter2+hunter2": "it"}) == {"it": "URL encoding"}
    assert time.process_time() - began < 20
