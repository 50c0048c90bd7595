"""Finds the answers that WireMock itself made of a failure: a template that throws, a missing body file.

Plain WireMock journals no request on whose answer it fails; docker/wiremock/FailureJournal.java has it do so. Some failures
it makes an answer of on its own, and only its words tell.
"""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any

from harness.stubs.folder import place
from harness.stubs.mappings import PASS_HEADER, ROUTE_NUMBER

# The type of the sub-event in FailureJournal.java.
_FAILURE = "FAILURE"
_REFUSAL = "REFUSAL"
_OF_PROXYING = "Network failure trying to make a proxied request from WireMock to "
# What a helper of a template puts in its place.
_OF_HELPER = re.compile(r"\[ERROR: .*?\]")
_JAVA_CLASS = re.compile(r"\b(?:[a-z_]\w*\.)+[A-Z]\w*(?:Exception|Error): ")
_IN_TEMPLATE = re.compile(r"^inline@[0-9a-f]+:(\d+):(\d+): |^(\d+):(\d+): ")
_INTERNAL_SERVER_ERROR = 500


class AnswerFailedError(Exception):
    """A request was not answered as the test says: WireMock failed to, or the sandbox could not read it.

    The message names the request, the stub if there is one, and has WireMock's own words.
    """


def asked(entry: dict[str, Any]) -> dict[str, Any]:
    """The request of an entry of the journal, with what WireMock's own form of a request cannot hold.

    Args:
        entry: WireMock's.
    """
    request: dict[str, Any] = entry["request"]
    failure = _failure(entry)
    return {**request, **failure["request"]} if failure and "request" in failure else request


def failed_before_a_stub(entry: dict[str, Any]) -> bool:
    """Whether WireMock failed before it had looked for a stub: then that no stub answered says nothing."""
    return _failure(entry) is not None and not entry.get("stubMapping", {}).get("id")


def refused(reason: str) -> dict[str, Any]:
    """What an entry of the journal has of a request that the front has refused.

    Args:
        reason: What was wrong with it.
    """
    return {"stubMapping": {}, "subEvents": [{"type": _REFUSAL, "data": {"message": reason}}]}


def is_on_behalf(entry: dict[str, Any]) -> bool:
    """Whether the test process asked, on behalf of a request that is in the journal, too."""
    return PASS_HEADER.lower() in map(str.lower, asked(entry).get("headers", {}))


def answer_failures(journal: Iterable[dict[str, Any]], since: int = 0) -> list[AnswerFailedError]:
    """An error for each failure, in their order; of those that say the same, one.

    Args:
        journal: WireMock's entries, oldest first.
        since: How many requests of the integration came before those that count.
    """
    found: dict[str, None] = {}
    number = 0
    for entry in journal:
        number += not is_on_behalf(entry)
        # What the test process asks on a request's behalf is journaled before the request.
        if number + is_on_behalf(entry) > since and (what := _what_failed(entry)):
            found[_message(entry, *what)] = None
    return [AnswerFailedError(message) for message in found]


def _what_failed(entry: dict[str, Any]) -> tuple[str, str] | None:
    """WireMock's words, and what to do."""
    answer = entry.get("stubMapping", {}).get("response", {})
    if not (failure := _failure(entry)):
        return _of_answer(entry, answer)
    if failed_before_a_stub(entry):
        return failure["message"], "correct how the integration builds this request"
    return failure["message"], _remedy(failure["message"], answer)


def _of_answer(entry: dict[str, Any], answer: dict[str, Any]) -> tuple[str, str] | None:
    """The same of a failure that WireMock made an answer of; ``answer`` is what the stub says."""
    response = entry["response"]
    body = base64.b64decode(response.get("bodyAsBase64", "")).decode(errors="replace")
    if response.get("status") == _INTERNAL_SERVER_ERROR:
        if body.startswith(_OF_PROXYING) and "proxyBaseUrl" in answer:
            return body, "answer in the stub itself: nothing outside the sandbox can be reached"
        if body and body in (_message_of(event) for event in entry.get("subEvents", []) if event["type"] == "ERROR"):
            return body, _remedy(body, answer)
    if "response-template" in (answer.get("transformers") or []) and (helper := _OF_HELPER.search(body)):
        is_the_stubs = helper[0] in json.dumps(answer, ensure_ascii=False)
        return (
            None if is_the_stubs else (helper[0], "fix the helper's arguments in the stub's template, or the request")
        )
    return None


def _remedy(message: str, answer: dict[str, Any]) -> str:
    if "could not find helper" in message:
        return "fix the helper's name: WireMock's documentation lists the available ones, and no extension adds others"
    if "delayDistribution" in answer and "bound" in message:
        return "fix delayDistribution"
    if "proxyBaseUrl" in answer:
        return "fix proxyBaseUrl"
    return (
        "fix the template" if "response-template" in (answer.get("transformers") or []) else "fix the stub's response"
    )


def _message(entry: dict[str, Any], words: str, remedy: str) -> str:
    stub, request = entry.get("stubMapping", {}), asked(entry)
    metadata = stub.get("metadata") or {}
    where = f"{place(stub)}: " if "file" in metadata else ""
    if ROUTE_NUMBER in metadata:
        where = f"route {metadata[ROUTE_NUMBER] + 1} of the test: "
    is_refused = any(event["type"] == _REFUSAL for event in entry.get("subEvents", []))
    failed = "The sandbox cannot read" if is_refused else "WireMock failed to answer"
    what = f"{where}{failed} {request['method']} {request['absoluteUrl']}: {_plain(words)}"
    return f"{what}. {remedy[:1].upper()}{remedy[1:]}."


def _plain(words: str) -> str:
    """WireMock's words without Java's, in one line."""
    words = _JAVA_CLASS.sub("", words.strip())
    words = _IN_TEMPLATE.sub(lambda found: f"line {found[1] or found[3]}, column {found[2] or found[4]}: ", words)
    return " ".join(words.partition("\n")[0].split()).rstrip(".")


def _failure(entry: dict[str, Any]) -> dict[str, Any] | None:
    events = entry.get("subEvents", [])
    return next((event["data"] for event in events if event["type"] in (_FAILURE, _REFUSAL)), None)


def _message_of(event: dict[str, Any]) -> Any:
    return (event.get("data") or {}).get("message")
