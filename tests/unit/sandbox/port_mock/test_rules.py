"""Strict rules: what Port refuses, with which status and code, and what it does with what it takes."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.port_mock.rules import unchecked_properties

from .factories import Mock, body_of

SERVICE = {
    "identifier": "service",
    "schema": {
        "properties": {
            "url": {"type": "string", "format": "url"},
            "size": {"type": "number"},
            "tier": {"type": "string", "enum": ["gold", "silver"]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "since": {"type": "string", "format": "date-time"},
            "mail": {"type": "string", "format": "email"},
            "address": {"type": "string", "format": "ipv4"},
            "config": {"type": "object"},
            "active": {"type": "boolean"},
            "owner": {"type": "string", "format": "user"},
            "lifecycle": {"type": "string", "default": "new"},
        },
        "required": ["size"],
    },
    "relations": {
        "team": {"target": "team", "many": False, "required": False},
        "uses": {"target": "service", "many": True, "required": False},
    },
}
TEAM = {"identifier": "team", "schema": {"properties": {}}, "relations": {}}
PROJECT = {
    "identifier": "project",
    "schema": {"properties": {}},
    "relations": {"team": {"target": "team", "many": False, "required": True}},
    "teamInheritance": {"path": "team"},
}
BLUEPRINTS = {"service": SERVICE, "team": TEAM, "project": PROJECT}
TEAM_A = {"identifier": "a", "blueprint": "team", "properties": {}, "relations": {}}
ONE = "/v1/blueprints/{}/entities?upsert=true"
BULK = "/v1/blueprints/service/entities/bulk?upsert=true"


def strict(*entities: dict[str, Any]) -> Mock:
    return Mock(
        strict=True,
        blueprints=BLUEPRINTS,
        entities=[TEAM_A, *entities],
        integration={"identifier": "i", "type": "test"},
    )


def service(identifier: object = "s", *, relations: object = None, **properties: object) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "blueprint": "service",
        "properties": {"size": 1, **properties},
        "relations": relations if relations is not None else {},
    }


def stored(mock: Mock, blueprint: str, identifier: str) -> dict[str, Any] | None:
    found = mock.state.kept.catalog.get(blueprint, identifier)
    return None if found is None else found.entity


@pytest.mark.parametrize(
    "properties",
    [
        {"url": "https://example.com/a?b=c", "tier": "gold", "tags": ["x", "y"], "active": False},
        {"since": "2026-01-31T12:00:00Z", "mail": "one@example.com", "address": "10.0.0.1"},
        {"since": "2026-01-31T12:00:00.123+02:00", "config": {"any": ["thing"]}, "owner": "whoever"},
        {"url": None, "tier": None},
        {"colour": "of which the blueprint knows nothing"},
    ],
)
def test_what_fits_is_taken(properties: dict[str, Any]) -> None:
    mock = strict()
    body_of(mock.port("POST", ONE.format("service"), json=service(**properties)), status=201)

    assert mock.captures()["rejected_entities"] == []


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"size": "1"}, "properties.size: '1' is not of type 'number'"),
        ({"size": True}, "properties.size: True is not of type 'number'"),
        ({"size": None}, "properties: 'size' is a required property"),
        ({"tier": "bronze"}, "properties.tier: 'bronze' is not one of ['gold', 'silver']"),
        ({"tags": ["x", 1]}, "properties.tags.1: 1 is not of type 'string'"),
        ({"url": "example"}, "properties.url: 'example' is not a 'url'"),
        ({"url": "https://a b"}, "properties.url: 'https://a b' is not a 'url'"),
        ({"since": "yesterday"}, "properties.since: 'yesterday' is not a 'date-time'"),
        ({"since": "2026-02-31T12:00:00Z"}, "properties.since: '2026-02-31T12:00:00Z' is not a 'date-time'"),
        ({"mail": "one@example"}, "properties.mail: 'one@example' is not a 'email'"),
        ({"address": "10.0.0.256"}, "properties.address: '10.0.0.256' is not a 'ipv4'"),
        ({"config": []}, "properties.config: [] is not of type 'object'"),
        ({"active": "true"}, "properties.active: 'true' is not of type 'boolean'"),
    ],
)
def test_what_does_not_fit_the_blueprint_is_refused(properties: dict[str, Any], message: str) -> None:
    mock = strict()
    refusal = body_of(mock.port("POST", ONE.format("service"), json=service(**properties)), status=422)

    assert refusal == {"ok": False, "error": "blueprint_schema_mismatch", "message": message}
    assert stored(mock, "service", "s") is None
    assert [(each["identifier"], each["status"]) for each in mock.captures()["rejected_entities"]] == [("s", 422)]


@pytest.mark.parametrize("identifier", ["a", "a-b_c@d.e+f:g\\h/i=j", "Größe", "名前", "9", "...", "x" * 1000])
def test_identifiers_that_port_takes(identifier: str) -> None:
    body_of(strict().port("POST", ONE.format("service"), json=service(identifier)), status=201)


@pytest.mark.parametrize("identifier", ["", ".", "..", "a b", "a*", "a#b", "a\n", "²", "x" * 1001, 7, True, [], 1.5])
def test_identifiers_that_port_refuses(identifier: object) -> None:
    refusal = body_of(strict().port("POST", ONE.format("service"), json=service(identifier)), status=422)

    assert refusal["error"] == "invalid_request"
    assert "identifier" in refusal["message"]


def test_an_entity_without_an_identifier_gets_one() -> None:
    created = body_of(strict().port("POST", ONE.format("service"), json={"properties": {"size": 1}}), status=201)

    assert created["entity"]["identifier"] == "generated-1"


def test_an_unknown_blueprint_refuses_the_whole_bulk() -> None:
    mock = strict()
    path = "/v1/blueprints/nothing/entities/bulk?upsert=true"
    refusal = body_of(mock.port("POST", path, json={"entities": [{"identifier": "a"}]}), status=404)

    assert (refusal["error"], "nothing" in refusal["message"]) == ("not_found", True)
    (rejected,) = mock.captures()["rejected_entities"]
    assert (rejected["identifier"], rejected["blueprint"], rejected["status"]) == ("a", "nothing", 404)
    assert mock.port("GET", "/v1/blueprints/nothing").status_code == 404


def test_a_bulk_answers_every_index_and_207_when_some_are_refused() -> None:
    mock = strict()
    entities = [service("good"), service("bad id"), service("wrong", size="x"), service(3), service("fine")]
    answer = body_of(mock.port("POST", BULK, json={"entities": entities}), status=207)

    assert [(each["index"], each["identifier"]) for each in answer["entities"]] == [(0, "good"), (4, "fine")]
    assert [(each["index"], each["identifier"], each["statusCode"], each["error"]) for each in answer["errors"]] == [
        (1, "bad id", 422, "invalid_request"),
        (2, "wrong", 422, "blueprint_schema_mismatch"),
        (3, "unknown", 422, "invalid_request"),
    ]
    assert [each["identifier"] for each in mock.captures()["upserted_entities"]] == ["good", "fine"]
    assert [each["identifier"] for each in mock.captures()["rejected_entities"]] == ["bad id", "wrong", 3]


def test_a_bulk_of_more_than_twenty_is_refused_and_one_above_a_mebibyte() -> None:
    mock = strict()
    many = [service(f"s{number}") for number in range(21)]

    assert body_of(mock.port("POST", BULK, json={"entities": many}), status=422)["error"] == "invalid_request"
    large = service("large", url="https://example.com/" + "x" * 1024 * 1024)
    assert body_of(mock.port("POST", BULK, json={"entities": [large]}), status=413)["error"] == "bad_request"
    assert body_of(mock.port("POST", ONE.format("service"), json=large), status=413)["error"] == "bad_request"
    assert len(mock.captures()["rejected_entities"]) == 22


def test_a_relation_to_a_missing_entity_is_refused() -> None:
    mock = strict()
    related = service(relations={"team": "b", "uses": ["s"]})
    refusal = body_of(mock.port("POST", ONE.format("service"), json=related), status=404)

    assert refusal["error"] == "not_found"
    assert "'b' of blueprint 'team'" in refusal["message"]


def test_missing_related_entities_are_created_empty_where_the_call_says_so() -> None:
    mock = strict()
    path = ONE.format("service") + "&create_missing_related_entities=true"
    body_of(mock.port("POST", path, json=service(relations={"team": "b", "uses": ["x", "y"]})), status=201)

    assert stored(mock, "team", "b") == {"identifier": "b", "blueprint": "team"}
    assert stored(mock, "service", "x") == {"identifier": "x", "blueprint": "service"}
    assert [each["identifier"] for each in mock.captures()["upserted_entities"]] == ["s"]


@pytest.mark.parametrize(
    ("blueprint", "relations", "status", "error"),
    [
        ("service", {"team": ["a", "b"]}, 422, "relation_many_violation"),
        ("service", {"team": "a b"}, 422, "invalid_request"),
        ("service", {"team": 7}, 422, "invalid_request"),
        ("service", "a", 422, "invalid_request"),
        ("project", {}, 422, "required_relation"),
        ("project", {"team": None}, 422, "required_relation"),
    ],
)
def test_wrong_relations_are_refused(blueprint: str, relations: object, status: int, error: str) -> None:
    entity = {**service(relations=relations), "properties": {"size": 1} if blueprint == "service" else {}}
    refusal = body_of(strict().port("POST", ONE.format(blueprint), json=entity), status=status)

    assert refusal["error"] == error


@pytest.mark.parametrize(
    "relations", [{"team": "a"}, {"team": ["a"]}, {"team": None}, {"uses": []}, {"uses": ["s"]}, {"unheard": "of"}]
)
def test_relations_that_fit_are_taken(relations: dict[str, Any]) -> None:
    body_of(strict().port("POST", ONE.format("service"), json=service(relations=relations)), status=201)


def test_a_relation_by_search_query_is_the_entity_that_it_finds() -> None:
    mock = strict(service("one", tier="gold"), service("two", tier="gold"))

    def query(value: str) -> dict[str, Any]:
        return {"combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": value}]}

    entity = body_of(
        mock.port("POST", ONE.format("service"), json=service(relations={"uses": query("gold")})), status=201
    )["entity"]
    assert entity["relations"] == {"uses": ["one", "two"]}
    assert mock.captures()["upserted_entities"][0]["relations"] == {"uses": query("gold")}

    none = mock.port("POST", ONE.format("service"), json=service("t", relations={"uses": query("silver")}))
    assert body_of(none, status=201)["entity"]["relations"] == {"uses": []}


def test_an_identifier_by_search_query_means_exactly_one_entity() -> None:
    mock = strict(service("one", tier="gold", lifecycle="x"), service("two", tier="gold"))

    def upsert(name: str, value: str) -> Any:
        rules = [{"property": name, "operator": "=", "value": value}]
        return mock.port("POST", BULK, json={"entities": [service({"combinator": "and", "rules": rules}, size=9)]})

    assert body_of(upsert("lifecycle", "x"))["entities"] == [{"index": 0, "identifier": "one", "created": False}]
    found = stored(mock, "service", "one")
    assert found is not None
    assert found["properties"]["size"] == 9
    (none,) = body_of(upsert("lifecycle", "y"), status=207)["errors"]
    assert (none["identifier"], none["statusCode"]) == ("unknown", 404)
    (several,) = body_of(
        mock.port("POST", BULK, json={"entities": [service({"combinator": "and", "rules": []})]}), status=207
    )["errors"]
    assert (several["statusCode"], "2 entities match" in several["message"]) == (422, True)


def test_a_query_that_is_wrong_is_refused() -> None:
    wrong = service({"combinator": "xor", "rules": []})
    refusal = body_of(strict().port("POST", ONE.format("service"), json=wrong), status=422)

    assert "combinator must be 'and' or 'or'" in refusal["message"]


def test_overwriting_leaves_only_what_is_sent_and_merging_keeps_the_rest() -> None:
    mock = strict(service("s", tier="gold", relations={"team": "a"}))
    body_of(mock.port("POST", ONE.format("service") + "&merge=true", json=service(url="https://example.com")))

    merged = stored(mock, "service", "s")
    assert merged is not None
    assert merged["properties"] == {"size": 1, "tier": "gold", "url": "https://example.com"}
    assert merged["relations"] == {"team": "a"}
    body_of(mock.port("POST", ONE.format("service"), json=service()))
    assert stored(mock, "service", "s") == service()


def test_merging_may_leave_out_what_is_required_and_there() -> None:
    mock = strict(service("s"))
    patch = {"identifier": "s", "properties": {"tier": "gold"}}

    assert mock.port("POST", ONE.format("service") + "&merge=true", json=patch).status_code == 200
    assert mock.port("POST", ONE.format("service"), json=patch).status_code == 422


def test_a_new_entity_has_the_defaults_of_its_properties() -> None:
    mock = strict()
    body_of(mock.port("POST", ONE.format("service"), json=service()), status=201)
    body_of(mock.port("POST", ONE.format("service"), json=service("t", lifecycle="old")), status=201)

    assert [(stored(mock, "service", each) or {})["properties"]["lifecycle"] for each in "st"] == ["new", "old"]
    assert mock.captures()["upserted_entities"] == [service(), service("t", lifecycle="old")]


def test_creating_what_is_there_is_refused_without_upsert() -> None:
    refusal = strict(service("s")).port("POST", "/v1/blueprints/service/entities", json=service())

    assert body_of(refusal, status=409)["error"] == "identifier_taken"


def test_validating_keeps_nothing() -> None:
    mock = strict()
    path = ONE.format("service") + "&validation_only=true"

    assert mock.port("POST", path, json=service()).status_code == 201
    assert mock.port("POST", path, json=service(size="x")).status_code == 422
    assert stored(mock, "service", "s") is None
    assert mock.captures()["upserted_entities"] == []


def test_a_team_is_refused_where_it_is_inherited() -> None:
    project = {"identifier": "p", "team": "a", "properties": {}, "relations": {"team": "a"}}
    refusal = body_of(strict().port("POST", ONE.format("project"), json=project), status=422)

    assert refusal["error"] == "team_inheritance_enabled"


DEPENDENT = {"identifier": "p", "blueprint": "project", "properties": {}, "relations": {"team": "a"}}


def test_what_another_entity_requires_cannot_be_deleted() -> None:
    mock = strict(DEPENDENT)

    refusal = body_of(mock.port("DELETE", "/v1/blueprints/team/entities/a"), status=403)
    assert refusal["error"] == "has_dependents"
    assert "'p' of blueprint 'project' requires it" in refusal["message"]
    assert stored(mock, "team", "a") == TEAM_A
    assert mock.captures()["deleted_entities"] == []


def test_dependents_go_where_the_call_says_so() -> None:
    mock = strict(DEPENDENT, service("s", relations={"team": "a"}), service("t", relations={"uses": ["s"]}))
    body_of(mock.port("DELETE", "/v1/blueprints/team/entities/a?delete_dependents=true"))

    assert [stored.identifier for stored in mock.state.kept.catalog] == []
    assert mock.captures()["deleted_entities"] == [{"identifier": "a", "blueprint": "team"}]


def test_a_relation_that_is_not_required_is_emptied() -> None:
    mock = strict(service("s", relations={"team": "a", "uses": ["t"]}), service("t", relations={"uses": ["s", "t"]}))
    body_of(mock.port("DELETE", "/v1/blueprints/team/entities/a"))
    body_of(mock.port("DELETE", "/v1/blueprints/service/entities/s"))

    assert (stored(mock, "service", "t") or {})["relations"] == {"uses": ["t"]}


def test_a_bulk_delete_answers_what_was_deleted() -> None:
    mock = strict(DEPENDENT, {**TEAM_A, "identifier": "b"})
    path = "/v1/blueprints/team/bulk/entities/delete?delete_dependents=false"

    refused = body_of(mock.port("POST", path, json={"entities": ["b", "a", "c"]}), status=403)
    assert (refused["error"], stored(mock, "team", "b")) == ("has_dependents", {**TEAM_A, "identifier": "b"})
    assert body_of(mock.port("POST", path, json={"entities": ["b", "c"]}))["deletedEntities"] == ["b"]
    assert body_of(mock.port("POST", path, json={"entities": ["c"]}), status=404)["error"] == "not_found"
    assert body_of(mock.port("POST", path, json={"entities": []}), status=422)["error"] == "invalid_request"
    assert body_of(mock.port("POST", path, json={"entities": [7]}), status=422)["error"] == "invalid_request"
    assert mock.port("DELETE", "/v1/blueprints/team/entities/c").status_code == 404
    assert mock.captures()["deleted_entities"] == [{"identifier": "b", "blueprint": "team"}]


def test_a_blueprint_that_the_integration_creates_has_rules_too() -> None:
    mock = strict()
    blueprint = {"identifier": "new", "schema": {"properties": {"n": {"type": "number"}}}, "relations": {}}
    body_of(mock.port("POST", "/v1/blueprints", json=blueprint), status=201)

    def status(value: object) -> int:
        return mock.port("POST", ONE.format("new"), json={"identifier": "a", "properties": {"n": value}}).status_code

    assert (status(1), status("1")) == (201, 422)
    body_of(mock.port("PATCH", "/v1/blueprints/new", json={"schema": {"properties": {"n": {"type": "string"}}}}))
    assert (status(1), status("1")) == (422, 200)
    body_of(mock.port("DELETE", "/v1/blueprints/new"))
    assert status("1") == 404
    assert mock.port("PATCH", "/v1/blueprints/new", json={}).status_code == 404
    assert mock.port("DELETE", "/v1/blueprints/new").status_code == 404


@pytest.mark.parametrize(
    ("blueprint", "message"),
    [
        ({"schema": []}, "schema must be an object"),
        ({"schema": {"properties": {"a": "string"}}}, "schema.properties.a must be an object"),
        ({"schema": {"required": "a"}}, "schema.required must be an array"),
        ({"relations": {"r": {}}}, "relations.r.target must be a string"),
        ({"ownership": 1}, "ownership must be an object"),
    ],
)
def test_a_blueprint_that_is_none_is_refused(blueprint: dict[str, Any], message: str) -> None:
    mock = strict()
    seed = {"strict": True, "blueprints": {"b": blueprint}}

    assert message in body_of(mock.control("PUT", "/seed", json=seed), status=422)["message"]
    created = mock.port("POST", "/v1/blueprints", json={"identifier": "b", **blueprint})
    assert message in body_of(created, status=422)["message"]


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        ({"type": "enum", "enum": ["a", "b"]}, "'enum' is not valid under any of the given schemas"),  # argocd's
        ({"type": "text"}, "'text' is not valid under any of the given schemas"),
        ({"type": ["string", 5]}, "['string', 5] is not valid under any of the given schemas"),
        ({"type": "string", "pattern": "("}, "'(' is not a 'regex'"),
        ({"type": "string", "pattern": r"^(?<year>\d+)$"}, r"'^(?<year>\\d+)$' is not a 'regex'"),  # JavaScript's
        ({"type": "string", "minLength": "1"}, "'1' is not of type 'integer'"),
        ({"type": "array", "items": {"type": "enum"}}, "{'type': 'enum'} is not valid under any of the given schemas"),
        ({"$ref": "https://x"}, "$ref is not allowed in a property"),
    ],
)
def test_a_property_whose_definition_is_none_is_not_checked(definition: dict[str, Any], complaint: str) -> None:
    blueprint = {"schema": {"properties": {"a": definition, "n": {"type": "number"}}, "required": ["n"]}}
    seeded, created = Mock(strict=True, blueprints={"b": blueprint}), strict()
    body_of(created.port("POST", "/v1/blueprints", json={"identifier": "b", **blueprint}), status=201)

    for mock in (seeded, created):
        entities = [
            {"identifier": "x", "properties": {"a": [7], "n": 1}},
            {"identifier": "y", "properties": {"n": "1"}},
        ]
        answer = body_of(
            mock.port("POST", "/v1/blueprints/b/entities/bulk?upsert=true", json={"entities": entities}), status=207
        )
        assert [each["identifier"] for each in answer["entities"]] == ["x"]
        assert [each["message"] for each in answer["errors"]] == ["properties.n: '1' is not of type 'number'"]
    assert unchecked_properties(blueprint) == {"a": complaint}


@pytest.mark.parametrize("relations", [["a"], "a", 7, {"team": {"a": 1}}, None])
def test_an_entity_that_a_test_has_scripted_with_anything_does_not_stop_a_delete(relations: object) -> None:
    scripted = [{"identifier": "p", "blueprint": "project", "relations": relations}, TEAM_A]
    mock = Mock(strict=True, blueprints=BLUEPRINTS, search_entities_response=scripted)

    assert mock.port("DELETE", "/v1/blueprints/team/entities/a").status_code == 200


def test_without_rules_port_takes_everything() -> None:
    mock = Mock(blueprints=BLUEPRINTS)
    entities = [service("a b"), service("s", size="x", relations={"team": "missing"}), {"identifier": 7}]

    assert body_of(mock.port("POST", BULK, json={"entities": entities}))["errors"] == []
    assert len(mock.captures()["upserted_entities"]) == 3
