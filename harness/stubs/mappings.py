"""Turns routes into WireMock's stubs."""

import base64
import itertools
import re
from collections.abc import Sequence
from typing import Any

import httpx

from harness.routes.patterns import matchers
from harness.routes.transport import Route, content_of, raw_content
from sandbox.services import port

Stub = dict[str, Any]

ROUTE_NUMBER = "ocean-sandbox-route"
# A request that the test process has looked at and no route wanted comes back with this header, for the stub files.
PASS_HEADER = "X-Ocean-Sandbox-Pass"  # noqa: S105 # it says "pass on", not "password"
# A 404 of the test process that stands for "unmatched request".
UNMATCHED_HEADER = "X-Ocean-Sandbox-Unmatched"
# Which large answer of the test process a request got: the journal has no more than the beginning of its body.
LARGE_HEADER = "X-Ocean-Sandbox-Large"
# Bytes of a body above which the test process answers. WireMock's journal would hold it five times over for each
# request (the body, its text, its base64, the stub, the answer's definition), which it has no memory for.
LARGE = 10_000
MAPPINGS_PRIORITY = 500_000_000
FILES_PRIORITY = 1_000_000_000
DEFAULT_PRIORITY = 5  # WireMock's, for a stub without one
BAND = 1_000_000
_MOST_OWN = BAND // 2 - 1
# Below all others: WireMock's own answer to an unmatched request without TLS would be 403, not 404.
UNMATCHED: Stub = {
    "id": "0cea5a2d-b0c5-4e0f-8000-000000000404",
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


def from_mappings(mappings: Sequence[Stub]) -> list[Stub]:
    """The stubs that a transport was given, below its routes and above stub files.

    Args:
        mappings: In the order in which they were added; of two with the same priority the later wins, as in WireMock.
    """
    # Others may be added later, so each stands for itself; there is room for most.
    most = MAPPINGS_PRIORITY // 2
    return [
        {**stub, "priority": MAPPINGS_PRIORITY + max(-most, min(own_priority(stub), most - BAND))}
        for stub in reversed(mappings)
    ]


def ranked(stubs: Sequence[Stub], base: int) -> list[Stub]:
    """The stubs with priorities near ``base``, in the order that their own say.

    Args:
        stubs: All that share that base.
        base: Half a band away from the next.
    """
    own = [own_priority(stub) for stub in stubs]
    if all(-_MOST_OWN <= each <= _MOST_OWN for each in own):
        return [{**stub, "priority": base + each} for stub, each in zip(stubs, own, strict=True)]
    # WireMock's have 32 bits: only the order of those that there are has room.
    rank = {each: number for number, each in enumerate(sorted(set(own)))}
    middle = len(rank) // 2
    return [{**stub, "priority": base + rank[each] - middle} for stub, each in zip(stubs, own, strict=True)]


def own_priority(stub: Stub) -> int:
    """The priority that a stub has, or WireMock's for one without."""
    priority = stub.get("priority")
    return DEFAULT_PRIORITY if priority is None else int(priority)


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
                "proxyBaseUrl": f"{_RELAY}/{number}/{{{{request.scheme}}}}/{{{{urlEncode request.host}}}}/{{{{request.port}}}}",
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
    # A fault is WireMock's to make, since nothing else holds the connection; there, ``times`` is a scenario.
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
