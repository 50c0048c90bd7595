"""Builds the trace of a run from its results and its inputs."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from harness.diagnosis.mapping_findings import findings
from harness.execution.dropped import items_of
from harness.execution.live_result import ActionResult, LiveEventResult
from harness.execution.result import ResyncResult
from harness.integration.mapping_trace import follow
from harness.routes.operations import asked, label_of, operation_of
from harness.routes.transport import RequestLog, Route, UnmatchedRequestError
from harness.running.directory_run import Run as DirectorysRun
from harness.running.summary import Failure, failures_of
from harness.stubs.journal import PortCall, ThirdPartyCall
from harness.stubs.mappings import Stub
from harness.stubs.unmatched import nearest, route_for, route_head
from harness.stubs.unmatched_requests import unanswered
from harness.stubs.unused import place_of_route
from harness.testing.harness import IntegrationTestHarness
from harness.trace import log_lines, origin
from harness.trace.model import Body, Call, Entity, Problem, Run
from sandbox.port_mock.recording import EXCERPT_CHARACTERS

# For how many unmatched requests to find the nearest stub: each takes a few milliseconds.
_COMPARED = 50
# Of a larger body, WireMock's journal keeps the beginning: see docker/wiremock/options.
_JOURNAL_KEEPS = 100_000
_HTTP_ERROR = 400


@dataclass(frozen=True)
class Given:
    """What something was run with.

    Args:
        directory: The integration's.
        resources: The mapping's.
        config: What overrides its configuration.
        routes: The routes of a test.
        stubs: The stubs of its stub files.
        items: The raw items of each resource, where they are known.
        is_test: Whether a test ran it, which a route fixes; otherwise a stub in a file does.
    """

    directory: Path
    resources: Sequence[dict[str, Any]]
    config: dict[str, Any]
    routes: Sequence[Route] = ()
    stubs: Sequence[Stub] = ()
    items: Sequence[Sequence[Any]] | None = None
    is_test: bool = True

    @classmethod
    def of_harness(cls, harness: IntegrationTestHarness) -> "Given":
        """What a harness runs with."""
        return cls(
            Path(harness.integration_path),
            (harness.port_mapping_config or {}).get("resources") or [],
            harness.config(),
            harness.third_party_transport.routes,
            harness.stub_mappings,
        )

    @classmethod
    def of_directory(cls, run: DirectorysRun, items: Sequence[Sequence[Any]] | None = None) -> "Given":
        """What a directory was run with; ``items`` as above."""
        read, resources = run.read, run.read.mapping["resources"]
        return cls(run.directory, resources, read.config, stubs=read.stubs, items=items, is_test=False)


def runs_of(given: Given, results: Sequence[ResyncResult]) -> list[Run]:
    """What was run.

    Args:
        given: What it was run with.
        results: What it came to.
    """
    return [_Made(given, result).run(_name(result, number, results)) for number, result in enumerate(results)]


def _name(result: ResyncResult, number: int, results: Sequence[ResyncResult]) -> str:
    if isinstance(result, LiveEventResult):
        return f"Webhook {result.path}"
    if isinstance(result, ActionResult):
        return f"Action {result.action}"
    return f"Resync {number + 1}" if len(results) > 1 else "Resync"


@dataclass
class _Lacking:
    """What there is to say about an unmatched request."""

    nearest: list[str]
    paste: str


@dataclass
class _Made:
    given: Given
    result: ResyncResult
    lacking: dict[tuple[str, str, str], _Lacking] = field(default_factory=dict)

    def run(self, name: str) -> Run:
        result = self.result
        self._look_into_unmatched()
        logged: list[RequestLog] = [*result.calls, *result.port_calls]
        logged.sort(key=lambda call: call.at)
        unmatched = {id(call) for call in result.unmatched}
        calls = [
            _to_port(call) if isinstance(call, PortCall) else self._third_party(call, is_wrong=id(call) in unmatched)
            for call in logged
        ]
        began = result.during[0].timestamp()
        run = Run(
            name,
            began,
            calls=calls,
            logs=log_lines.read(result.logs, began),
            entities=_entities(result),
            timings=dict(result.timings),
            kinds=[asdict(counts) for counts in result.kinds],
            integration=self.given.directory.name,
        )
        # Port's answers are not the third party's, and an unmatched request holds no item.
        answers = [
            each
            for number, call in enumerate(calls)
            if call.lane == "third-party" and not call.is_wrong
            for each in _json(number, call)
        ]
        if self.given.items is None:
            run.entities += origin.find(self.given.resources, run.entities, answers)
        else:
            run.entities += origin.of_items(self.given.resources, run.entities, answers, self.given.items)
        run.entities += self._dropped({id(call): number for number, call in enumerate(logged)})
        run.problems = list(self._problems(run, {id(call): number for number, call in enumerate(logged)}))
        return run

    def _dropped(self, numbers: dict[int, int]) -> list[Entity]:
        """The items of resources of which no entity came; of the others, the search for origins has found them."""
        resources, result = self.given.resources, self.result
        found: list[Entity] = []
        for counts in result.kinds if self.given.items is None else ():
            if counts.index < len(resources) and counts.raw and not counts.mapped:
                resource = resources[counts.index]
                for candidate in items_of(resource, counts.raw, 0, result.calls):
                    (trace,) = follow(resource, counts.index, [candidate.item])
                    call = None if candidate.call is None else numbers.get(id(result.calls[candidate.call]))
                    found.append(origin.no_entity(trace, replace(candidate, call=call)))
        return found

    def _look_into_unmatched(self) -> None:
        """Find the nearest stub for each unmatched request; identical requests are explained once."""
        given = self.given
        if not given.is_test:
            for found in unanswered(self.result.unmatched, given.stubs):
                self.lacking[asked(found.call.request)] = _Lacking(found.nearest, found.stub())
            return
        for call in self.result.unmatched:
            if asked(call.request) not in self.lacking:
                is_one_of_few = len(self.lacking) < _COMPARED
                near = nearest(call.request, given.routes, given.stubs) if is_one_of_few else []
                self.lacking[asked(call.request)] = _Lacking(near, route_for(call.request))

    def _third_party(self, log: RequestLog, *, is_wrong: bool) -> Call:
        request, response = log.request, log.response
        lacking = self.lacking[asked(log.request)] if is_wrong else _Lacking([], "")
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
            stub="" if is_wrong else self._answered_by(log),
            is_wrong=is_wrong,
            nearest=lacking.nearest,
            paste=lacking.paste,
            operation=operation.label if (operation := operation_of(request)) else "",
            route=route_head(request),
        )

    def _answered_by(self, log: RequestLog) -> str:
        if not isinstance(log, ThirdPartyCall):
            return ""
        routes = self.given.routes
        if log.route is not None and log.route < len(routes):
            return place_of_route(log.route, routes[log.route])
        return log.stub or ""

    def _problems(self, run: Run, numbers: dict[int, int]) -> Iterator[Problem]:
        """What is wrong, the worst first."""
        result = self.result
        # Unmatched requests are reported below.
        errors = [error for error in result.errors if not isinstance(error, UnmatchedRequestError)]
        yield from map(_of_failure, failures_of(errors, self.given.directory))
        if not result.reconciliation_success and not result.errors:
            yield Problem("error", "It did not finish", "Its log, and the calls to Port, may say why.")
        seen = set()
        for call in result.unmatched:
            if (key := asked(call.request)) not in seen:
                seen.add(key)
                lacking, number = self.lacking[key], numbers.get(id(call))
                yield Problem(
                    "unmatched", label_of(call.request), "\n".join(lacking.nearest), "", lacking.paste, number
                )
        for attempt in dict.fromkeys(result.egress_attempts):
            yield Problem(
                "outside", f"Tried to reach {attempt}", "The sandbox answers HTTP and HTTPS, and nothing leaves it."
            )
        for number, entity in enumerate(run.entities):
            if entity.state == "refused":
                title = f"{entity.entity.get('blueprint')} {entity.entity.get('identifier')}"
                yield Problem("refused", title, entity.reason, entity=number)
        for unknown in result.unknown_port_calls:
            title = f"{unknown.request.method} {_path(unknown.request)}"
            yield Problem("unknown", title, "The Port mock does not know this call.", call=numbers.get(id(unknown)))
        yield from self._of_the_mapping()
        for unused in (*result.unused_stubs, *result.unused_faults):
            yield Problem("unused", str(unused))

    def _of_the_mapping(self) -> Iterator[Problem]:
        result = self.result
        found = findings(self.given.resources, result) if self.given.items is None else []
        for line in found:
            place, _, text = line.partition(": ")
            yield Problem("dropped" if "became no entity" in line else "empty", place, text)
        places = {line.partition(": ")[0] for line in found}
        for warning in result.warnings:
            if warning.subject == "items" and warning.place in places:
                continue
            kind = "dropped" if warning.subject == "items" else "warning"
            yield Problem(kind, warning.place, warning.message)


def _body(content: bytes) -> Body:
    is_whole = len(content) != _JOURNAL_KEEPS
    return Body(content, len(content) if is_whole else None, is_whole)


def _to_port(log: PortCall) -> Call:
    request, response = log.request, log.response
    is_whole = len(response.text) < EXCERPT_CHARACTERS
    return Call(
        "port",
        log.at,
        request.method,
        _path(request),
        response.status_code,
        log.seconds,
        request=Body(request.content, log.body_size, log.body_size <= len(request.content)),
        response=Body(response.content, len(response.content) if is_whole else None, is_whole),
        stub="" if log.is_known else "the Port mock does not know this call",
        is_wrong=not log.is_known or response.status_code >= _HTTP_ERROR,
    )


def _path(request: httpx.Request) -> str:
    return request.url.raw_path.decode()


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
    with contextlib.suppress(ValueError, RecursionError):
        yield number, json.loads(call.response.content)
    yield number, [value for _, value in call.response_headers or ()]


def _of_failure(failure: Failure) -> Problem:
    first, _, rest = failure.message.partition("\n")
    kinds = f"While it resynced {', '.join(failure.kinds)}." if failure.kinds else ""
    text = "\n".join(filter(None, [*failure.lines, kinds, rest]))
    return Problem("error", f"{failure.type}: {first}", text, failure.traceback)
