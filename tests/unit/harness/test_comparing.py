"""Which versions are worth comparing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from harness import ResyncResult
from harness.comparison.compare import check_worth
from harness.transport import RequestLog
from sandbox.errors import IntegrationError, SandboxError

from .factories import make_request

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
    with pytest.raises(SandboxError, match="had no answer") as refused:
        check_worth([IntegrationError("it does not start"), made("/a")])

    assert refused.value.detail.splitlines() == ["GET https://a.example/a", "it does not start"]
