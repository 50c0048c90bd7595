"""Expressions evaluate as in Ocean, and each mistake in a mapping is explained with its right reason."""

from typing import Any

import pytest

from harness.integration.mapping_trace import ItemTrace, evaluate, follow, ignored_parts
from harness.integration.reason import why_empty, why_no_entity
from tests.unit.harness.factories import make_mapping

ITEM: dict[str, Any] = {
    "id": "s-1",
    "name": "shop",
    "status": "live",
    "team": {"id": "t-1"},
    "owner": None,
    "size": 3,
    "tags": ["a", "b"],
    "createdAt": "2024-01-01",
}


def resource(query: object = "true", **mappings: Any) -> dict[str, Any]:
    found: dict[str, Any] = make_mapping(**mappings)["resources"][0]
    return {**found, "selector": {"query": query}}


def trace(query: object = "true", item: Any = ITEM, **mappings: Any) -> ItemTrace:
    (found,) = follow(resource(query, **mappings), 0, [item])
    return found


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (".id", "s-1"),
        (".tags[]", "a"),
        ('.tags[] | select(. == "z")', None),
        ("'live'", "live"),
        (".status == 'live'", True),
        (".name + \"'s\"", "shop's"),
        ("env.HOME", None),
        ("$ENV.HOME", None),
        ("$ENV", {}),
        ("empty", None),
        (".size + 1", 4),
        (7, 7),
        (".name.x", None),
        ("nonsense", None),
    ],
)  # fmt: skip
def test_an_expression_comes_to_what_ocean_makes_of_it(expression: Any, value: Any) -> None:
    assert evaluate("x", expression, ITEM).value == value


def test_an_entity_has_every_part_of_the_mapping_and_every_step_is_kept() -> None:
    found = trace(properties={"status": ".status", "owner": ".owner"})

    assert found.outcome == "mapped"
    assert found.entity == {
        "identifier": "s-1",
        "title": "shop",
        "blueprint": "service",
        "properties": {"status": "live", "owner": None},
        "relations": {"team": "t-1"},
    }
    assert [step.path for step in found.steps] == [
        "identifier",
        "title",
        "blueprint",
        "properties.status",
        "properties.owner",
        "relations.team",
    ]
    assert [step.path for step in found.empty] == ["properties.owner"]


def test_every_text_of_a_search_object_is_an_expression() -> None:
    rule = {"property": '"email"', "operator": '"="', "value": ".owner"}
    found = trace(relations={"owner": {"combinator": '"and"', "rules": [rule, {"combinator": '"or"', "rules": []}]}})

    assert found.entity is not None
    assert found.entity["relations"]["owner"] == {
        "combinator": "and",
        "rules": [{"property": "email", "operator": "=", "value": None}, {"combinator": "or", "rules": []}],
    }
    assert [step.path for step in found.empty] == ["relations.owner.rules[0].value"]


def test_an_item_that_is_no_object_is_followed_too() -> None:
    assert trace(item="text").outcome == "incomplete"


@pytest.mark.parametrize(
    ("found", "outcome", "reason"),
    [
        (
            trace('.status == "active"'),
            "filtered",
            'the selector `.status == "active"` is false: `.status` is "live"',
        ),
        (
            trace('.stauts == "live"'),
            "filtered",
            'the selector `.stauts == "live"` is false: the item has no `stauts`; did you mean `status`?',
        ),
        (
            trace(".active"),
            "failed",
            "the selector `.active` must give true or false, but gives null: the item has no `active`; it has: id, name,",
        ),
        (trace(".status"), "failed", 'the selector `.status` must give true or false, but gives "live"'),
        (
            trace(query=True),
            "failed",
            "the selector `True` failed: True/0 is not defined. In YAML write it in quotes: 'true'",
        ),
        (trace('.status = "'), "failed", 'the selector `.status = "` failed: syntax error, unexpected end of file'),
        (
            trace(identifier=".uuid"),
            "incomplete",
            "there is no identifier: `.uuid`: the item has no `uuid`; ",
        ),
        (trace(identifier=".owner.id"), "incomplete", "there is no identifier: `.owner.id`: `.owner` is null"),
        (trace(identifier='""'), "incomplete", 'there is no identifier: `""`: it gave ""'),
        (
            trace(blueprint="service"),
            "incomplete",
            "there is no blueprint: `service`: it failed: service/0 is not defined. A string needs quotes of its own: '\"service\"'",
        ),
    ],
)
def test_why_there_is_no_entity(found: ItemTrace, outcome: str, reason: str) -> None:
    assert found.outcome == outcome
    assert why_no_entity(found).startswith(reason)


def test_a_mapping_without_an_identifier_says_so() -> None:
    without = resource()
    del without["port"]["entity"]["mappings"]["identifier"]

    assert why_no_entity(follow(without, 0, [ITEM])[0]) == "the mapping has no identifier"
    assert why_no_entity(trace()) == ""


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        (".created_at", "the item has no `created_at`; did you mean `createdAt`?"),
        (".team.nme.first", "`.team` has no `nme`; it has: id"),
        (".owner", "`.owner` is null"),
        (".owner.name", "`.owner` is null"),
        (".name.first", 'it failed: Cannot index string with string ("first")'),
        (".tags.first", 'it failed: Cannot index array with string ("first")'),
        (".tags[] | select(.x == 1)", 'it failed: Cannot index string with string ("x")'),
        ('.tags[] | select(. == "z")', "it gave null"),
        ('.tags | map(select(. == "z")) | first', "it gave null"),
        (".name | tonumber", "it failed: "),
        ("env.HOME", "it reads the integration's environment"),
        (".size +", "it failed: syntax error, unexpected end of file"),
        ("null", "the mapping sets it to null"),
    ],
)
def test_why_a_part_is_empty(expression: str, reason: str) -> None:
    assert why_empty(evaluate("properties.x", expression, ITEM), ITEM).startswith(reason)


def test_what_ocean_drops_from_a_mapping_is_known() -> None:
    assert ignored_parts(resource(propertys={"a": ".b"})) == ["propertys"]
    assert ignored_parts(resource()) == []
    assert ignored_parts({"kind": "x", "port": None}) == []
