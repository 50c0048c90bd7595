"""The entry of a test class: its own, or what pytest was told; and what it asks of the class."""

from typing import Any

import pytest

from harness import BaseIntegrationTest, IntegrationTestHarness, InterceptTransport
from harness.execution.port_mock import PortMockResponder
from harness.options import set_options, settings_in_force
from harness.testing.declaration import MissingMethodError


class Things(BaseIntegrationTest):
    """Says no mapping."""


class Production(Things):
    """Says no mapping either, and need not."""

    entry = "production"


def make(entry: Any) -> IntegrationTestHarness:
    return IntegrationTestHarness("somewhere", {"resources": []}, InterceptTransport(), entry=entry)


def test_a_mapping_may_be_missing_in_production_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCEAN_SANDBOX_ENTRY", raising=False)
    with pytest.raises(MissingMethodError):
        Things().create_mapping_config()
    assert Production().create_mapping_config() is None
    monkeypatch.setenv("OCEAN_SANDBOX_ENTRY", "production")
    assert Things().create_mapping_config() is None


def test_pytests_option_is_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCEAN_SANDBOX_ENTRY", "production")
    set_options(entry="resync")
    try:
        assert settings_in_force().entry == "resync"
    finally:
        set_options(entry=None)


def test_a_class_gets_more_time_than_the_settings_say_and_not_less() -> None:
    in_force = settings_in_force(resync_timeout=100)
    assert [in_force.allowing(seconds).resync_timeout for seconds in (None, 50, 100, 200)] == [100, 100, 100, 200]
    assert in_force.allowing(50) is in_force


def test_there_are_two_entries() -> None:
    assert [make(entry).entry for entry in ("resync", "production", None)] == ["resync", "production", "resync"]
    with pytest.raises(ValueError, match="entry must be 'resync' or 'production', not 'sail'"):
        make("sail")


def test_what_port_does_not_know_is_not_seeded() -> None:
    seed = PortMockResponder(None).seed("things")

    assert "mapping" not in seed
    assert "integration" not in seed
    assert PortMockResponder({"resources": []}).seed("things")["integration"]["type"] == "things"


def test_a_bare_port_says_so() -> None:
    responder = PortMockResponder(None)
    assert "bare" not in responder.seed("things")
    responder.is_bare = True
    assert responder.checked_seed("things").bare
