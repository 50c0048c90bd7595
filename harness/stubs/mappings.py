"""Turns routes into WireMock's stubs."""

import base64
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

from harness.routes.header_values import to_text
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
# What the front is to do with the connection besides sending the answer (sandbox/front/endings.py): nobody sees these.
LENGTH_HEADER, FAULT_HEADER = "X-Ocean-Sandbox-Length", "X-Ocean-Sandbox-Fault"
_LENGTH, _FAULT = LENGTH_HEADER.lower().encode(), FAULT_HEADER.lower().encode()
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
TRUNCATED = "truncated"
_FRAMING = frozenset({"content-length", "transfer-encoding"})
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
    fault = route.response_factory.get("fault") if isinstance(route.response_factory, dict) else None
    is_broken = fault is not None and fault != TRUNCATED
    return is_broken or (route.times is None and len(_content(route.response_factory)) <= LARGE)


def _content(answer: Any) -> bytes:
    return raw_content(answer) if isinstance(answer, httpx.Response) else content_of(answer)[0]


def _response(answer: Any) -> Stub:
    if isinstance(answer, httpx.Response):
        content, headers = sent(raw_content(answer), ((name.lower(), value) for name, value in answer.headers.raw))
        return {"status": answer.status_code, **_body(content), "headers": _grouped(headers)}
    stub: Stub = {}
    if delay := answer.get("delay"):
        stub["fixedDelayMilliseconds"] = round(delay * 1000)
    fault = answer.get("fault")
    if fault and fault != TRUNCATED:
        return {**stub, "fault": _FAULTS[fault]}
    content, headers = sent(*content_of(answer), is_truncated=fault == TRUNCATED)
    return {**stub, "status": answer.get("status_code", 200), **_body(content), "headers": _grouped(headers)}


def sent(
    content: bytes, headers: Iterable[tuple[bytes, bytes]], *, is_truncated: bool = False
) -> tuple[bytes, list[tuple[str, str]]]:
    """The body of an answer as it is to be sent, and its headers, a character for each byte.

    WireMock sends the length that a body has. What an answer states besides, the front sends: in an answer to HEAD, and
    in one that stops short of it.

    Args:
        content: The body.
        headers: The headers.
        is_truncated: Whether it stops short: after half of the body, unless the headers state a length.
    """
    pairs = [(to_text(name), to_text(value)) for name, value in headers]
    kept = [pair for pair in pairs if pair[0].lower() not in _FRAMING]
    given = next((value for name, value in pairs if name.lower() == "content-length" and value.isdecimal()), None)
    stated = len(content) if given is None else int(given)
    if is_truncated:
        content = content[: len(content) // 2] if stated <= len(content) else content
        stated = max(stated, len(content) + 1)
        kept.append((LENGTH_HEADER, f"{stated} truncated"))
    elif stated != len(content):
        kept.append((LENGTH_HEADER, str(stated)))
    return content, kept


def _body(content: bytes) -> Stub:
    try:
        return {"body": content.decode()} if content else {}
    except UnicodeDecodeError:
        return {"base64Body": base64.b64encode(content).decode()}


def with_stated_length(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer as the front has sent them.

    Args:
        headers: As WireMock, or the test process, has sent them.
    """
    pairs = [pair for pair in headers if pair[0].lower() != _FAULT]
    stated = next((value.split()[0] for name, value in pairs if name.lower() == _LENGTH), None)
    if stated is None:
        return pairs
    kept = [pair for pair in pairs if pair[0].lower() not in (_LENGTH, b"content-length")]
    return [*kept, (b"content-length", stated)]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in pairs:
        headers.setdefault(name, []).append(value)
    return headers
