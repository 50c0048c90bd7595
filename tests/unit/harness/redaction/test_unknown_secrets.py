"""The last scan finds an unknown secret, says where it is, and passes what was allowed."""

from __future__ import annotations

import ast
import base64
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from harness.recording import discovery_file
from harness.recording.exchange import Exchange
from harness.redaction import unknown_secrets
from harness.redaction.redact import Redactor
from harness.redaction.unknown_secrets import suspects
from tests.unit.harness.secret_corpus import BASE62, FORMS, NAMED, answer, drawn, innocents, pem, planted

LOT = random.Random(1)  # noqa: S311 # no secret
PLACE = "third_party_requests[0].response_body.memo"


def raw(body: Any) -> bytes:
    return json.dumps({"third_party_requests": [{"response_body": body}]}).encode()


@pytest.mark.parametrize("kind", [kind for kind in FORMS if kind not in ("chance of 40", "GitHub fine-grained")])
def test_it_sees_the_form_of_a_token_and_chance(kind: str) -> None:
    missed = [value for seed in range(20) if not suspects(raw({"memo": (value := FORMS[kind](random.Random(seed)))}))]  # noqa: S311 # no secret
    # Of Google's, detect-secrets has no rule. Below 4.5 bits a character, what looks like chance is not stopped for: the redactor looks closer.
    assert len(missed) <= (12 if kind in ("chance of 32", "Google") else 0)


@pytest.mark.parametrize(
    "body", [{"memo": pem(LOT)[0]}, {"memo": base64.b64encode(gzip.compress(pem(LOT)[0].encode())).decode()}]
)
def test_it_sees_a_private_key_even_where_it_is_compressed(body: dict[str, str]) -> None:
    assert "Private Key" in suspects(raw(body))[PLACE]


def test_it_sees_a_value_under_the_name_of_a_secret() -> None:
    body = {"items": [{"db_password": drawn(BASE62, 16)(LOT)}]}
    place = "third_party_requests[0].response_body.items[0].db_password"
    assert suspects(raw(body)) == {place: "a value under the name db_password"}


@pytest.mark.parametrize("allowed", [PLACE, "third_party_requests[*].response_body.memo"])
def test_what_is_allowed_is_let_be(allowed: str) -> None:
    content = raw({"memo": FORMS["GitLab"](LOT), "other": FORMS["npm"](LOT)})
    assert PLACE in suspects(content)
    assert PLACE not in suspects(content, [allowed])


def test_it_stops_for_no_innocent_and_for_nothing_that_was_redacted() -> None:
    exchanges = [each.exchange for each in planted(2)] + [answer(body) for _, body in innocents(2)]
    redactor = Redactor()
    for exchange in exchanges:
        exchange.learn(redactor)
    written = {"third_party_requests": [each.entry(redactor) for each in exchanges]}
    assert suspects(json.dumps(written).encode()) == {}


def test_where_it_sees_one_nothing_is_written_and_the_way_out_is_said(tmp_path: Path) -> None:
    secret = base64.b64encode(
        gzip.compress(FORMS["GitLab"](LOT).encode())
    ).decode()  # nothing redacts what is compressed
    file = tmp_path / "discovery.json"

    def write(*allowed: str) -> None:
        exchanges: list[Exchange] = [answer({"memo": secret})]
        discovery_file.write(file, {}, {"third_party_requests": exchanges}, Redactor(), allowed=allowed)

    with pytest.raises(discovery_file.SecretLeftError) as caught:
        write()
    assert f"--allow '{PLACE}'" in str(caught.value.remedy)
    assert secret not in f"{caught.value} {caught.value.remedy} {caught.value.detail}"
    assert not file.exists()
    write(PLACE)
    assert file.exists()


def test_it_shares_no_code_with_what_replaces_secrets() -> None:
    tree = ast.parse(Path(unknown_secrets.__file__).read_text())
    imported = [
        f"{each.module}.{name.name}"
        for each in ast.walk(tree)
        if isinstance(each, ast.ImportFrom)
        for name in each.names
    ]
    imported += [name.name for each in ast.walk(tree) if isinstance(each, ast.Import) for name in each.names]
    assert [each for each in imported if each.startswith(("harness", "sandbox"))] == ["harness.redaction.leak_scan"]


def test_a_short_password_is_no_chance() -> None:
    assert suspects(raw({"memo": NAMED["password"](LOT)})) == {}
