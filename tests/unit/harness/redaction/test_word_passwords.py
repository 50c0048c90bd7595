"""A password may be any word: it is replaced in its place, in every format, and nowhere else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.recording.exchange import Exchange
from tests.unit.harness.secret_corpus import answer, recorded

WORDS = ["admin", "hunter2", "letmein", "password", "secret", "basic", "public", "default", "1234", "tok", "P@ss"]
PLACES: dict[str, Callable[[str], Any]] = {
    "JSON": lambda word: {"username": "joe", "password": word},
    "another name": lambda word: {"pwd": word},
    "pass beside a user": lambda word: {"auth": {"user": "joe", "pass": word}},
    "a neighbour's name": lambda word: {"name": "DB_PASSWORD", "value": word},
    "JSON in a text": lambda word: {"SecretString": json.dumps({"password": word})},
    "YAML": lambda word: f"user: joe\npwd: {word}\n",
    "dotenv": lambda word: f"DB_PASSWORD={word}\nX=1\n",
    "INI": lambda word: f"[db]\nuser = joe\npassword = {word}\n",
    "TOML": lambda word: f'[db]\npassword = "{word}"\n',
    "XML": lambda word: f"<a><user>joe</user><password>{word}</password></a>",
    "an attribute": lambda word: f'<db user="joe" password="{word}"/>',
    "a form": lambda word: f"user=joe&password={word}",
    "CSV": lambda word: f"user,password,team\njoe,{word},core\n",
    # pragma: allowlist nextline secret (the name of a secret)
    "quoted CSV": lambda word: f'user;password\n"joe";"{word}"\n',
    "a connection string": lambda word: {"dsn": f"Server=db;User Id=sa;Password={word};"},
    "a command": lambda word: {"run": f"mysql -u root --password={word} -h db"},
}


def body_of(content: Any) -> Any:
    return recorded(answer(content, "text/plain" if isinstance(content, str) else "application/json"))["response_body"]


@pytest.mark.parametrize("place", PLACES)
def test_a_word_is_replaced_where_a_password_is(place: str) -> None:
    # What the same text is with a placeholder in place of the word.
    model = body_of(PLACES[place]("k9Xw2LqZt7Rb4Vn1"))
    assert [word for word in WORDS if body_of(PLACES[place](word)) != model] == []


@given(st.sampled_from(sorted(PLACES)), st.sampled_from(WORDS), st.lists(st.sampled_from(["list", "text"]), max_size=3))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_however_deep_it_is(place: str, word: str, wraps: list[str]) -> None:
    def wrapped(content: Any) -> Any:
        for how in wraps:
            content = [{"memo": content}] if how == "list" else json.dumps({"inner": content})
        return {"id": 1, "all": content}

    assert body_of(wrapped(PLACES[place](word))) == body_of(wrapped(PLACES[place]("k9Xw2LqZt7Rb4Vn1")))


@pytest.mark.parametrize("value", ["true", "null", "required", "string", "********", "${DB_PASSWORD}", ""])
def test_what_says_that_there_is_none_stays(value: str) -> None:
    assert body_of({"password": value, "pwd": value}) == {"password": value, "pwd": value}


def test_a_word_is_replaced_nowhere_else() -> None:
    # pragma: allowlist nextline secret (a word)
    body = {"user": {"name": "joe", "password": "admin"}, "role": "admin", "text": "ask an admin"}
    assert body_of(body) | {"user": {}} == {**body, "user": {}}


@pytest.mark.parametrize("word", WORDS)
def test_a_login_that_was_sent_in_base64_is_gone_where_it_is_plain(word: str) -> None:
    login = f"joe:{word}"
    header = ("authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    text = json.dumps(recorded(Exchange("GET", "https://a.example", [header], b"", 200, [], f"as {login}".encode())))
    assert login not in text
    assert header[1].split()[1] not in text
