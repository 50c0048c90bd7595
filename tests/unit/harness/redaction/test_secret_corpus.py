"""No secret of a corpus is in a recording, wherever and in whatever format it occurred; and what is not a secret stays unchanged."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.recording import discovery_file
from harness.recording.exchange import Exchange
from harness.redaction.chance import from_base64
from harness.redaction.leak_scan import left_in
from harness.redaction.redact import Redactor
from tests.unit.harness.secret_corpus import (
    ANYWHERE,
    BASE62,
    FORMS,
    INNOCENTS,
    NAMED,
    PLACES,
    answer,
    drawn,
    innocents,
    planted,
    recorded,
)

# What a commit, a digest and an address are: no secrets, says the documentation.
_NO_SECRETS = {"Hex High Entropy String", "Public IP (ipv4)", "Secret Keyword", "Base64 High Entropy String"}


def known_forms(text: str) -> Iterator[str]:
    """What detect-secrets finds by the form of a token."""
    for kind, plugin in get_mapping_from_secret_type_to_class().items():
        if kind not in _NO_SECRETS:
            for line in text.splitlines():
                found = plugin().analyze_string(line)
                yield from (f"{kind}: {each}" for each in found if not each.startswith("redacted-"))


def entropic(text: str) -> Iterator[str]:
    plugin = get_mapping_from_secret_type_to_class()["Base64 High Entropy String"]()
    for found in plugin.analyze_string(text):
        is_replaced = b"redacted-" in (from_base64(found) or found.encode())  # what was replaced inside of base64
        if plugin.calculate_shannon_entropy(found) > plugin.entropy_limit and not is_replaced:
            yield found


def test_the_corpus_is_what_it_says() -> None:
    assert len(planted(1)) >= 150
    assert len(PLACES) + len(ANYWHERE) >= 30
    assert len(innocents(1)) >= 150


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_planted_secret_is_left(seed: int) -> None:
    corpus = planted(seed)
    # Each on its own: none is found only because another place gave it away.
    written = {each.where: json.dumps(recorded(each.exchange), indent=2).encode() for each in corpus}
    # pragma: allowlist nextline secret (the name of a secret)
    assert [each.where for each in corpus if left_in(written[each.where], {each.secret: "it"})] == []


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_what_is_no_secret_stays(seed: int) -> None:
    changed = [(kind, body) for kind, body in innocents(seed) if recorded(answer(body))["response_body"] != body]
    assert changed == []


def test_detect_secrets_finds_none_in_what_is_written() -> None:
    """By the form of a token it finds none at all; by chance, nothing that was planted."""
    before = [json.dumps(str(each.exchange.response_content)) for each in planted(7)]
    assert sum(bool(list(known_forms(text))) for text in before) > 100
    for each in planted(7):
        text = json.dumps(recorded(each.exchange), indent=2)
        assert list(known_forms(text)) == [], each.where
        assert list(entropic(text)) == [], each.where


def test_one_secret_is_one_placeholder_in_every_place() -> None:
    secret = drawn(BASE62, 30)(random.Random(8))  # noqa: S311 # no secret
    redactor = Redactor()
    exchanges = [put(secret) for put in PLACES.values()]
    for exchange in exchanges:
        exchange.learn(redactor)
    text = json.dumps([each.entry(redactor) for each in exchanges])
    # pragma: allowlist nextline secret (the name of a secret)
    assert left_in(text.encode(), {secret: "it"}) == {}
    assert redactor.known()[secret] in text


NAMES = st.sampled_from(
    ["password", "db_password", "apiKey", "API_TOKEN", "client-secret", "SecretAccessKey", "token2"]
)
WORDS = st.text("abcdefghij klmnopqrst-_/:.", max_size=20)
LEAVES = st.none() | st.booleans() | st.integers() | WORDS
SECRETS = st.integers(min_value=0).map(lambda seed: drawn(BASE62, 24)(random.Random(seed)))  # noqa: S311 # no secret
WRAPS = st.lists(st.sampled_from(["list", "object", "string", "lines"]), max_size=5)


def wrapped(content: Any, how: str, beside: Any) -> Any:
    return {
        "list": [beside, content],
        "object": {"beside": beside, "inner": content},
        "string": json.dumps(content),
        "lines": f"{json.dumps({'a': 1})}\n{json.dumps({'b': content})}\n",
    }[how]


@given(SECRETS, NAMES, WRAPS, st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3), max_leaves=6))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_secret_under_its_name_is_gone_from_any_document(
    secret: str, name: str, wraps: list[str], beside: Any
) -> None:
    body: Any = {name: secret, "id": 1}
    for how in wraps:
        body = wrapped(body, how, beside)
    # pragma: allowlist nextline secret (the name of a secret)
    assert left_in(json.dumps(recorded(answer({"all": body}))).encode(), {secret: "it"}) == {}


@given(st.sampled_from(sorted(FORMS)), st.integers(min_value=0), WRAPS, WORDS, WORDS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_one_with_the_form_of_a_token_is_gone_under_any_name(
    kind: str, seed: int, wraps: list[str], before: str, after: str
) -> None:
    secret = FORMS[kind](random.Random(seed))  # noqa: S311 # no secret
    body: Any = {"memo": f"{before} {secret} {after}"}
    for how in wraps:
        body = wrapped(body, how, before)
    # pragma: allowlist nextline secret (the name of a secret)
    assert left_in(json.dumps(recorded(answer({"all": body}))).encode(), {secret: "it"}) == {}


@given(st.sampled_from(sorted(INNOCENTS)), st.integers(min_value=0))
@settings(deadline=None, max_examples=300)
def test_no_innocent_of_any_seed_is_taken(kind: str, seed: int) -> None:
    body = INNOCENTS[kind](random.Random(seed))  # noqa: S311 # no secret
    assert recorded(answer(body))["response_body"] == body


@pytest.mark.slow
def test_ten_thousand_exchanges_are_written_in_seconds(tmp_path: Path) -> None:
    lot = random.Random(9)  # noqa: S311 # no secret
    exchanges = [
        Exchange(
            "GET",
            f"https://api.example.com/things?page={number}",
            [("authorization", "Bearer " + "s3cr3t-" * 4), ("accept", "application/json")],
            b"",
            200,
            [("content-type", "application/json"), ("etag", f'"{lot.getrandbits(128):032x}"')],
            json.dumps(
                [
                    {
                        "id": lot.getrandbits(60),
                        "sha": f"{lot.getrandbits(160):040x}",
                        "self": f"https://api.example.com/things/{number}",
                        "description": "What this is for, and who looks after it: the core team.",
                        "config": {"password": NAMED["password"](lot)} if number % 100 == 0 else {"region": "eu"},
                    }
                    for _ in range(3)
                ]
            ).encode(),
        )
        for number in range(10_000)
    ]
    began = time.process_time()
    discovery_file.write(tmp_path / "discovery.json", {}, {"third_party_requests": exchanges}, Redactor())
    assert time.process_time() - began < 60
