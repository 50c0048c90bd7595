"""Reads WireMock's journal and the Port mock's calls as the requests of a test's call log."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from harness.stubs import LARGE_HEADER, PASS_HEADER, UNMATCHED_HEADER
from harness.transport import RequestLog
from sandbox import port

# Of a larger body, WireMock's journal keeps the beginning: see docker/wiremock/options.
_CUT_AT = 100_000


def third_party_calls(
    journal: Iterable[dict[str, Any]], since: int = 0, large: Mapping[str, bytes] | None = None
) -> tuple[list[RequestLog], list[RequestLog]]:
    """Every third-party request with its answer, in order, and those from number ``since`` on that nobody answered.

    Args:
        journal: WireMock's entries, oldest first.
        since: How many requests there were before.
        large: The bodies of which WireMock kept the beginning only, by the value of ``LARGE_HEADER``.
    """
    calls, unmatched = [], []
    for entry in journal:
        request = _request(entry["request"])
        if PASS_HEADER in request.headers:  # the test process asked on behalf of a request that is in the journal too
            continue
        response = _response(entry["response"], request, large or {}, entry.get("stubMapping", {}).get("response", {}))
        call = RequestLog(request, response, entry["request"]["loggedDate"] / 1000)
        calls.append(call)
        if UNMATCHED_HEADER in call.response.headers and len(calls) > since:
            unmatched.append(call)
    return calls, unmatched


def port_calls(calls: Iterable[dict[str, Any]]) -> list[RequestLog]:
    """Every call to Port with its answer, in order; long bodies are cut."""
    found = []
    for call in calls:
        query = f"?{call['query']}" if call["query"] else ""
        request = httpx.Request(call["method"], f"{port.URL}{call['path']}{query}", content=call["body"].encode())
        response = httpx.Response(call["status"], content=call["response"].encode(), request=request)
        found.append(RequestLog(request, response, call["at"]))
    return found


def _request(logged: dict[str, Any]) -> httpx.Request:
    return httpx.Request(
        logged["method"],
        logged["absoluteUrl"],
        headers=_pairs(logged.get("headers", {})),
        content=base64.b64decode(logged.get("bodyAsBase64", "")),
    )


def _response(
    logged: dict[str, Any], request: httpx.Request, large: Mapping[str, bytes], stub: dict[str, Any]
) -> httpx.Response:
    status, content = logged.get("status", 0), base64.b64decode(logged.get("bodyAsBase64", ""))
    headers = _pairs(logged.get("headers", {}))
    number = next((value for name, value in headers if name.lower() == LARGE_HEADER.lower()), "")
    content = large.get(number, content)
    if len(content) == _CUT_AT and "transformers" not in stub:
        content = _body_of(stub) or content
    try:
        return httpx.Response(status, headers=headers, content=content, request=request)
    except httpx.DecodingError:  # a test may well answer with garbage that calls itself gzip
        plain = [pair for pair in headers if pair[0].lower() != "content-encoding"]
        return httpx.Response(status, headers=plain, content=content, request=request)


def _body_of(stub: dict[str, Any]) -> bytes:
    """The body that a stub has, whole."""
    if "jsonBody" in stub:
        return json.dumps(stub["jsonBody"]).encode()
    return base64.b64decode(stub["base64Body"]) if "base64Body" in stub else str(stub.get("body", "")).encode()


def _pairs(headers: dict[str, str | list[str]]) -> list[tuple[str, str]]:
    return [(name, each) for name, value in headers.items() for each in (value if isinstance(value, list) else [value])]
