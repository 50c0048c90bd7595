"""People are found in the fields of bodies that are not JSON, and a word that is somebody's name stays where it is a word."""

from __future__ import annotations

import json
import time
import urllib.parse
from typing import Any

import pytest

from harness.recording.exchange import Exchange
from harness.redaction import person_texts
from harness.redaction.pii import People
from harness.redaction.redact import Redactor
from tests.unit.harness.person_corpus import answer

WHO = {
    "first_name": "Zebulon",
    "last_name": "Quackenbush",
    "email": "z@corp.example",
    "login": "zquack77",
    "phone": "0170 1234567",
}
OTHER = {
    "first_name": "Open",
    "last_name": "O'Neil",
    "email": "o@corp.example",
    "login": "oneil",
    "phone": "555-0170-88",
}


def cleaned(*exchanges: Exchange) -> str:
    people = People()
    redactor = Redactor(people.clean_text)
    for exchange in exchanges:
        for content in exchange.learn(redactor):
            people.learn(content)
    redactor.forget_cleaned()
    written = json.dumps([each.entry(redactor) for each in exchanges], ensure_ascii=False)
    assert people.left_in(written) == []
    return written


def xml(fields: dict[str, str]) -> str:
    return "<users><user>" + "".join(f"<{name}>{value}</{name}>" for name, value in fields.items()) + "</user></users>"


def soap(fields: dict[str, str]) -> str:
    return (
        '<e xmlns:u="urn:u">'
        + "".join(f"<u:{name} n='1'>\n  {value}\n</u:{name}>" for name, value in fields.items())
        + "</e>"
    )


def attributes(fields: dict[str, str]) -> str:
    return "<users><user " + " ".join(f'{name}="{value}"' for name, value in fields.items()) + "/></users>"


def table(separator: str, end: str = "\n") -> Any:
    return lambda fields: end.join(
        [separator.join(fields), separator.join(f'"{each}"' for each in fields.values()), ""]
    )


def plain_table(fields: dict[str, str]) -> str:
    return ",".join(fields) + ",state\n" + ",".join(fields.values()) + ",new\n"


def yaml_text(fields: dict[str, str]) -> str:
    return "users:\n" + "".join(
        f"{'- ' if n == 0 else '  '}{name}: {value}\n" for n, (name, value) in enumerate(fields.items())
    )


def quoted_yaml(fields: dict[str, str]) -> str:
    return "user:\n" + "".join(f'  {name}: "{value}"\n' for name, value in fields.items())


def lines_of_json(fields: dict[str, str]) -> str:
    return "".join(json.dumps({"n": n, **fields}) + "\n" for n in range(3))


def events(fields: dict[str, str]) -> str:
    return f"data: {json.dumps(fields)}\n\ndata: {json.dumps(fields, separators=(',', ':'))}\n\n"


def form(fields: dict[str, str]) -> str:
    return urllib.parse.urlencode(fields)


FORMATS = {
    "XML": xml,
    "SOAP": soap,
    "XML attributes": attributes,
    "CSV": table(","),
    "CSV of Windows": table(";", "\r\n"),
    "TSV": table("\t"),
    "CSV without quotes": plain_table,
    "YAML": yaml_text,
    "YAML in quotes": quoted_yaml,
    "JSON lines": lines_of_json,
    "events": events,
    "form": form,
    "JSON": json.dumps,
    "JSON in JSON": lambda fields: json.dumps({"payload": json.dumps(fields)}),
    "XML in JSON": lambda fields: json.dumps({"payload": xml(fields)}),
}


@pytest.mark.parametrize("how", FORMATS)
@pytest.mark.parametrize("who", [WHO, OTHER], ids=["Zebulon", "Open"])
def test_nothing_of_a_person_is_left_in_any_format(how: str, who: dict[str, str]) -> None:
    written = cleaned(answer(FORMATS[how](who)))
    assert [each for each in who.values() if each in written] == []


@pytest.mark.parametrize("how", FORMATS)
def test_a_person_is_the_same_in_each_format(how: str) -> None:
    names = json.loads(cleaned(answer(dict(WHO)), answer(FORMATS[how](WHO))))
    made_up = names[0]["response_body"]
    for field in ("first_name", "last_name", "login"):
        assert made_up[field] in json.dumps(names[1]["response_body"])


@pytest.mark.parametrize(
    "query",
    ["firstName=Zebulon&lastName=Quackenbush&phone=01701234567", "last_name=Quackenbush&n=1", "a=1&surname=Zebulon"],
)
def test_names_in_the_query_of_a_url_are_replaced(query: str) -> None:
    written = cleaned(Exchange("GET", f"https://x.example/users?{query}", status=200))
    assert [each for each in ("Zebulon", "Quackenbush", "01701234567") if each in written] == []


@pytest.mark.parametrize(
    "phone", ["0170 1234567", "+49 170 1234567", "(0170) 123-4567", "0170/1234567", "017012345678"]
)
def test_a_phone_number_is_replaced_in_texts_too(phone: str) -> None:
    written = cleaned(answer({"phone": phone, "note": f"call {phone} now", "link": f"tel:{phone}"}))
    assert phone not in written


@pytest.mark.parametrize(
    "login", ["admin", "main", "issues", "users", "open", "platform-team", "root", "projects", "merge"]
)
def test_a_login_that_is_a_word_changes_nothing(login: str) -> None:
    body = {
        "role": login,
        "branch": login,
        "url": f"https://api.example.com/{login}/users",
        "ref": f"refs/heads/{login}",
    }
    written = json.loads(cleaned(answer({"login": login, "email": "m@x.example"}), answer(body)))
    assert written[1]["response_body"] == body


@pytest.mark.parametrize("name", ["Open", "Done", "Active", "Main", "High"])
@pytest.mark.parametrize("how", ["JSON", "XML", "CSV", "YAML", "form"])
def test_a_name_that_is_a_word_is_replaced_in_its_fields_alone(name: str, how: str) -> None:
    person = {"firstName": name, "lastName": "Quackenbush", "state": name}
    written = cleaned(answer(FORMATS[how](person)), answer({"status": name, "xs": [{"state": name}]}))
    assert written.count(name) == 3


@pytest.mark.parametrize(
    "text",
    [
        "a'" * 50_000,
        "Ada <" + "a@" * 50_000,
        "a%2B" * 25_000,
        "Ada <a@" * 15_000,
        "A. " * 33_000,
        "<a>" * 33_000,
        "a=" * 50_000,
    ],
)
def test_long_texts_are_looked_through_at_once(text: str) -> None:
    people = People()
    people.learn(WHO)
    start = time.process_time()
    people.clean_text(text)
    list(person_texts.named_in(text))
    assert time.process_time() - start < 2


def test_many_names_before_addresses_are_replaced_at_once() -> None:
    text = "".join(f"Zoe{chr(97 + n % 26)} Smith{chr(97 + n // 26 % 26)} <u{n}@corp.example>\n" for n in range(2_000))
    people = People()
    start = time.process_time()
    assert "corp.example" not in people.clean_text(text)
    assert time.process_time() - start < 4
