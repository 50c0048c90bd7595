"""A secret is found, and replaced, in each form that it may have."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.redaction.secret_finder import Finder
from harness.redaction.secret_forms import LONG, Secret

PLACEHOLDER = "redacted-00001"
SECRETS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=LONG, max_size=40).filter(
    lambda secret: "redacted" not in secret
)
AROUND = st.binary(max_size=8)


def forms(secret: str) -> list[str]:
    return [
        secret,
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
        urllib.parse.quote(urllib.parse.quote(secret, safe=""), safe=""),
        urllib.parse.quote(secret, safe="").lower() if secret == secret.lower() else secret,
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        json.dumps(json.dumps([json.dumps({secret: secret})])),
        json.dumps(json.dumps([json.dumps(secret, ensure_ascii=False)], ensure_ascii=False)).replace("/", "\\/"),
        html.escape(urllib.parse.quote(secret, safe="?&=")),
        html.escape(secret),
        secret.encode().hex(),
        secret.encode().hex().upper(),
    ]


@given(SECRETS, st.text(max_size=5), st.text(max_size=5))
def test_no_form_of_it_is_left(value: str, before: str, after: str) -> None:
    secret = Secret(value, PLACEHOLDER)

    for form in forms(value):
        assert secret.is_in(before + form + after)
        assert not secret.is_in(secret.replaced_in(before + form + after))


@given(SECRETS, AROUND, AROUND, st.booleans(), st.booleans())
def test_base64_can_still_be_read(value: str, before: bytes, after: bytes, url_safe: bool, padded: bool) -> None:  # noqa: FBT001
    encode, decode = (
        (base64.urlsafe_b64encode, base64.urlsafe_b64decode) if url_safe else (base64.b64encode, base64.b64decode)
    )
    encoded = encode(before + value.encode() + after).decode()
    secret = Secret(value, PLACEHOLDER)

    replaced = secret.replaced_in(encoded if padded else encoded.rstrip("="))

    assert decode(replaced + "=" * (-len(replaced) % 4)) == before + PLACEHOLDER.encode() + after


@given(SECRETS, AROUND)
def test_base64_of_base64_has_it_no_more(value: str, before: bytes) -> None:
    once = base64.b64encode(before + value.encode()).decode()
    twice = base64.b64encode(once.encode()).decode()

    replaced = Secret(value, PLACEHOLDER).replaced_in(twice)

    for part in replaced.split(PLACEHOLDER):
        for start in range(4):
            digits = part[start:].rstrip("=")
            inner = base64.b64decode(digits[: len(digits) // 4 * 4]).decode("latin-1")
            assert once[4:-4] not in inner


@pytest.mark.parametrize("text", ["pin=4711x", "a4711", "x4711y"])
def test_a_short_one_is_no_part_of_a_word(text: str) -> None:
    assert Secret("4711", PLACEHOLDER).replaced_in(text) == text


@pytest.mark.parametrize("text", ["4711", "pin=4711&x", "/4711/", '"4711"'])
def test_a_short_one_is_replaced_where_it_stands_alone(text: str) -> None:
    assert Secret("4711", PLACEHOLDER).replaced_in(text) == text.replace("4711", PLACEHOLDER)


@given(st.lists(SECRETS, min_size=1, max_size=8, unique=True), st.data())
def test_all_are_found_at_once(values: list[str], data: st.DataObject) -> None:
    secrets = [Secret(value, f"redacted-{number:05}") for number, value in enumerate(values)]
    chosen = data.draw(st.lists(st.sampled_from(values), unique=True))
    text = " ".join(data.draw(st.sampled_from(forms(value))) for value in chosen)

    assert set(Finder(secrets).found_in(text)) == {secret for secret in secrets if secret.is_in(text)}
    assert {secret.value for secret in Finder(secrets).found_in(text)} >= set(chosen)
