"""Entities: what is upserted and deleted is captured as it came, and answered the way Ocean reads it."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest

from .factories import Mock, body_of, make_entity

BULK = "/v1/blueprints/service/entities/bulk"
ONE = "/v1/blueprints/service/entities"


def test_a_bulk_echoes_every_index() -> None:
    entities = [make_entity(f"service-{number}") for number in range(3)]

    answer = body_of(Mock().port("POST", BULK, json={"entities": entities}))

    assert answer["errors"] == []
    assert answer["entities"] == [
        {"index": number, "identifier": f"service-{number}", "created": True} for number in range(3)
    ]


def test_upserts_are_captured_as_received_in_order_of_arrival() -> None:
    mock = Mock()
    first, second, third = make_entity("b"), make_entity("a", relations={"team": {"rules": []}}), make_entity("c")

    mock.port("POST", BULK, json={"entities": [first, second]})
    mock.port("POST", ONE, json=third)

    assert mock.captures()["upserted_entities"] == [first, second, third]
    assert mock.captures()["deleted_entities"] == mock.captures()["rejected_entities"] == []


def test_an_entity_without_a_blueprint_gets_it_from_the_path() -> None:
    mock = Mock()

    mock.port("POST", BULK, json={"entities": [{"identifier": "a"}, {"identifier": "b", "blueprint": "other"}]})

    assert mock.captures()["upserted_entities"] == [
        {"identifier": "a", "blueprint": "service"},
        {"identifier": "b", "blueprint": "other"},
    ]


@pytest.mark.parametrize(
    ("identifier", "echoed"),
    [
        ("service-1", "service-1"),
        (17, "17"),
        ({"combinator": "and", "rules": []}, '{"combinator":"and","rules":[]}'),
        (None, "generated-1"),
    ],
)
def test_whatever_the_identifier_the_answer_has_a_string(identifier: object, echoed: str) -> None:
    entity = make_entity(identifier)

    bulk = body_of(Mock().port("POST", BULK, json={"entities": [entity]}))
    one = body_of(Mock().port("POST", ONE, json=entity), status=201)

    assert bulk["entities"][0]["identifier"] == echoed
    assert one["entity"] == {**entity, "identifier": echoed}


def test_created_says_whether_the_entity_is_new() -> None:
    mock = Mock(search_entities_response=[make_entity("seeded")])

    def created(*identifiers: str) -> list[bool]:
        body = {"entities": [make_entity(identifier) for identifier in identifiers]}
        return [result["created"] for result in body_of(mock.port("POST", BULK, json=body))["entities"]]

    assert created("seeded", "new", "new") == [False, True, False]
    mock.port("DELETE", f"{ONE}/new")
    assert created("new") == [True]


@pytest.mark.parametrize("path", ["/v1/entities/search", "/v1/blueprints/entities/datasource-entities"])
def test_a_search_answers_what_was_seeded_and_not_what_was_upserted(path: str) -> None:
    seeded = [make_entity("old-1"), make_entity("old-2")]
    mock = Mock(search_entities_response=seeded)
    mock.port("POST", ONE, json=make_entity("new"))

    answer = body_of(mock.port("POST", path, json={"combinator": "and", "rules": []}))

    assert answer == {"ok": True, "entities": seeded, "next": None}


def test_a_bulk_delete_answers_and_captures_each() -> None:
    mock = Mock()

    answer = body_of(mock.port("POST", "/v1/blueprints/service/bulk/entities/delete", json={"entities": ["a", "b"]}))

    assert answer["deletedEntities"] == ["a", "b"]
    assert mock.captures()["deleted_entities"] == [
        {"identifier": "a", "blueprint": "service"},
        {"identifier": "b", "blueprint": "service"},
    ]


@pytest.mark.parametrize("identifier", ["plain", "org/repo", "two words", "a+b", "50%", "entities/bulk", "ümläut"])
def test_a_delete_captures_the_decoded_identifier(identifier: str) -> None:
    mock = Mock()

    body_of(mock.port("DELETE", f"{ONE}/{quote_plus(identifier)}?delete_dependents=true"))

    assert mock.captures()["deleted_entities"] == [{"identifier": identifier, "blueprint": "service"}]


def test_strange_but_readable_values_survive_the_round_trip() -> None:
    mock = Mock()
    body = b'{"entities": [{"identifier": "\\ud83d", "blueprint": "service", "properties": {"huge": 1e999}}]}'

    answer = body_of(mock.port("POST", BULK, content=body))

    assert answer["entities"][0]["identifier"] == "\ud83d"
    assert mock.captures()["upserted_entities"][0]["properties"] == {"huge": float("inf")}
