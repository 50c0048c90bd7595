"""Turns routes into WireMock's stubs."""

import base64
import itertools
import re
from collections.abc import Sequence
from typing import Any

import httpx

from harness.transport import Route, content_of, raw_content
from harness.url_match import matchers
from sandbox import port

Stub = dict[str, Any]

ROUTE_NUMBER = "ocean-sandbox-route"
# A request that the test process has looked at and no route wanted comes back with this header, for the stub files.
PASS_HEADER = "X-Ocean-Sandbox-Pass"  # noqa: S105 # it says "pass on", not "password"
# A 404 of the test process that stands for "nobody answers this".
UNMATCHED_HEADER = "X-Ocean-Sandbox-Unmatched"
# Which large answer of the test process a request got: the journal has no more than the beginning of its body.
LARGE_HEADER = "X-Ocean-Sandbox-Large"
# Bytes of a body above which the test process answers. WireMock's journal would hold it five times over for each
# request (the body, its text, its base64, the stub, the answer's definition), which it has no memory for.
LARGE = 10_000
FILES_PRIORITY = 1_000_000_000
# Below all others: WireMock's own answer to a request without TLS that nobody answers would be 403, not 404.
UNMATCHED: Stub = {
    "priority": 2_000_000_000,
    "metadata": {"ocean-sandbox": "unmatched"},
    "request": {"method": "ANY", "urlPattern": ".*"},
    "response": {"status": 404, "body": "No route matched", "headers": {UNMATCHED_HEADER: "1"}},
}
_FAULTS = {
    "connection_reset": "CONNECTION_RESET_BY_PEER",
    "empty": "EMPTY_RESPONSE",
    "garbage": "RANDOM_DATA_THEN_CLOSE",
}
_RELAY = f"http://{port.NAME}:{port.RELAY_PORT}"


def from_routes(routes: Sequence[Route], start: int = 0) -> list[Stub]:
    """The stubs for ``routes``, the first of which wins.

    What WireMock can express exactly is answered by WireMock. What it cannot (callables, predicates, a few regular
    expressions, and ``times``, which two requests at once could overdraw), and a large body, it hands to the test
    process.

    Args:
        routes: The routes, in their order.
        start: The number of the first.
    """
    return [stub for number, route in enumerate(routes, start) for stub in _from_route(route, number)]


def is_answered_by_test(route: Route) -> bool:
    """Whether the test process answers for the route."""
    return not _is_static(route) or _url_matchers(route) is None


def _from_route(route: Route, number: int) -> list[Stub]:
    urls = _url_matchers(route)
    method = route.method.upper() if route.method else "ANY"
    common = {"priority": number + 1, "metadata": {ROUTE_NUMBER: number}}
    if urls is not None and _is_static(route):
        answer = _response(route.response_factory)
        found = [{**common, "request": {"method": method, **url}, "response": answer} for url in urls]
        return found if route.times is None else [each for stub in found for each in _times(stub, number, route.times)]
    # Wider than the route where its pattern cannot be said: the test process has the last word.
    return [
        {
            **common,
            "request": {"method": method, **url, "headers": {**url.get("headers", {}), PASS_HEADER: {"absent": True}}},
            "response": {
                "proxyBaseUrl": f"{_RELAY}/{number}/{{{{request.scheme}}}}/{{{{request.host}}}}/{{{{request.port}}}}",
                "transformers": ["response-template"],
            },
        }
        for url in urls or [{"urlPattern": ".*"}]
    ]


def _times(stub: Stub, number: int, times: int) -> list[Stub]:
    """The stub for so many requests: a chain of scenario states, in the last of which nothing answers."""
    states = ["Started", *(str(count) for count in range(1, times + 1))]
    scenario = f"route {number}"
    return [
        {**stub, "scenarioName": scenario, "requiredScenarioState": state, "newScenarioState": following}
        for state, following in itertools.pairwise(states)
    ]


def _url_matchers(route: Route) -> list[dict[str, Any]] | None:
    return matchers(route.url_pattern) if isinstance(route.url_pattern, str | re.Pattern) else None


def _is_static(route: Route) -> bool:
    if not isinstance(route.response_factory, httpx.Response | dict):
        return False
    # A fault is WireMock's to make, since nobody else holds the connection; there, ``times`` is a scenario.
    is_fault = isinstance(route.response_factory, dict) and bool(route.response_factory.get("fault"))
    return is_fault or (route.times is None and len(_content(route.response_factory)) <= LARGE)


def _content(answer: Any) -> bytes:
    return raw_content(answer) if isinstance(answer, httpx.Response) else content_of(answer)[0]


def _response(answer: Any) -> Stub:
    if isinstance(answer, httpx.Response):
        content = raw_content(answer)
        return {"status": answer.status_code, **_body(content), "headers": _headers(answer.headers.multi_items())}
    stub: Stub = {}
    if delay := answer.get("delay"):
        stub["fixedDelayMilliseconds"] = round(delay * 1000)
    if fault := answer.get("fault"):
        return {**stub, "fault": _FAULTS[fault]}
    content, headers = content_of(answer)
    return {**stub, "status": answer.get("status_code", 200), **_body(content), "headers": _headers(headers)}


def _body(content: bytes) -> Stub:
    try:
        return {"body": content.decode()} if content else {}
    except UnicodeDecodeError:
        return {"base64Body": base64.b64encode(content).decode()}


def _headers(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in pairs:
        # The length is what WireMock sends; a wrong one would break the connection.
        if name.lower() not in ("content-length", "transfer-encoding"):
            headers.setdefault(name, []).append(value)
    return headers
