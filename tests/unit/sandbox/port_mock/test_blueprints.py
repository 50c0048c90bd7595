"""Blueprints, scorecards, migrations, actions and pages."""

from __future__ import annotations

import pytest

from .factories import Mock, body_of

SERVICE = {"identifier": "service", "title": "Service", "schema": {"properties": {"url": {"type": "string"}}}}


def test_a_seeded_blueprint_is_answered() -> None:
    mock = Mock(blueprints={"service": SERVICE})

    assert body_of(mock.port("GET", "/v1/blueprints/service"))["blueprint"].items() >= SERVICE.items()


def test_an_unknown_blueprint_is_answered_empty() -> None:
    assert body_of(Mock().port("GET", "/v1/blueprints/unheard-of"))["blueprint"] == {
        "identifier": "unheard-of",
        "title": "unheard-of",
        "icon": "Blueprint",
        "schema": {"properties": {}},
        "relations": {},
    }


def test_a_created_blueprint_is_answered_with_every_field() -> None:
    mock = Mock()

    created = body_of(mock.port("POST", "/v1/blueprints", json=SERVICE), status=201)["blueprint"]

    assert created["relations"] == {}
    assert body_of(mock.port("GET", "/v1/blueprints/service"))["blueprint"] == created
    assert mock.kept()["blueprints"] == {"service": SERVICE}


def test_a_blueprint_cannot_be_created_twice() -> None:
    mock = Mock(blueprints={"service": SERVICE})

    assert body_of(mock.port("POST", "/v1/blueprints", json=SERVICE), status=409)["error"] == "identifier_taken"


def test_a_patch_changes_what_it_names() -> None:
    mock = Mock(blueprints={"service": SERVICE})
    relations = {"team": {"target": "team", "many": False, "required": False}}

    patched = body_of(mock.port("PATCH", "/v1/blueprints/service", json={"relations": relations}))["blueprint"]

    assert (patched["relations"], patched["title"]) == (relations, "Service")


@pytest.mark.parametrize("path", ["", "/all-entities?delete_blueprint=true"])
def test_a_deleted_blueprint_is_an_unknown_one(path: str) -> None:
    mock = Mock(blueprints={"service": SERVICE})

    body_of(mock.port("DELETE", "/v1/blueprints/service" + path))

    assert body_of(mock.port("GET", "/v1/blueprints/service"))["blueprint"]["title"] == "service"


def test_deleting_all_entities_makes_a_migration_that_is_complete() -> None:
    mock = Mock(blueprints={"service": SERVICE})

    identifier = body_of(mock.port("DELETE", "/v1/blueprints/service/all-entities"))["migrationId"]

    migration = body_of(mock.port("GET", f"/v1/migrations/{identifier}"))["migration"]
    assert migration == {
        "id": identifier,
        "actor": "port-mock",
        "sourceBlueprint": "service",
        "mapping": {},
        "status": "COMPLETE",
    }
    assert "service" in mock.kept()["blueprints"]


def test_an_unknown_migration_is_not_found() -> None:
    assert body_of(Mock().port("GET", "/v1/migrations/none"), status=404)["error"] == "not_found"


def test_actions_scorecards_and_pages_are_kept() -> None:
    mock = Mock()

    body_of(mock.port("POST", "/v1/actions", json={"identifier": "restart"}), status=201)
    body_of(mock.port("POST", "/v1/blueprints/service/scorecards", json={"identifier": "ready"}), status=201)
    body_of(mock.port("POST", "/v1/pages", json={"identifier": "overview"}), status=201)

    kept = mock.kept()
    assert kept["actions"] == [{"identifier": "restart"}]
    assert kept["scorecards"] == [{"identifier": "ready", "blueprint": "service"}]
    assert kept["pages"] == [{"identifier": "overview"}]
    assert mock.captures()["upserted_entities"] == []


def test_a_deleted_page_is_gone() -> None:
    mock = Mock()
    mock.port("POST", "/v1/pages", json={"identifier": "overview"})

    body_of(mock.port("DELETE", "/v1/pages/overview"))

    assert mock.kept()["pages"] == []


def test_where_it_is_bare_a_blueprint_is_there_once_somebody_made_or_used_it() -> None:
    mock = Mock(bare=True)
    assert mock.port("GET", "/v1/blueprints/service").json()["error"] == "not_found"
    mock.port("POST", "/v1/blueprints", json=SERVICE)
    mock.port("POST", "/v1/blueprints/host/entities", json={"identifier": "a"})

    found = [mock.port("GET", f"/v1/blueprints/{name}").status_code for name in ("service", "host", "other")]

    assert found == [200, 200, 404]
