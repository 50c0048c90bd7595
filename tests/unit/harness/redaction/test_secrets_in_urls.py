"""Secrets in each part of a URL are found, in a request, a field, a sentence and a header; what only looks alike stays."""

from __future__ import annotations

import json

import pytest

from harness.recording.exchange import Exchange
from tests.unit.harness.secret_corpus import answer, recorded

API = "https://api.example.com"
# Made up, and cut in two so that no scan takes them for real ones.
TOKEN = "k9Xw2Lq" + "Zt7Rb4Vn1"
LONG = "nArl63Xy" + "kWZeiNNCiia3anXn"
HEX = "5637ebb8" * 4

URLS = {
    f"{API}/hooks/T000/B000/{LONG}": LONG,
    f"{API}/hooks/T000/B000/{TOKEN[:10]}": TOKEN[:10],
    f"{API}/services/T0AB12CD3/B0AB12CD3/{LONG}": LONG,
    f"{API}/bot123:ABC/getMe": "ABC",
    f"{API}/bot123456:{TOKEN}/getUpdates": TOKEN,
    f"{API}/v1/tokens/{HEX}": HEX,
    f"{API}/v1/tokens/{TOKEN}/introspect": TOKEN,
    f"{API}/invite/{TOKEN}": TOKEN,
    f"{API}/password_reset/{TOKEN}": TOKEN,
    f"{API}/sessions/{LONG}": LONG,
    f"{API}/feed/{LONG}/calendar.ics": LONG,
    f"{API}/private-{HEX}/basic.ics": HEX,
    f"{API}/apikey/{TOKEN}/items": TOKEN,
    f"https://{LONG}@api.example.com/x": LONG,
    # pragma: allowlist nextline secret (made up)
    f"https://{HEX}:x-oauth-basic@git.example.com/a/b": HEX,
    f"https://{TOKEN}:@api.example.com/x": TOKEN,
    "https://user:{}@api.example.com/x".format("admin"): ":admin@",
    "redis://:{}@cache:6379/0".format("pa:ss"): "pa:ss",
    f"{API}/x?code={TOKEN}": TOKEN,
    f"{API}/x?hapikey={TOKEN}": TOKEN,
    f"{API}/x?u=joe&p=hunter2": "hunter2",
    f"{API}/x?auth[token]=shibboleth": "shibboleth",
    f"{API}/x?usertoken={TOKEN}": TOKEN,
    f"{API}/cb#access_token={TOKEN}&state=1": TOKEN,
    f"{API}/cb#/login?token={TOKEN}": TOKEN,
    f"{API}/cb#!secret=swordfish": "swordfish",
}
INNOCENT = [
    f"{API}/repos/a/b/hooks/12345678",
    f"{API}/hooks/deploy-2024-to-production",
    f"{API}/actions/secrets/DB_PASSWORD_2",
    f"{API}/v1/secret/data/payments-api/v2",
    f"{API}/tokens/81f7169b-32da-4094-8e40-1d83c4a29548",
    f"{API}/keys/public/release2024",
    f"{API}/file/d/{LONG}{TOKEN}/view",
    f"{API}/x?code=PROJ-12345&ticket=OPS-1",
    f"{API}/x?p=2&page_token={TOKEN}",
    f"{API}/docs/get-your-api-key#token",
    f"{API}/src/auth/token/handler2.py",
    "https://git@git.example.com/a/b.git",
    "https://ada%40example.com@git.example.com/a/b.git",
]


def written(url: str) -> dict[str, str]:
    return {
        "request": json.dumps(recorded(Exchange("GET", url, [], b"", 200, [], b"{}"))),
        "field": json.dumps(recorded(answer({"items": [{"id": 1, "url": url}]}))),
        "sentence": json.dumps(recorded(answer({"memo": f"see {url} for more"}))),
        "header": json.dumps(recorded(Exchange("GET", API, [], b"", 302, [("location", url)], b""))),
    }


@pytest.mark.parametrize("url", URLS)
def test_a_secret_in_a_url_is_replaced(url: str) -> None:
    assert [place for place, text in written(url).items() if URLS[url] in text] == []


@pytest.mark.parametrize("url", INNOCENT)
def test_the_url_of_anything_else_stays(url: str) -> None:
    assert recorded(answer({"url": url}))["response_body"] == {"url": url}
