"""A person is replaced however the name is written, in lists too, and is counted within JSON in a text."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest

from harness.recording.replaced import Replaced
from harness.redaction.pii import People
from harness.redaction.redact import Redactor


def cleaned(body: Any) -> tuple[Any, People]:
    people = People()
    people.learn(body)
    return Redactor(people.clean_text).clean(body), people


def apart(text: str) -> str:
    """With each accent after its letter."""
    return unicodedata.normalize("NFD", text)


PEOPLE: dict[str, tuple[dict[str, Any], str]] = {
    "in capitals elsewhere": ({"author": "Ada Lovelace", "text": "by ADA LOVELACE yesterday"}, "LOVELACE"),
    "in capitals at first": ({"author": "ADA LOVELACE", "text": "Ada Lovelace wrote"}, "Lovelace"),
    "in two fields": ({"firstName": "Ada", "lastName": "Lovelace", "text": "Ada Lovelace wrote"}, "Lovelace"),
    "accents apart": ({"author": apart("José Müller"), "text": "José Müller wrote"}, "ller"),
    "accents apart elsewhere": ({"author": "José Müller", "text": apart("José Müller") + " wrote"}, "ller"),
    "telephones in a list": ({"businessPhones": ["+1 425 200 7801", "4252007802"]}, "200780"),
    "telephones by name": ({"telephones": {"home": "030-901-820"}, "phone": {"number": "030-901-821"}}, "901-82"),
    "telephones in objects": ({"phones": [{"type": "work", "value": "030 901820"}]}, "901820"),
    "streets in a list": ({"streets": ["12 Baker Street"], "addresses": ["14 Baker Street, London"]}, "Baker"),
}


@pytest.mark.parametrize("how", PEOPLE)
def test_nobody_is_left(how: str) -> None:
    body, left = PEOPLE[how]
    text = json.dumps(cleaned(body)[0], ensure_ascii=False)
    assert left not in unicodedata.normalize("NFC", text)


def test_a_text_in_which_nothing_is_replaced_stays_as_it_is_written() -> None:
    body = {"author": "Ada Lovelace", "text": apart("Café"), "team": "QA TEAM", "owner": "API GATEWAY"}
    assert cleaned(body)[0] == {**body, "author": cleaned(body)[0]["author"]}


def test_what_is_replaced_within_json_in_a_text_is_counted() -> None:
    # pragma: allowlist nextline secret (a word)
    event = {"author": "Ada Lovelace", "reviewers": ["Grace Hopper", "Alan Turing"], "password": "admin"}
    body = {"event": json.dumps(event)}
    after, people = cleaned(body)
    replaced = Replaced(people)
    replaced.count("body", body, after)
    assert replaced.by_kind() == {
        "name": {"body.event.reviewers[*]": 2, "body.event.author": 1},
        "secret": {"body.event.password": 1},
    }
