"""The integration: its config, resync state, cursors and examples."""

from __future__ import annotations

from datetime import datetime

import pytest

from .factories import BASE_URL, Mock, body_of, make_mapping

PATH = "/v1/integration/my-integration"


def test_any_integration_has_the_seeded_mapping() -> None:
    mock = Mock(mapping=make_mapping())

    integration = body_of(mock.port("GET", f"{PATH}?oceanCoreVersion=0.55.4&isPolling=false"))["integration"]

    assert integration["config"] == make_mapping()
    assert integration["identifier"] == integration["installationId"] == "my-integration"
    assert integration["installationType"] == "OnPrem"
    assert integration["resyncState"]["status"] == "completed"
    assert datetime.fromisoformat(integration["resyncState"]["updatedAt"]).tzinfo is not None


def test_a_seeded_identifier_and_type_win() -> None:
    mock = Mock(integration={"identifier": "seeded", "type": "jira"}, mapping=make_mapping())

    integration = body_of(mock.port("GET", PATH))["integration"]

    assert (integration["identifier"], integration["installationAppType"]) == ("seeded", "jira")


@pytest.mark.parametrize("attributes", ["logAttributes", "metricAttributes", "ingestAttributes"])
def test_ingest_urls_lead_back_to_where_the_caller_reached_us(attributes: str) -> None:
    integration = body_of(Mock(mapping=make_mapping()).port("GET", PATH))["integration"]

    assert integration[attributes]["ingestUrl"].startswith(f"{BASE_URL}/v1/")


def test_an_integration_that_was_not_seeded_creates_itself() -> None:
    mock = Mock()
    assert body_of(mock.port("GET", PATH), status=404)["error"] == "not_found"

    body = {
        "installationId": "my-integration",
        "installationAppType": "jira",
        "version": "1.2.3",
        "changelogDestination": {},
        "config": make_mapping(),
    }
    created = body_of(mock.port("POST", "/v1/integration", json=body), status=201)["integration"]

    assert created["config"] == make_mapping()
    assert body_of(mock.port("GET", PATH))["integration"] == created
    assert (created["version"], created["installationAppType"]) == ("1.2.3", "jira")
    assert body_of(mock.port("POST", "/v1/integration", json=body), status=409)["error"] == "identifier_taken"


def test_a_patch_changes_what_it_names_and_keeps_the_rest() -> None:
    mock = Mock(integration={"identifier": "my-integration", "type": "jira"}, mapping=make_mapping())

    patched = body_of(mock.port("PATCH", PATH, json={"version": "2.0.0", "arePortResourcesInitialized": True}))

    assert patched["integration"]["config"] == make_mapping()
    assert patched["integration"]["installationAppType"] == "jira"
    again = body_of(mock.port("GET", PATH))["integration"]
    assert (again["version"], again["arePortResourcesInitialized"]) == ("2.0.0", True)


@pytest.mark.parametrize("path", [PATH, f"{PATH}/config"])
def test_a_patched_config_is_the_config_from_then_on(path: str) -> None:
    mock = Mock(mapping=make_mapping())

    answer = body_of(mock.port("PATCH", path, json={"config": make_mapping("other")}))

    assert answer["integration"]["config"] == make_mapping("other")
    assert body_of(mock.port("GET", PATH))["integration"]["config"] == make_mapping("other")


def test_resync_states_are_kept_and_answered_with_the_time() -> None:
    mock = Mock(mapping=make_mapping())
    started = {"status": "running", "lastResyncStart": "2024-01-01T00:00:00+00:00", "lastResyncEnd": None}

    running = body_of(mock.port("PATCH", f"{PATH}/resync-state", json=started))["integration"]["resyncState"]
    done = body_of(mock.port("PATCH", f"{PATH}/resync-state", json={"status": "completed"}))["integration"]

    assert running["updatedAt"]
    assert done["resyncState"]["status"] == "completed"
    assert done["resyncState"]["lastResyncStart"] == started["lastResyncStart"]
    assert [state["status"] for state in mock.kept()["resync_states"]] == ["running", "completed"]


@pytest.mark.parametrize("path", ["", "/config", "/resync-state"])
def test_patching_an_integration_that_is_not_there_is_refused(path: str) -> None:
    answer = body_of(Mock().port("PATCH", PATH + path, json={"config": {}}), status=404)

    assert answer["error"] == "not_found"
    assert "Seed the Port mock" in answer["message"]


def test_a_deleted_integration_is_gone() -> None:
    mock = Mock(mapping=make_mapping())

    assert body_of(mock.port("DELETE", PATH))["ok"]

    assert mock.port("GET", PATH).status_code == 404
    assert mock.kept()["integration"] is None


def test_nobody_requests_a_resync_and_nothing_is_provisioned() -> None:
    mock = Mock(mapping=make_mapping())

    assert body_of(mock.port("GET", f"{PATH}/resync-request"))["request"] == {}
    assert body_of(mock.port("GET", "/v1/integration/provision-enabled"))["integrations"] == []


def test_a_cursor_is_created_then_updated() -> None:
    mock = Mock(mapping=make_mapping())
    path = f"{PATH}/cursor?kind=issue&index=0"
    value = {"primary": "2024-01-01T00:00:00+00:00"}

    assert body_of(mock.port("GET", path))["cursor"] is None
    assert body_of(mock.port("PUT", path, json=value), status=404)["error"] == "not_found"
    body_of(mock.port("POST", path, json=value))
    body_of(mock.port("PUT", path, json={"primary": "2025-01-01T00:00:00+00:00"}))

    assert body_of(mock.port("GET", path))["cursor"]["primary"] == "2025-01-01T00:00:00+00:00"
    assert body_of(mock.port("GET", f"{PATH}/cursor?kind=issue&index=1"))["cursor"] is None
    assert [(cursor["kind"], cursor["index"]) for cursor in mock.kept()["cursors"]] == [("issue", "0")]


def test_examples_are_kept_by_kind() -> None:
    mock = Mock(mapping=make_mapping())

    mock.port("POST", f"{PATH}/kinds/my+kind%2Fsub/examples", json={"examples": [{"id": 1}]})
    mock.port("POST", f"{PATH}/kinds/my+kind%2Fsub/examples", json={"examples": [{"id": 2}]})

    assert mock.kept()["examples"] == {"my kind/sub": [{"id": 1}, {"id": 2}]}
