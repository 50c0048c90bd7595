"""Reads WireMock's journal and the Port mock's calls as the requests of a test's call log."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from harness.routes.header_values import to_bytes
from harness.routes.request_bodies import request_of
from harness.routes.sent_url import SentURL, as_sent
from harness.routes.transport import RequestLog
from harness.stubs.answer_failures import asked, failed_before_a_stub, is_on_behalf, refused
from harness.stubs.folder import place
from harness.stubs.mappings import LARGE_HEADER, ROUTE_NUMBER, UNMATCHED_HEADER, with_stated_length
from sandbox.services import port

# Of a larger body, WireMock's journal keeps the beginning: see docker/wiremock/options.
_CUT_AT = 100_000
# Where a request went if that could not be read.
_UNKNOWN = "http://unknown.invalid/"


@dataclass
class ThirdPartyCall(RequestLog):
    """A third-party request with its answer, and what gave that.

    Args:
        stub: The stub that answered: its file and line, or the number of the route; None where none did.
        route: The number of the route that answered, from 0; None where none did.
        seconds: How long the answer took; None where WireMock does not say.
    """

    stub: str | None = None
    route: int | None = None
    seconds: float | None = None


def third_party_calls(
    journal: Iterable[dict[str, Any]], since: int = 0, large: Mapping[str, bytes] | None = None
) -> tuple[list[ThirdPartyCall], list[RequestLog]]:
    """Every third-party request with its answer, in order, and the unmatched ones from number ``since`` on.

    Args:
        journal: WireMock's entries, oldest first.
        since: How many requests there were before.
        large: The bodies of which WireMock kept the beginning only, by the value of ``LARGE_HEADER``.
    """
    calls: list[ThirdPartyCall] = []
    unmatched: list[RequestLog] = []
    for entry in filter(_is_the_integrations, journal):
        request = _request(asked(entry))
        response = _response(entry["response"], request, large or {}, entry.get("stubMapping", {}).get("response", {}))
        stub, took = entry.get("stubMapping", {}), entry.get("timing", {}).get("totalTime")
        call = ThirdPartyCall(
            request,
            response,
            entry["request"]["loggedDate"] / 1000,
            _stub_of(stub),
            (stub.get("metadata") or {}).get(ROUTE_NUMBER),
            None if took is None else took / 1000,
        )
        calls.append(call)
        if _is_unmatched(entry) and len(calls) > since:
            unmatched.append(call)
    return calls, unmatched


def with_direct(journal: list[dict[str, Any]], direct: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The journal with the requests among it that never came to WireMock, in the order in which they came.

    Args:
        journal: WireMock's entries.
        direct: Those that the test process answered because WireMock cannot read them, with the ``route`` that did; and
            those that the front ``refused``.
    """
    entries = [{**entry, "wasMatched": True, **_answered_by(entry)} for entry in direct]
    return sorted([*journal, *entries], key=lambda entry: entry["request"]["loggedDate"]) if entries else journal


def count(journal: Iterable[dict[str, Any]]) -> int:
    """How many third-party requests there were.

    Args:
        journal: WireMock's entries.
    """
    return sum(map(_is_the_integrations, journal))


