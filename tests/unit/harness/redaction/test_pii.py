"""Real people become made-up ones: the same one wherever and whenever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.redaction.pii import People

ADA = {"name": "Ada Lovelace", "email": "ada@lovelace.example"}


def cleaned(text: str, *learnt: object) -> str:
    people = People()
    for each in learnt:
        people.learn(each)
    return people.clean_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "ada@lovelace.example",
        "Ada <ada@lovelace.example>, and others",
        "https://x.example/?user=ada%40lovelace.example",
        "q=%3Aada%40lovelace.example",
        "mailto:ada@lovelace.example.",
    ],
)
def test_an_address_is_replaced_in_any_text(text: str) -> None:
    assert "lovelace" not in cleaned(text)
    assert "example.org" in cleaned(text)


@pytest.mark.parametrize(
    "text", ["git@github.com:org/repo.git", "image@sha256:abc", "@scope/package", "a@b", "user@host"]
)
def test_what_is_no_address_is_kept(text: str) -> None:
    assert cleaned(text) == text


@given(st.lists(st.emails(), min_size=2, max_size=10, unique_by=str.lower))
def test_addresses_differ_by_value_and_stay_the_same(addresses: list[str]) -> None:
    people, again = People(), People()
    plain = [each for each in addresses if each.replace("@", "").replace(".", "").isalnum() and "xn--" not in each]
    fakes = [people.clean_text(each) for each in plain]
    assert len(set(fakes)) == len(fakes)
    assert [people.clean_text(each) for each in plain] == fakes
    assert [people.clean_text(fake) for fake in fakes] == fakes
    assert [again.clean_text(each) for each in plain] == fakes


def test_a_name_beside_an_address_is_replaced_everywhere() -> None:
    people = People()
    people.learn({"data": [{"user": ADA}]})
    fake = people.clean_text("Ada Lovelace")
    assert fake != "Ada Lovelace"
    assert people.clean_text("written by Ada Lovelace.") == f"written by {fake}."
    assert people.clean_text("?by=Ada%20Lovelace") == f"?by={fake.replace(' ', '%20')}"
    assert people.clean_text("?by=Ada+Lovelace") == f"?by={fake.replace(' ', '+')}"
    assert people.clean_text("Ada Lovelaces") == "Ada Lovelaces"


@pytest.mark.parametrize("field", ["first_name", "lastName", "familyName", "givenName", "surname", "real_name"])
def test_fields_that_only_people_have(field: str) -> None:
    assert cleaned("Ada", {field: "Ada"}) != "Ada"


@pytest.mark.parametrize(
    "thing", [{"name": "checkout"}, {"displayName": "Checkout"}, {"name": 7, "email": "a@b.example"}]
)
def test_the_name_of_a_thing_is_kept(thing: dict[str, object]) -> None:
    name = str(next(iter(thing.values())))
    assert cleaned(name, thing) == name


def test_a_name_of_one_word_is_replaced_only_where_it_stands_alone() -> None:
    assert cleaned("Will it rain?", {"firstName": "Will"}) == "Will it rain?"


def test_what_is_left_is_found() -> None:
    people = People()
    fake = people.clean_text("ada@lovelace.example")
    assert people.left_in("here is ada@lovelace.example") == [fake]
    assert people.left_in(f"here is {fake}") == []
