"""How an integration is configured to listen, and what is sent to it."""

from pathlib import Path
from typing import Any

import pytest

from harness.execution.live_process import (
    BASE_URL,
    action_run,
    body_of,
    check_request,
    configuration,
    merged,
    workflow_run,
)
from sandbox.errors import IntegrationError, SandboxError


def spec(folder: Path, text: str, name: str = "spec.yaml") -> Path:
    (folder / ".port").mkdir()
    (folder / ".port" / name).write_text(text)
    return folder


def test_it_listens_and_does_nothing_else_by_itself(tmp_path: Path) -> None:
    config = configuration({"event_listener": {"type": "POLLING"}, "integration": {"identifier": "a"}}, tmp_path)
    assert config == {
        "base_url": BASE_URL,
        "initialize_port_resources": False,
        "integration": {"identifier": "a"},
        "event_listener": {"type": "POLLING", "resync_on_start": False, "interval": 3600},
        "actions_processor": {"enabled": False, "poll_check_interval_seconds": 1},
        "events_debug_logging": True,
    }


def test_it_makes_the_blueprints_that_it_needs_where_nobody_else_does(tmp_path: Path) -> None:
    assert configuration({}, tmp_path, makes_resources=True)["initialize_port_resources"] is True


def test_what_a_test_says_stays(tmp_path: Path) -> None:
    said = {
        "base_url": "https://mine.example",
        "initialize_port_resources": True,
        "event_listener": {"type": "POLLING", "resync_on_start": True},
        "actions_processor": {"enabled": False, "poll_check_interval_seconds": 5},
    }
    config = configuration(said, spec(tmp_path, "actionsProcessingEnabled: true"))
    assert config["base_url"] == "https://mine.example"
    assert config["initialize_port_resources"] is True
    assert config["event_listener"]["resync_on_start"] is True
    assert config["actions_processor"] == {"enabled": False, "poll_check_interval_seconds": 5}


def test_other_listeners_are_not_told_how_to_poll(tmp_path: Path) -> None:
    assert configuration({"event_listener": {"type": "WEBHOOKS_ONLY"}}, tmp_path)["event_listener"] == {
        "type": "WEBHOOKS_ONLY"
    }


def test_one_that_ends_by_itself_cannot_listen(tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match="ONCE, which does not listen for events") as refused:
        configuration({"event_listener": {"type": "once"}}, tmp_path)
    assert "leave event_listener out of create_integration_config()" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text", "acts"),
    [
        ("spec.yaml", "actionsProcessingEnabled: true", True),
        ("spec.yml", "actionsProcessingEnabled: true", True),
        ("spec.json", '{"actionsProcessingEnabled": true}', True),
        ("spec.yaml", "title: none", False),
        ("spec.yaml", "a: [", False),
        ("spec.yaml", "no mapping", False),
    ],
)
def test_actions_are_processed_where_the_spec_says_so(tmp_path: Path, name: str, text: str, acts: bool) -> None:  # noqa: FBT001 # a parameter of pytest's
    assert configuration({}, spec(tmp_path, text, name))["actions_processor"]["enabled"] is acts


@pytest.mark.parametrize(
    ("value", "body", "sent"),
    [
        ({"a": 1}, None, b'{"a": 1}'),
        (None, None, b"{}"),
        (None, b"\x00", b"\x00"),
        (None, "text", b"text"),
        ([], None, b"[]"),
    ],
)
def test_a_webhook_carries_what_is_given(value: Any, body: bytes | str | None, sent: bytes) -> None:
    assert body_of(value, body) == (sent, {"Content-Type": "application/json"})


def test_a_webhook_that_is_none_is_refused() -> None:
    with pytest.raises(SandboxError, match="either json or a body"):
        body_of({}, b"")
    with pytest.raises(SandboxError, match="json of a webhook cannot be written"):
        body_of({"a": {1}}, None)


def test_runs_differ_and_are_as_port_hands_them_out() -> None:
    first, second = (action_run("restart", {"a": 1}, "mine", "my_action") for _ in range(2))
    assert first["id"] != second["id"]
    assert first["action"] == {"identifier": "my_action"}
    assert first["payload"]["integrationActionType"] == "restart"
    node = workflow_run("restart", {"a": 1}, "mine", "node_1", "things")
    assert (node["nodeUid"], node["config"]["integrationProvider"]) == ("node_1", "things")
    assert node["config"]["integrationActionExecutionProperties"] == {"a": 1}


def test_a_header_that_is_given_replaces_the_implied_one_in_any_case() -> None:
    implied = {"Content-Type": "application/json"}
    assert merged(implied, {"content-type": "text/plain", "X-A": "1"}) == {"content-type": "text/plain", "X-A": "1"}
    assert merged(implied, {"X-A": "1"}) == {**implied, "X-A": "1"}


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/web hook", {}),
        ("POST", "/häuser", {}),
        ("POST", "/a\r\nHost: b", {}),
        ("PO ST\n", "/a", {}),
        ("POST", "/a", {"X A": "1", "X\n": "1"}),
        ("POST", "/a", {"X-A": "1\r\nX-B: 2"}),
        ("POST", "/a", {"X-A": "€"}),
        ("POST", "/a", {"X-A": 1}),
        ("POST", None, {}),
    ],
)
def test_what_http_cannot_send_is_refused_before_anything_starts(method: str, path: Any, headers: Any) -> None:
    with pytest.raises(SandboxError, match="No webhook can be sent to"):
        check_request(method, path, headers)


def test_what_http_can_send_is_fine() -> None:
    check_request("POST", "/webhook?a=b%20c", {"X-Signature": "sha256=é"})
