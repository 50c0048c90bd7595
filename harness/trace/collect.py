"""Makes the trace of what a harness did, of its results and of what it was asked to answer."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from harness.harness import IntegrationTestHarness
from harness.journal import PortCall, ThirdPartyCall
from harness.live.result import ActionResult, LiveEventResult
from harness.result import ResyncResult
from harness.stub_files.folder import place
from harness.stubs import ROUTE_NUMBER, Stub
from harness.trace import log_lines, origin
from harness.trace.model import Body, Call, Entity, Problem, Run
from harness.transport import RequestLog, Route, UnmatchedRequestError
from harness.unmatched import Unanswered, look_into
from harness.unused import place_of_route
from sandbox.port_mock.recording import EXCERPT_CHARACTERS

# Of so many requests that nobody answered, the nearest stub is looked for: each takes some milliseconds.
_COMPARED = 50
# Of a larger body, WireMock's journal keeps the beginning: see docker/wiremock/options.
_JOURNAL_KEEPS = 100_000
_HTTP_ERROR = 400


def runs_of(harness: IntegrationTestHarness, results: Sequence[ResyncResult]) -> list[Run]:
    """What a harness ran.

    Args:
        harness: The harness, whether or not it is over.
        results: Those of its results that are to be shown.
    """
    return [_run(harness, result, _name(result, number, results)) for number, result in enumerate(results)]


def _name(result: ResyncResult, number: int, results: Sequence[ResyncResult]) -> str:
    if isinstance(result, LiveEventResult):
        return f"Webhook {result.path}"
    if isinstance(result, ActionResult):
        return f"Action {result.action}"
    return f"Resync {number + 1}" if len(results) > 1 else "Resync"


def _run(harness: IntegrationTestHarness, result: ResyncResult, name: str) -> Run:
    routes, files = harness.third_party_transport.routes, harness._stub_files  # noqa: SLF001 # its own package
    unanswered = _unanswered(result, routes, files)
    pairs = [(_third_party(call, unanswered.get(id(call)), routes), call) for call in result._calls]  # noqa: SLF001
    pairs += [(_to_port(call), call) for call in result._port_calls if isinstance(call, PortCall)]  # noqa: SLF001
    pairs.sort(key=lambda pair: pair[0].at)
    began = result._during[0].timestamp()  # noqa: SLF001 # its own package
    run = Run(
        name,
        began,
        calls=[call for call, _ in pairs],
        logs=log_lines.read(result.logs, began),
        entities=_entities(result),
        timings=dict(result.timings),
        kinds=[asdict(counts) for counts in result.kinds],
        integration=Path(harness.integration_path).name,
    )
    resources = (harness.port_mapping_config or {}).get("resources") or []
    # What it asked Port is no answer of the third party, and what nobody answered holds no item.
    answers = [each for number, (call, _) in enumerate(pairs) if call.lane == "third-party" for each in _json(number, call)]
    run.entities += origin.find(resources, run.entities, answers)
    run.problems = list(_problems(run, result, {id(log): number for number, (_, log) in enumerate(pairs)}, unanswered))
    return run


def _unanswered(result: ResyncResult, routes: Sequence[Route], files: Sequence[Stub]) -> dict[int, Unanswered]:
    """What there is to say of each request that nobody answered; those that ask the same are looked into once."""
    known: dict[tuple[str, str], Unanswered] = {}
    found = {}
    for call in result.unmatched:
        asked = call.request.method, str(call.request.url)
        if asked not in known:
            known[asked] = look_into(call.request, routes, files, with_nearest=len(known) < _COMPARED)
        found[id(call)] = known[asked]
    return found


def _third_party(log: RequestLog, unanswered: Unanswered | None, routes: Sequence[Route]) -> Call:
    request, response = log.request, log.response
    return Call(
        "third-party",
        log.at,
        request.method,
        str(request.url),
        response.status_code,
        log.seconds if isinstance(log, ThirdPartyCall) else None,
        request.headers.multi_items(),
        _body(request.content),
        response.headers.multi_items(),
        _body(response.content),
        stub="" if unanswered else _stub(log, routes),
        is_wrong=unanswered is not None,
        nearest=unanswered.nearest if unanswered else [],
        paste=unanswered.route if unanswered else "",
    )


def _body(content: bytes) -> Body:
    return Body(content, len(content) if len(content) != _JOURNAL_KEEPS else None, len(content) != _JOURNAL_KEEPS)


def _stub(log: RequestLog, routes: Sequence[Route]) -> str:
    """Which stub answered."""
    stub = log.stub if isinstance(log, ThirdPartyCall) else {}
    metadata = stub.get("metadata") or {}
    number = metadata.get(ROUTE_NUMBER)
    if isinstance(number, int) and number < len(routes):
        where = place_of_route(number, routes[number])
        # The test process goes through its routes from this one on, and does not tell which it was.
        return f"the test process, from {where} on" if "proxyBaseUrl" in stub.get("response", {}) else where
    with contextlib.suppress(KeyError):
        return place(stub)
    return ""


def _to_port(log: PortCall) -> Call:
    request, response = log.request, log.response
    sent = Body(request.content, log.body_size, log.body_size <= len(request.content))
    is_whole = len(response.text) < EXCERPT_CHARACTERS
    return Call(
        "port",
        log.at,
        request.method,
        request.url.raw_path.decode(),
        response.status_code,
        log.seconds,
        request=sent,
        response=Body(response.content, len(response.content) if is_whole else None, is_whole),
        stub="" if log.is_known else "the Port mock does not know this call",
        is_wrong=not log.is_known or response.status_code >= _HTTP_ERROR,
    )


def _entities(result: ResyncResult) -> list[Entity]:
    refused = [
        Entity("refused", rejected.entity, f"{rejected.status} {rejected.error}: {rejected.message}")
        for rejected in result.rejected_entities
    ]
    return [
        *refused,
        *(Entity("upserted", entity) for entity in result.upserted_entities),
        *(Entity("deleted", entity) for entity in result.deleted_entities),
    ]


def _json(number: int, call: Call) -> Iterator[tuple[int, Any]]:
    """The JSON value of an answer, and the values of its headers."""
    with contextlib.suppress(ValueError):
        yield number, json.loads(call.response.content)
    yield number, [value for _, value in call.response_headers or ()]


def _problems(
    run: Run, result: ResyncResult, numbers: dict[int, int], unanswered: dict[int, Unanswered]
) -> Iterator[Problem]:
    """What is wrong, the worst first."""
    for error in result.errors:
        if not isinstance(error, UnmatchedRequestError):  # which is told below
            yield _of_error(error)
    if not result.reconciliation_success and not result.errors:
        yield Problem("error", "The resync did not come to its end", "Its log, and the calls to Port, may say why.")
    seen = set()
    for call in result.unmatched:
        found = unanswered[id(call)]
        if found.request not in seen:
            seen.add(found.request)
            yield Problem(
                "unmatched", found.request, "\n".join(found.nearest), paste=found.route, call=numbers.get(id(call))
            )
    for attempt in dict.fromkeys(result.egress_attempts):
        yield Problem("outside", f"Tried to reach {attempt}", "There is no way out of the sandbox past the proxy.")
    for number, entity in enumerate(run.entities):
        if entity.state == "refused":
            title = f"{entity.entity.get('blueprint')} {entity.entity.get('identifier')}"
            yield Problem("refused", title, entity.reason, entity=number)
    for unknown in result.unknown_port_calls:
        yield Problem("unknown", f"{unknown.request.method} {_path(unknown.request)}", call=numbers.get(id(unknown)))
    for stub in result.unused_stubs:
        yield Problem("unused", str(stub))


def _path(request: httpx.Request) -> str:
    return request.url.raw_path.decode()


def _of_error(error: Exception) -> Problem:
    # Ocean wraps what a handler raises; where it was raised is what somebody wants to see.
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    trace = str(getattr(root, "remote_traceback", "") or getattr(error, "remote_traceback", ""))
    first, _, rest = str(error).partition("\n")
    kind = getattr(error, "kind", None)
    return Problem("error", f"{type(error).__name__}: {first}", "\n".join(filter(None, [f"kind {kind}" if kind else "", rest])), trace)
