"""What WireMock's journal tells of an answer that failed, as an error that names the stub."""

from typing import Any

import pytest

from harness.stubs.answer_failures import answer_failures
from harness.stubs.journal import count, third_party_calls
from harness.stubs.mappings import PASS_HEADER, ROUTE_NUMBER
from tests.unit.harness.factories import URL, make_journal_entry


def failed(message: str, *, metadata: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """An entry of a request on whose answer WireMock failed, as our extension writes it."""
    stub = {"id": "1", "metadata": metadata or {"file": "a.json", "line": 3}, "response": {"status": 200}}
    return make_journal_entry(**fields) | {
        "stubMapping": stub,
        "subEvents": [{"type": "FAILURE", "data": {"message": message}}],
    }


def messages(*entries: dict[str, Any], since: int = 0) -> list[str]:
    return [str(error) for error in answer_failures(entries, since)]


def test_it_names_the_stub_the_request_and_wiremocks_words() -> None:
    assert messages(failed("Not found in blob store: nope.json")) == [
        f"a.json:3: WireMock failed to answer GET {URL}: Not found in blob store: nope.json. Fix the stub's response."
    ]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (
            "wiremock.com.github.jknack.handlebars.HandlebarsException: inline@23b803f4:1:2: could not find helper: 'a'\n{{a}}",
            "line 1, column 2: could not find helper: 'a'. Fix",
        ),
        ("7:2: java.lang.ArithmeticException: / by zero", "line 7, column 2: / by zero. Fix"),
        ("java.lang.StackOverflowError", "java.lang.StackOverflowError. Fix"),
    ],
)
def test_wiremocks_words_are_shown_without_javas(words: str, shown: str) -> None:
    (message,) = messages(failed(words))

    assert f": {shown}" in message


def test_a_route_is_named_by_its_number() -> None:
    (message,) = messages(failed("no", metadata={ROUTE_NUMBER: 1}))

    assert message.startswith("route 2 of the test: WireMock failed to answer")


def test_failures_that_say_the_same_are_one_and_those_of_earlier_resyncs_none() -> None:
    entries = [failed("a"), failed("a"), failed("b")]

    assert len(messages(*entries)) == 2
    assert len(messages(*entries, since=2)) == 1
    assert messages(*entries, since=3) == []


def test_what_the_test_process_asked_on_behalf_of_a_request_counts_with_that_request() -> None:
    entries = [failed("a", request={"headers": {PASS_HEADER: "1"}}), make_journal_entry(), make_journal_entry()]

    assert len(messages(*entries)) == 1
    assert messages(*entries, since=1) == []


@pytest.mark.parametrize("url", ["https://api.example.com/items?a=%zz", "http://a.example:99999/x", ""])
def test_a_request_that_wiremock_cannot_hold_is_in_the_log_and_is_not_unmatched(url: str) -> None:
    asked = {"method": "POST", "absoluteUrl": url, "headers": {"X-A": ["1"]}, "bodyAsBase64": "YQ=="}
    entry = make_journal_entry(response={"status": 400}) | {
        "wasMatched": False,
        "subEvents": [{"type": "FAILURE", "data": {"message": "no", "request": asked}}],
    }
    (call,), unmatched = third_party_calls([entry])

    assert (call.request.method, call.request.headers["x-a"], call.request.content) == ("POST", "1", b"a")
    assert call.response.status_code == 400
    assert unmatched == []
    assert count([entry]) == 1
    assert messages(entry) == [
        f"WireMock failed to answer POST {url}: no. Correct how the integration builds this request."
    ]


def test_an_answer_that_a_stub_means_is_no_failure() -> None:
    answer = {"status": 500, "body": "[ERROR: mine]", "transformers": ["response-template"]}
    entry = make_journal_entry(answer=b"[ERROR: mine]", response={"status": 500}) | {
        "stubMapping": {"response": answer}
    }

    assert messages(entry) == []
