"""Nobody of a corpus is in a recording, wherever they were named; and what is only called like somebody stays."""

from __future__ import annotations

import html
import json
import urllib.parse
from typing import Any

import pytest

from harness.recording.exchange import Exchange
from harness.redaction.pii import People
from harness.redaction.redact import Redactor
from tests.unit.harness.person_corpus import INNOCENTS, PLACES, Person, answer, person


def recorded(*exchanges: Exchange) -> list[dict[str, Any]]:
    people = People()
    redactor = Redactor(people.clean_text)
    for exchange in exchanges:
        for content in exchange.learn(redactor):
            people.learn(content)
    redactor.forget_cleaned()
    return [exchange.entry(redactor) for exchange in exchanges]


def is_left(value: str, text: str) -> bool:
    forms = {value, html.escape(value), urllib.parse.quote(value), json.dumps(value)[1:-1]}
    return any(form in text for form in forms)


def test_the_corpus_is_what_it_says() -> None:
    assert len(PLACES) >= 30
    assert len(INNOCENTS) >= 100
    assert len({person(seed).name for seed in range(100)}) >= 95


@pytest.mark.parametrize("where", PLACES)
def test_nobody_is_left(where: str) -> None:
    left = []
    for seed in range(100):
        body, wanted = PLACES[where](person(seed))
        (entry,) = recorded(answer(body))
        text = json.dumps(entry, ensure_ascii=False)
        left += [(seed, each) for each in wanted if is_left(each, text)]
    assert left == []


def test_what_is_no_person_stays() -> None:
    changed = []
    for body in INNOCENTS:
        exchange = answer(body)
        (entry,) = recorded(exchange)
        (plain,) = [exchange.entry(Redactor())]
        if entry["response_body"] != plain["response_body"]:
            changed.append((body, entry["response_body"]))
    assert changed == []


def test_one_person_is_the_same_made_up_one_everywhere() -> None:
    ada = Person("Ada", "Lovelace", "ada.lovelace@people.example", "alovelace", "+49 30 12345678", "1 High Street")
    bodies = [
        {"author": ada.name},
        {"mail": ada.mail},
        {"login": ada.login, "name": ada.name, "email": ada.mail},
        {"firstName": ada.first, "lastName": ada.last},
        {"owner": f"{ada.last}, {ada.first}"},
        {"slug": "by-ada-lovelace", "lower": "ada lovelace"},
        {"message": f"Fix\n\nReviewed-by: {ada.name} <{ada.mail}>"},
    ]
    found = [each["response_body"] for each in recorded(*map(answer, bodies))]
    first, last = found[0]["author"].split()
    assert found[1]["mail"].startswith(f"{first}.{last}.".lower())
    assert found[2]["name"] == f"{first} {last}"
    assert found[2]["email"] == found[1]["mail"]
    assert found[2]["login"].startswith(f"{first}{last}".lower())
    assert found[3] == {"firstName": first, "lastName": last}
    assert found[4] == {"owner": f"{last}, {first}"}
    assert found[5] == {"slug": f"by-{first}-{last}".lower(), "lower": f"{first} {last}".lower()}
    assert found[6]["message"] == f"Fix\n\nReviewed-by: {first} {last} <{found[1]['mail']}>"


def test_people_are_the_same_in_the_next_run_and_in_any_order() -> None:
    bodies = [{"author": person(seed).name, "n": seed} for seed in range(20)]
    forth, back = recorded(*map(answer, bodies)), recorded(*map(answer, reversed(bodies)))
    assert [each["response_body"] for each in forth] == [each["response_body"] for each in reversed(back)]
    names = [each["response_body"]["author"] for each in forth]
    assert len(set(names)) == len({person(seed).name for seed in range(20)})
