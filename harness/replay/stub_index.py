"""Compares the real API's answers of today with its stand-ins: the routes of the generated test, and stub files.

The recording is what they were made of; since then a person may have edited them, or made others. Of a stub file's
conditions, only method, host and path are looked at here: a stub that may answer counts as one that does.
"""

import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from harness.recording.exchange import content_of
from harness.replay import drift, test_file
from harness.replay.drift import Drift
from harness.replay.generate import TEST
from harness.replay.patterns import group, look_alike
from harness.replay.recording import Recorded
from harness.routes.transport import Route, response_of
from harness.stubs import folder
from harness.stubs.cover import covers
from harness.stubs.mappings import Stub
from harness.stubs.unused import describe_request
from sandbox.errors import SandboxError

_EXACT = {"method", "scheme", "host", "port", "url", "urlPath", "urlPattern", "urlPathPattern", "urlPathTemplate"}
# What a stub says less than a recording: its lists are cut, so that a field or a page may be missing in it.
_TOLD = {"missing field", "changed type", "changed status"}
# So many pairs of a stub and a request are looked at.
_MOST = 5_000_000


class StubIndexError(SandboxError):
    """The generated test cannot be read."""


@dataclass(frozen=True, eq=False)
class IndexedStub:
    """A route or a stub.

    Args:
        name: Which requests it is for, for people.
        place: Where it is.
        matches: Whether it is for a request, or may be.
        answer: What it answers to one; None where that cannot be said here.
        times: How many requests it answers before the next has its turn; None for all.
    """

    name: str
    place: str
    matches: Callable[[httpx.Request], bool]
    answer: Callable[[httpx.Request], httpx.Response | None]
    times: int | None = None


def of(directory: Path, kind: str, mappings: Path | None) -> list[IndexedStub]:
    """What stands for the third party of the integration in ``directory``; nothing where nothing was generated.

    Args:
        directory: The integration's directory.
        kind: Its type, as which its stub folder is named unless the test names another.
        mappings: The folder of the stub folders, where the settings name it.

    Raises:
        StubIndexError: The generated test cannot be imported.
        StubFileError: A stub file is wrong.
    """
    file = directory / TEST
    found: list[IndexedStub] = []
    sources: list[Any] = []
    if file.is_file():
        try:
            for test in test_file.read(file):
                sources += folder.listed(test.stubs)
                transport = test.create_third_party_transport()
                found += [*map(_of_route, transport.routes), *map(_of_stub, transport.stubs)]
        except Exception as error:
            raise StubIndexError(
                f"{file} cannot be read: {type(error).__name__}: {error}", remedy="fix it, or generate it again."
            ) from error
    elif (folder.place_for(directory, mappings) / kind).is_dir():
        sources = [kind]
    return found + [_of_stub(stub) for stub in folder.load(sources, directory, mappings)]


def compare(indexed: Sequence[IndexedStub], old: Sequence[Recorded], fresh: Sequence[Recorded]) -> list[Drift]:
    """What changed in the real API's answers of today.

    Args:
        indexed: What stands for it; without any, there is nothing to compare.
        old: The recorded requests.
        fresh: Those of today.
    """
    both = [*old, *fresh]
    if not indexed or len(indexed) * len(both) > _MOST:
        return []
    asked = [_request(each) for each in both]
    matched = [[each for each in indexed if each.matches(request)] for request in asked]
    compared = list(_answered(fresh, asked[len(old) :], matched[len(old) :]))
    found = drift.compare([said for said, _ in compared], [today for _, today in compared])
    return [
        *_without(both, len(old), matched),
        *_unused(indexed, matched),
        *(each for each in found if each.kind in _TOLD),
    ]


def _without(both: Sequence[Recorded], fresh_from: int, matched: Sequence[list[IndexedStub]]) -> Iterator[Drift]:
    """Endpoints for which there is nothing: what is cut has nothing for the third of many things, but for another."""
    for each in group(both):
        there = [both[number] for number in each.members if matched[number]]
        by_path: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number in each.members:
            by_path[both[number].segments if there else ()].append(number)
        for path, members in by_path.items():
            fresh = [number for number in members if number >= fresh_from]
            if not fresh or any(matched[number] for number in members):
                continue
            if any(_are_alike(both[number], other) for number in members for other in there):
                continue
            pattern = replace(each.pattern, segments=path) if path else each.pattern
            yield Drift("no stub", str(pattern), after=f"{len(fresh)} requests without a stub")


def _are_alike(one: Recorded, other: Recorded) -> bool:
    return one.is_fine == other.is_fine and look_alike([one, other])


def _unused(indexed: Sequence[IndexedStub], matched: Sequence[list[IndexedStub]]) -> Iterator[Drift]:
    """What is for no request, neither of today nor of the recording: that of an endpoint which is gone is told as that."""
    used = {id(each) for some in matched for each in some}
    for each in indexed:
        if id(each) not in used:
            yield Drift("unused stub", each.name, each.place, before="a stub", after="nothing calls it")


def _answered(
    fresh: Sequence[Recorded], asked: Sequence[httpx.Request], matched: Sequence[list[IndexedStub]]
) -> Iterator[tuple[Recorded, Recorded]]:
    """What is answered to the requests of today in their order, each with what the API answered."""
    turns: Counter[int] = Counter()
    for today, request, some in zip(fresh, asked, matched, strict=True):
        next_ = (each for each in some if each.times is None or turns[id(each)] < each.times)
        if (one := next(next_, None)) is None:
            continue
        turns[id(one)] += 1
        if (response := one.answer(request)) is not None:
            body: Any = response.text or None
            with contextlib.suppress(ValueError):
                body = response.json()
            yield replace(today, status=response.status_code, headers=dict(response.headers), body=body), today


def _request(recorded: Recorded) -> httpx.Request:
    headers = [
        (name, each)
        for name, value in recorded.request_headers.items()
        for each in ([value] if isinstance(value, str) else value)
    ]
    return httpx.Request(recorded.method, recorded.url, headers=headers, content=content_of(recorded.request_body))


def _of_route(route: Route) -> IndexedStub:
    pattern = getattr(route.url_pattern, "pattern", route.url_pattern)
    answer = route.response_factory

    def said(request: httpx.Request) -> httpx.Response | None:
        is_static = isinstance(answer, httpx.Response) or (isinstance(answer, dict) and not answer.get("fault"))
        return response_of(answer, request) if is_static else None

    return IndexedStub(f"{route.method or 'ANY'} {pattern}", route.place, route.matches, said, route.times)


def _of_stub(stub: Stub) -> IndexedStub:
    wanted = {name: value for name, value in stub["request"].items() if name in _EXACT - {"scheme", "port"}}
    is_exact = stub["request"].keys() <= _EXACT and "transformers" not in stub["response"]

    def matches(request: httpx.Request) -> bool:
        parts = urlsplit(str(request.url))
        url = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return covers(wanted, {"method": request.method, "url": url, "host": {"equalTo": parts.hostname or ""}})

    def said(_: httpx.Request) -> httpx.Response | None:
        response = stub["response"]
        if not is_exact or response.get("fault") or "proxyBaseUrl" in response:
            return None
        text = json.dumps(response["jsonBody"]) if "jsonBody" in response else response.get("body", "")
        return httpx.Response(response.get("status", 200), text=text)

    times = 1 if "newScenarioState" in stub else None
    return IndexedStub(describe_request(stub["request"]), folder.place(stub), matches, said, times)
