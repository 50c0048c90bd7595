"""Which versions are worth comparing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import ResyncResult
from harness.diagnosis.compare import check_worth, left_behind, with_deletes
from harness.diagnosis.difference import Outcome
from harness.diagnosis.versions import Version
from harness.routes.transport import RequestLog
from sandbox.errors import IntegrationError, SandboxError
from tests.unit.harness.factories import make_request

ITEM = {"identifier": "a", "blueprint": "service"}


def made(*paths: str, **fields: Any) -> ResyncResult:
    """The result of a version that asked for paths in vain."""
    unmatched = [RequestLog(make_request(f"https://a.example{path}"), httpx.Response(404)) for path in paths]
    return ResyncResult(unmatched=unmatched, **fields)


def test_where_one_upserts_and_one_completes_there_is_something_to_compare() -> None:
    check_worth([made(upserted_entities=[ITEM]), made("/a")])
    check_worth([made(upserted_entities=[ITEM]), IntegrationError("it does not start")])
    check_worth([made(), made(upserted_entities=[ITEM], reconciliation_success=False)])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Neither version upserted anything"),
        ({"upserted_entities": [ITEM], "reconciliation_success": False}, "Neither version completed its resync"),
    ],
)
def test_versions_that_did_nothing_are_not_the_same_but_not_compared(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SandboxError, match=words) as refused:
        check_worth([made("/a", "/b", **fields), made("/b", "/c", errors=[KeyError("gone")], **fields)])

    assert "--stubs FOLDER" in str(refused.value)
    assert refused.value.detail.splitlines() == ["GET https://a.example/b", "KeyError: 'gone'"]


def test_what_kept_one_from_its_end_is_said() -> None:
    with pytest.raises(SandboxError, match="got no answer") as refused:
        check_worth([IntegrationError("it does not start"), made("/a")])

    assert refused.value.detail.splitlines() == ["GET https://a.example/a", "it does not start"]


def test_where_entities_are_made_no_more_port_is_to_have_all_of_the_earlier_version() -> None:
    query = {"combinator": "and", "rules": []}
    other = {"identifier": query, "blueprint": "service", "properties": {"n": 1}, "title": None, "createdAt": "now"}
    odd = [{**ITEM, "identifier": ""}, {**ITEM, "identifier": "b", "properties": "none"}]
    before = made(upserted_entities=[ITEM, {**ITEM, "relations": {"a": "b"}}, other, *odd])

    assert left_behind(before, made(upserted_entities=[ITEM])) == [
        {**ITEM, "relations": {"a": "b"}},
        {"identifier": '{"combinator":"and","rules":[]}', "blueprint": "service", "properties": {"n": 1}},
        {**ITEM, "identifier": "b"},
    ]
    assert left_behind(before, made(upserted_entities=[other, ITEM, *odd])) == []


def test_of_a_version_that_fails_nothing_is_deleted() -> None:
    before = made(upserted_entities=[ITEM])

    assert left_behind(before, made(reconciliation_success=False)) == []
    assert left_behind(before, IntegrationError("it does not start")) == []
    assert left_behind(IntegrationError("it does not start"), made()) == []


def test_deletes_are_those_of_the_resync_in_a_port_that_has_the_entities() -> None:
    outcome, before = Outcome("new", errors=["odd"]), Version("old", Path())

    assert with_deletes(outcome, before, made(deleted_entities=[ITEM])).deleted == [ITEM]
    for failed in (made(reconciliation_success=False), IntegrationError("it does not start")):
        assert with_deletes(outcome, before, failed).errors == [
            "odd",
            "the resync in a Port that has the entities of old did not complete",
        ]
