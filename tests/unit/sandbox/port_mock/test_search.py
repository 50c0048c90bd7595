"""Searches: what a query is true of, what is shown of it, and the pages of an integration's own entities."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from .factories import Mock, body_of

AGENT = {"user-agent": "port-ocean/test/1.0/mine/exporter"}
ENTITIES = [
    {
        "identifier": "a",
        "blueprint": "service",
        "title": "Alpha",
        "team": ["x", "y"],
        "properties": {"n": 1, "s": "abc"},
    },
    {"identifier": "b", "blueprint": "service", "title": "Beta", "properties": {"n": 2, "s": "bcd", "flag": True}},
    {
        "identifier": "c",
        "blueprint": "service",
        "properties": {"n": 1.5, "list": ["p", "q"], "at": "2026-01-02T00:00:00Z"},
    },
    {"identifier": "a", "blueprint": "team", "properties": {"n": None}, "$datasource": "port-ocean/other/1/i/exporter"},
]


def make_mock() -> Mock:
    return Mock(integration={"identifier": "mine", "type": "test"}, entities=ENTITIES)


def rule(name: str, operator: str, *value: object) -> dict[str, Any]:
    return {"property": name, "operator": operator, **({"value": value[0]} if value else {})}


def found(mock: Mock, *rules: dict[str, Any], combinator: str = "and") -> list[str]:
    answer = body_of(mock.port("POST", "/v1/entities/search", json={"combinator": combinator, "rules": list(rules)}))
    return [f"{entity['blueprint']}/{entity['identifier']}" for entity in answer["entities"]]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (rule("$blueprint", "=", "team"), "team/a"),
        (rule("$identifier", "=", "a"), "service/a team/a"),
        (rule("$identifier", "in", ["c", "a", "z"]), "service/c service/a team/a"),
        (rule("$identifier", "notIn", ["a", "b"]), "service/c"),
        (rule("$title", "contains", "et"), "service/b"),
        (rule("$title", "isEmpty"), "service/c team/a"),
        (rule("$title", "isNotEmpty"), "service/a service/b"),
        (rule("$team", "contains", "y"), "service/a"),
        (rule("$team", "containsAny", ["z", "x"]), "service/a"),
        (rule("$datasource", "contains", "/other/"), "team/a"),
        (rule("$datasource", "contains", "port-ocean/test/"), "service/a service/b service/c"),
        (rule("n", "=", 1), "service/a"),
        (rule("n", "!=", 1), "service/b service/c team/a"),
        (rule("n", ">", 1), "service/b service/c"),
        (rule("n", ">=", 1.5), "service/b service/c"),
        (rule("n", "<", 2), "service/a service/c"),
        (rule("n", "<=", 1), "service/a"),
        (rule("n", "<", "2"), ""),
        ({"property": "flag", "operator": "=", "value": True}, "service/b"),
        (rule("flag", "=", 1), ""),
        ({"property": "flag", "operator": "!=", "value": False}, "service/a service/b service/c team/a"),
        (rule("s", "contains", "bc"), "service/a service/b"),
        (rule("s", "doesNotContains", "abc"), "service/b service/c team/a"),
        (rule("s", "beginsWith", "b"), "service/b"),
        (rule("s", "doesNotBeginsWith", "b"), "service/a service/c team/a"),
        (rule("s", "endsWith", "c"), "service/a"),
        (rule("s", "doesNotEndsWith", "c"), "service/b service/c team/a"),
        (rule("s", "in", ["abc", "x"]), "service/a"),
        (rule("list", "contains", "q"), "service/c"),
        (rule("list", "in", ["q"]), "service/c"),
        (rule("at", "=", "2026-01-02T01:00:00+01:00"), "service/c"),
        (rule("at", "<", "2026-01-03T00:00:00Z"), "service/c"),
        (rule("at", "between", {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}), "service/c"),
        (
            rule("at", "notBetween", {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}),
            "service/a service/b team/a",
        ),
        (rule("$createdAt", ">", "2020-01-01T00:00:00Z"), "service/a service/b service/c team/a"),
        (rule("$updatedAt", "<", "2020-01-01T00:00:00Z"), ""),
        (rule("nothing", "=", None), "service/a service/b service/c team/a"),
    ],
)
def test_a_rule_is_true_of(given: dict[str, Any], expected: str) -> None:
    assert found(make_mock(), given) == expected.split()


def test_combinators_nest() -> None:
    mock = make_mock()
    first, second = rule("$identifier", "=", "a"), rule("n", "=", 2)
    service = rule("$blueprint", "=", "service")

    assert found(mock, first, service) == ["service/a"]
    assert found(mock, first, second, combinator="or") == ["service/a", "service/b", "team/a"]
    assert found(mock, {"combinator": "or", "rules": [first, second]}, service) == ["service/a", "service/b"]
    assert found(mock, {"combinator": "and", "rules": [first, service]}, second, combinator="or") == [
        "service/a",
        "service/b",
    ]


def test_the_queries_of_oceans_client() -> None:
    mock = make_mock()
    own = [rule("$datasource", "contains", "port-ocean/test/"), rule("$datasource", "contains", "/mine/exporter")]
    pairs = [
        {"combinator": "and", "rules": [rule("$identifier", "=", each), rule("$blueprint", "=", "service")]}
        for each in ("b", "z", "a")
    ]

    batch = [rule("$identifier", "in", ["c", "b"]), rule("$blueprint", "=", "service")]
    assert found(mock, *batch, *own) == ["service/c", "service/b"]
    assert found(mock, {"combinator": "or", "rules": pairs}, *own) == ["service/b", "service/a"]


def test_only_what_is_included_and_not_excluded_is_shown() -> None:
    mock = make_mock()

    def shown(query: str) -> dict[str, Any]:
        body = {"combinator": "and", "rules": [rule("$title", "=", "Alpha")]}
        answer: dict[str, Any] = body_of(mock.port("POST", f"/v1/entities/search?{query}", json=body))["entities"][0]
        return answer

    assert shown("include=identifier&include=properties.n&include=properties.none&include=relations.x") == {
        "identifier": "a",
        "properties": {"n": 1},
    }
    assert shown("include=identifier&include=title&exclude=title") == {"identifier": "a"}
    assert shown("exclude=properties.n&exclude=team")["properties"] == {"s": "abc"}
    whole = shown("exclude_calculated_properties=true")
    assert (whole["properties"], whole["relations"], whole["team"]) == ({"n": 1, "s": "abc"}, {}, ["x", "y"])
    assert whole["createdAt"].endswith("Z")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"combinator": "not", "rules": []}, "combinator must be 'and' or 'or', not 'not'"),
        ({"combinator": "and", "rules": {}}, "rules must be an array"),
        ({"combinator": "and", "rules": [1]}, "rules[0] must be an object"),
        ({"combinator": "and", "rules": [{}]}, "rules[0].operator must be a string"),
        ({"combinator": "and", "rules": [{"operator": "="}]}, "rules[0].property must be a string"),
        ({"combinator": "and", "rules": [rule("n", "=")]}, "rules[0].value is missing"),
        ({"combinator": "and", "rules": [rule("n", "like", 1)]}, "rules[0].operator must be one of =, !="),
        ({"combinator": "and", "rules": [rule("n", "in", "a")]}, "rules[0].value must be an array"),
        ({"combinator": "and", "rules": [rule("n", "=", {})]}, "rules[0].value must be a string"),
        (
            {"combinator": "and", "rules": [rule("n", "relatedTo", "a")]},
            "'relatedTo' is not evaluated by the Port mock",
        ),
        ({"combinator": "and", "rules": [rule("n", "between", {"preset": "today"})]}, "preset is not evaluated"),
        ({"combinator": "and", "rules": [rule("n", "between", {"from": "a", "to": "b"})]}, "ISO 8601 times"),
        ({"combinator": "and", "rules": [{"propertySchema": {}}]}, "propertySchema is not evaluated"),
        ({"combinator": "and", "rules": [{"combinator": "or"}]}, "rules must be an array"),
    ],
)
def test_a_wrong_query_is_refused_by_name(query: dict[str, Any], message: str) -> None:
    answer = body_of(make_mock().port("POST", "/v1/entities/search", json=query), status=422)

    assert message in answer["message"]


def test_a_query_that_is_too_deep_is_refused() -> None:
    query: dict[str, Any] = {"combinator": "and", "rules": []}
    for _ in range(100):
        query = {"combinator": "and", "rules": [query]}

    assert (
        "nested too deeply"
        in body_of(make_mock().port("POST", "/v1/entities/search", json=query), status=422)["message"]
    )


def test_a_query_without_combinator_is_refused_where_rules_are_on() -> None:
    assert found(Mock(entities=ENTITIES), rule("n", "=", 1)) == ["service/a"]
    assert body_of(make_mock().port("POST", "/v1/entities/search", json={}))["entities"] != []
    strict = Mock(strict=True, entities=ENTITIES)
    assert strict.port("POST", "/v1/entities/search", json={}).status_code == 422


def of_datasource(mock: Mock, **fields: object) -> dict[str, Any]:
    body = {"datasource_prefix": "port-ocean/test/", "datasource_suffix": "/mine/exporter", **fields}
    return body_of(mock.port("POST", "/v1/blueprints/entities/datasource-entities", json=body))


def identifiers(answer: dict[str, Any]) -> list[str]:
    return [entity["identifier"] for entity in answer["entities"]]


def test_an_integration_finds_its_own_entities_page_by_page() -> None:
    mock = make_mock()

    first = of_datasource(mock, limit=2)
    assert (identifiers(first), first["next"]) == (["a", "b"], "2")
    second = of_datasource(mock, limit=2, **{"from": first["next"]})
    assert (identifiers(second), second["next"]) == (["c"], None)
    assert identifiers(of_datasource(mock)) == ["a", "b", "c"]


def test_whoever_upserts_last_is_the_datasource() -> None:
    mock = make_mock()
    other = {"user-agent": "port-ocean/other/1/i/exporter"}
    mock.port("POST", "/v1/blueprints/service/entities", json={"identifier": "a"}, headers=other)
    mock.port("POST", "/v1/blueprints/service/entities", json={"identifier": "d"}, headers=AGENT)

    assert identifiers(of_datasource(mock)) == ["b", "c", "d"]


def test_before_leaves_out_what_has_changed_since() -> None:
    mock = make_mock()
    time.sleep(0.002)
    began = datetime.now(UTC).isoformat()
    for entity in (dict(ENTITIES[0]), {"identifier": "b", "properties": {"n": 3}}, {"identifier": "d"}):
        mock.port("POST", "/v1/blueprints/service/entities", json=entity, headers=AGENT)

    assert identifiers(of_datasource(mock, before=began)) == ["a", "c"]
    assert identifiers(of_datasource(mock)) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"before": "yesterday"}, "before must be an ISO 8601 time, not 'yesterday'"),
        ({"before": 7}, "before must be a string"),
        ({"from": "x"}, "from must be a whole number, not 'x'"),
        ({"limit": -1}, "limit must be a whole number, not -1"),
        ({"datasource_prefix": 1}, "datasource_prefix must be a string"),
    ],
)
def test_a_wrong_question_for_own_entities_is_refused(fields: dict[str, Any], message: str) -> None:
    body = {"datasource_prefix": "p", **fields}
    answer = body_of(make_mock().port("POST", "/v1/blueprints/entities/datasource-entities", json=body), status=422)

    assert message in answer["message"]


def test_a_scripted_answer_goes_before_what_is_in_port() -> None:
    mock = Mock(search_entities_response=[], entities=ENTITIES)

    assert found(mock) == []
    assert of_datasource(mock) == {"ok": True, "entities": [], "next": None}


def test_an_identifier_by_search_query_updates_what_it_finds_even_without_rules() -> None:
    mock = make_mock()
    query = {"combinator": "and", "rules": [rule("s", "=", "abc")]}
    answer = body_of(
        mock.port(
            "POST", "/v1/blueprints/service/entities/bulk", json={"entities": [{"identifier": query, "title": "New"}]}
        )
    )

    assert answer["entities"] == [{"index": 0, "identifier": "a", "created": False}]
    assert found(mock, rule("$title", "=", "New")) == ["service/a"]