def unmatched_entries(journal: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries of the third-party requests that nothing answered, in their order.

    Args:
        journal: WireMock's entries.
    """
    return [entry for entry in journal if _is_the_integrations(entry) and _is_unmatched(entry)]


class PortCall(RequestLog):
    """A call to Port with its answer; long bodies are cut.

    Request and response are made when they are asked for: a resync of 100,000 entities makes thousands of calls, and
    hardly a test reads them.
    """

    def __init__(self, call: dict[str, Any]) -> None:
        self._call = call
        self.at = call["at"]

    @cached_property
    def request(self) -> httpx.Request:  # type: ignore[override]
        """The request."""
        query = f"?{self._call['query']}" if self._call["query"] else ""
        url = f"{port.URL}{self._call['path']}{query}"
        return httpx.Request(self._call["method"], url, content=self._call["body"].encode())

    @cached_property
    def response(self) -> httpx.Response:  # type: ignore[override]
        """Its answer."""
        return httpx.Response(self._call["status"], content=self._call["response"].encode(), request=self.request)

    @property
    def is_known(self) -> bool:
        """Whether the Port mock had an answer for it."""
        return bool(self._call["known"])

    @property
    def seconds(self) -> float:
        """How long the answer took."""
        return float(self._call["duration_ms"]) / 1000

    @property
    def body_size(self) -> int:
        """Bytes of the request's whole body."""
        return int(self._call["body_size"])

    @property
    def sequence(self) -> int:
        """The number of its arrival, from 1."""
        return int(self._call["sequence"])


def _answered_by(direct: dict[str, Any]) -> dict[str, Any]:
    if "refused" in direct:
        return refused(direct["refused"])
    number = direct["route"]
    return {"stubMapping": {} if number is None else {"metadata": {ROUTE_NUMBER: number}}}


def _stub_of(stub: dict[str, Any]) -> str | None:
    metadata = stub.get("metadata") or {}
    if "file" in metadata:
        return place(stub)
    return f"route {metadata[ROUTE_NUMBER] + 1} of the test" if ROUTE_NUMBER in metadata else None


def _is_the_integrations(entry: dict[str, Any]) -> bool:
    """Whether the test process did not ask it on behalf of a request that is in the journal, too."""
    return not is_on_behalf(entry)


def _is_unmatched(entry: dict[str, Any]) -> bool:
    """Whether the sandbox's last stub answered, or the test process for it; or WireMock, where a test removed that stub."""
    if failed_before_a_stub(entry):
        return False
    headers = map(str.lower, entry["response"].get("headers", {}))
    return UNMATCHED_HEADER.lower() in headers or not entry.get("wasMatched", True)


def _request(logged: dict[str, Any]) -> httpx.Request:
    try:
        url = SentURL(logged["absoluteUrl"] or _UNKNOWN)
    except httpx.InvalidURL:  # which WireMock's server has refused, too; the error has it as it was
        url = SentURL(_UNKNOWN)
    headers, content = _pairs(logged.get("headers", {})), base64.b64decode(logged.get("bodyAsBase64", ""))
    return as_sent(request_of(logged["method"], url, headers, content), logged["method"])


def _response(
    logged: dict[str, Any], request: httpx.Request, large: Mapping[str, bytes], stub: dict[str, Any]
) -> httpx.Response:
    status, content = logged.get("status", 0), base64.b64decode(logged.get("bodyAsBase64", ""))
    headers = with_stated_length(_pairs(logged.get("headers", {})))
    number = next((value for name, value in headers if name.lower() == LARGE_HEADER.lower().encode()), b"")
    content = large.get(number.decode("latin-1"), content)
    if len(content) == _CUT_AT and "transformers" not in stub:
        content = _body_of(stub) or content
    try:
        return httpx.Response(status, headers=headers, content=content, request=request)
    except httpx.DecodingError:  # a test may well answer with garbage that calls itself gzip
        plain = [pair for pair in headers if pair[0].lower() != b"content-encoding"]
        return httpx.Response(status, headers=plain, content=content, request=request)


def _body_of(stub: dict[str, Any]) -> bytes:
    """The body that a stub has, whole."""
    if "jsonBody" in stub:
        return json.dumps(stub["jsonBody"]).encode()
    return base64.b64decode(stub["base64Body"]) if "base64Body" in stub else str(stub.get("body", "")).encode()


def _pairs(headers: dict[str, str | list[str]]) -> list[tuple[bytes, bytes]]:
    return [
        (to_bytes(name), to_bytes(each))
        for name, value in headers.items()
        for each in (value if isinstance(value, list) else [value])
    ]
