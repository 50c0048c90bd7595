"""Finds the routes and stub files that were never used."""

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.routes.callables import source_of
from harness.routes.transport import Route
from harness.stubs.folder import place
from harness.stubs.mappings import ROUTE_NUMBER, Stub

_URL_KEYS = ("url", "urlPath", "urlPattern", "urlPathPattern", "urlPathTemplate")


@dataclass(frozen=True)
class UnusedStub:
    """A route or a stub file that no request was answered from.

    Args:
        source: Where it is: ``route 2 of the test (test_things.py:31)``, or the path of the stub file.
        request: What it waits for, such as ``GET api.example.com/things``.
    """

    source: str
    request: str

    def __str__(self) -> str:
        return f"{self.source}: {self.request}"


def unused_stubs(routes: Sequence[Route], files: Iterable[Stub], journal: Iterable[dict[str, Any]]) -> list[UnusedStub]:
    """The routes and stub files that answered nothing, routes first, in their order.

    Args:
        routes: The routes of the test; those that the test process answers have counted for themselves.
        files: The stubs that came from files, each with its ``id``.
        journal: WireMock's journal: every entry names the stub that answered.
    """
    answered = [entry.get("stubMapping", {}) for entry in journal]
    numbers = {stub.get("metadata", {}).get(ROUTE_NUMBER) for stub in answered}
    identifiers = {str(stub.get("id")).lower() for stub in answered}
    unused = [
        UnusedStub(place_of_route(number, route), describe_route(route))
        for number, route in enumerate(routes)
        if not (route.call_count or number in numbers)
    ]
    unused += [
        UnusedStub(place(stub), describe_request(stub["request"]))
        for stub in files
        if stub["id"].lower() not in identifiers
    ]
    return unused


def place_of_route(number: int, route: Route) -> str:
    """Which route of a transport it is, the first being 0, and where the test added it."""
    place = route.place
    return f"route {number + 1} of the test" + (f" ({place})" if place else "")


def describe_route(route: Route) -> str:
    """What a route waits for, in a few words."""
    pattern = route.url_pattern
    if callable(pattern):
        text = f"where {source_of(pattern) if inspect.isroutine(pattern) else pattern}"
    else:
        text = pattern if isinstance(pattern, str) else pattern.pattern
    return f"{route.method or 'ANY'} {text}" + (f" (times={route.times})" if route.times else "")


def describe_request(request: dict[str, Any]) -> str:
    """What a stub file's stub waits for, in a few words."""
    url = next((request[key] for key in _URL_KEYS if key in request), "")
    host = request.get("host")
    host = next(iter(host.values()), "") if isinstance(host, dict) else ""
    return f"{request.get('method', 'ANY')} {host}{url}"
