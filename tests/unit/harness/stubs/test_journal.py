"""WireMock's journal and the Port mock's calls read as the call log of a test."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest

from harness.stubs.journal import PortCall, third_party_calls
from harness.stubs.mappings import LARGE_HEADER, PASS_HEADER, UNMATCHED_HEADER
from tests.unit.harness.factories import URL, make_journal_entry, make_port_call


def test_a_request_and_its_answer_are_as_they_were() -> None:
    entry = make_journal_entry(
        f"{URL}?page=1",
        body=b'{"a": 1}',
        answer=b"[1]",
        request={"method": "POST", "headers": {"Host": "api.example.com", "X-Many": ["1", "2"]}},
        response={"status": 201, "headers": {"Set-Cookie": ["a=1", "b=2"], "X-One": "1"}},
    )
    (call,), unmatched = third_party_calls([entry])

    assert unmatched == []
    assert (call.request.method, str(call.request.url)) == ("POST", f"{URL}?page=1")
    assert call.request.content == b'{"a": 1}'
    assert call.request.headers.get_list("x-many") == ["1", "2"]
    assert (call.response.status_code, call.response.json()) == (201, [1])
    assert call.response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert call.response.request is call.request


def test_the_order_stays() -> None:
    calls, _ = third_party_calls(make_journal_entry(f"{URL}/{number}") for number in range(3))

    assert [call.request.url.path[-1] for call in calls] == ["0", "1", "2"]


def test_a_call_has_the_time_at_which_it_came_in_seconds() -> None:
    (asked,), _ = third_party_calls([make_journal_entry(request={"loggedDate": 1_700_000_000_250})])
    to_port = PortCall(make_port_call(at=1_700_000_000.75))

    assert (asked.at, to_port.at) == (1_700_000_000.25, 1_700_000_000.75)


def test_what_nobody_had_an_answer_for_is_unmatched() -> None:
    answers: list[dict[str, Any]] = [
        {"status": 200},
        {"status": 404, "headers": {UNMATCHED_HEADER: "1"}},
        {"status": 404},  # which a route answered
    ]
    calls, unmatched = third_party_calls(make_journal_entry(response=answer) for answer in answers)

    assert len(calls) == 3
    assert unmatched == [calls[1]]


def test_what_the_test_process_passed_on_is_not_counted_twice() -> None:
    passed_on = make_journal_entry(
        request={"headers": {PASS_HEADER.lower(): "1"}}, response={"status": 404, "headers": {UNMATCHED_HEADER: "1"}}
    )

    assert third_party_calls([passed_on]) == ([], [])


def test_an_entry_may_lack_what_was_empty() -> None:
    request = {"method": "GET", "absoluteUrl": URL, "loggedDate": 0}
    entry = {"request": request, "response": {}, "wasMatched": True}
    (call,), _ = third_party_calls([entry])

    assert (call.request.content, call.response.status_code, call.response.content) == (b"", 0, b"")


@pytest.mark.parametrize(
    ("sent", "read"), [(gzip.compress(b"hello"), b"hello"), (b"no gzip", b"no gzip")], ids=["is", "only claims"]
)
def test_a_compressed_answer_is_read_unless_it_only_claims_to_be(sent: bytes, read: bytes) -> None:
    (call,), _ = third_party_calls(
        [make_journal_entry(answer=sent, response={"headers": {"Content-Encoding": "gzip"}})]
    )

    assert call.response.content == read


def test_a_large_body_is_taken_from_the_test_process_that_answered() -> None:
    large = make_journal_entry(answer=b"the begi", response={"headers": {LARGE_HEADER.lower(): "2"}})
    calls, _ = third_party_calls([large, make_journal_entry(answer=b"small")], large={"2": b"the beginning and all"})

    assert [call.response.content for call in calls] == [b"the beginning and all", b"small"]


def test_a_call_to_port_is_as_it_was() -> None:
    call = PortCall(
        make_port_call(
            method="POST",
            path="/v1/blueprints/a%2Fb/entities/bulk",
            query="upsert=true",
            body="é",
            status=207,
            response='{"ok":true}',
        )
    )

    assert call.request.method == "POST"
    assert str(call.request.url) == "http://port-mock:8000/v1/blueprints/a%2Fb/entities/bulk?upsert=true"
    assert call.request.content.decode() == "é"
    assert (call.response.status_code, call.response.json()) == (207, {"ok": True})
    assert call.response.request is call.request


def test_a_call_without_a_query_has_none() -> None:
    first, second = PortCall(make_port_call()), PortCall(make_port_call(path="/v1/migrations/1"))

    assert str(first.request.url) == "http://port-mock:8000/v1/organization"
    assert second.request.url.path == "/v1/migrations/1"


@pytest.mark.parametrize(
    "body",
    [{"body": "x" * 200_000}, {"base64Body": base64.b64encode(b"x" * 200_000).decode()}, {"jsonBody": "x" * 200_000}],
)
def test_a_body_that_the_journal_cut_is_the_one_of_its_stub(body: dict[str, str]) -> None:
    entry = {**make_journal_entry(answer=b"x" * 100_000), "stubMapping": {"response": body}}
    (call,), _ = third_party_calls([entry])

    assert call.response.text.strip('"') == "x" * 200_000
