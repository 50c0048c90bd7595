"""What a test asserts on."""

from __future__ import annotations

import dataclasses

import pytest

from harness import RejectedEntity, ResyncResult


def test_a_result_of_nothing_is_empty_and_a_success() -> None:
    result = ResyncResult()
    began, ended = result.during

    assert began <= ended
    assert dataclasses.asdict(result) == {
        "during": (began, ended),
        "calls": [],
        "port_calls": [],
        "upserted_entities": [],
        "deleted_entities": [],
        "errors": [],
        "reconciliation_success": True,
        "unmatched": [],
        "logs": [],
        "timings": {},
        "unused_stubs": [],
        "kinds": [],
        "rejected_entities": [],
        "egress_attempts": [],
        "unknown_port_calls": [],
        "most_memory": None,
        "default_resources": {"blueprints": {}, "actions": [], "scorecards": [], "pages": [], "mapping": {}},
        "unused_faults": [],
        "warnings": [],
    }


def test_no_two_results_share_their_lists() -> None:
    first, second = ResyncResult(), ResyncResult()
    names = (
        "upserted_entities",
        "deleted_entities",
        "rejected_entities",
        "errors",
        "unmatched",
        "logs",
        "unused_stubs",
        "unused_faults",
        "kinds",
        "egress_attempts",
        "unknown_port_calls",
    )
    for name in names:
        getattr(first, name).append(None)
    first.timings["boot"] = 1.0

    assert second == ResyncResult()


def test_its_parts_can_be_given_by_position_as_in_process() -> None:
    error = ValueError("wrong")
    result = ResyncResult([{"identifier": "a"}], [{"identifier": "b", "blueprint": "c"}], [error], False)  # noqa: FBT003

    assert result.upserted_entities == [{"identifier": "a"}]
    assert result.deleted_entities == [{"identifier": "b", "blueprint": "c"}]
    assert result.errors == [error]
    assert result.reconciliation_success is False


def entity(identifier: str, blueprint: str = "service", **properties: object) -> dict[str, object]:
    return {"identifier": identifier, "blueprint": blueprint, "properties": properties}


def test_entities_are_found_by_blueprint_and_identifier() -> None:
    a, b, team = entity("a"), entity("b"), entity("a", "team")
    result = ResyncResult([a, b, team])

    assert result.entities() == [a, b, team]
    assert result.entities("service") == [a, b]
    assert result.entities(identifier="a") == [a, team]
    assert result.entity("team", "a") is team


def test_of_an_entity_that_was_upserted_twice_the_last_counts() -> None:
    result = ResyncResult([entity("a", size=1), entity("a", size=2)])

    assert result.entity("service", "a")["properties"] == {"size": 2}


def test_an_entity_that_is_not_there_is_an_error_that_says_what_is() -> None:
    result = ResyncResult([entity("billing"), entity("a", "team")], errors=[ValueError()])

    with pytest.raises(
        LookupError, match=r"did you mean 'billing'\? available identifiers: billing; the resync had 1 error"
    ):
        result.entity("service", "biling")
    with pytest.raises(LookupError, match="there are entities of the blueprints: service, team"):
        result.entity("services", "billing")
    with pytest.raises(LookupError, match="nothing was upserted"):
        ResyncResult().entity("service", "a")


def test_of_many_identifiers_only_some_are_listed() -> None:
    result = ResyncResult([entity(f"e{number:02}") for number in range(12)])

    with pytest.raises(LookupError, match=r"available identifiers: e00, .*, e09 and 2 more$"):
        result.entity("service", "nothing like it")


def test_a_rejected_entity_reads_as_a_sentence() -> None:
    entity = {"identifier": "a b", "blueprint": "service"}
    rejected = RejectedEntity("a b", "service", entity, 422, "invalid_request", "identifier must not have spaces")

    assert str(rejected) == "service 'a b' was refused with 422 invalid_request: identifier must not have spaces"
