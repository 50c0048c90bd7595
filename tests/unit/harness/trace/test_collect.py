"""A trace has all that a result has: calls in the order of time, what answered each, and what is wrong."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import InterceptTransport, RejectedEntity, ResyncResult, ResyncWarning
from harness.execution.faults import UnusedFault
from harness.execution.live_result import ActionResult, LiveEventResult
from harness.running.directory_run import Read
from harness.running.directory_run import Run as DirectorysRun
from harness.stubs.journal import PortCall, third_party_calls
from harness.stubs.mappings import UNMATCHED_HEADER
from harness.stubs.unused import UnusedStub
from harness.testing.harness import IntegrationTestHarness
from harness.trace import of_directory
from harness.trace.collect import Given, runs_of
from harness.trace.model import Run
from sandbox.resync.egress import EgressAttempt
from tests.unit.harness.factories import make_journal_entry, make_port_call, make_rebuilt
from tests.upstream.traces import make_item, make_resource, unpacked

AT = 1_700_000_000
THINGS = "https://api.things.example/things"


def make_entry(url: str = THINGS, answer: Any = None, **fields: Any) -> dict[str, Any]:
    return make_journal_entry(url, answer=json.dumps(answer).encode(), **fields)


def make_call(sequence: int, **fields: Any) -> PortCall:
    body = fields.get("body", "")
    return PortCall(make_port_call(sequence=sequence, known=True, duration_ms=2.0, body_size=len(body), **fields))


def make_result(*entries: dict[str, Any], port: tuple[PortCall, ...] = (), **fields: Any) -> ResyncResult:
    calls, unmatched = third_party_calls(entries)
    return ResyncResult(**{"calls": calls, "unmatched": unmatched, "port_calls": list(port), **fields})


def collected(result: ResyncResult, transport: InterceptTransport | None = None) -> Run:
    harness = IntegrationTestHarness("things", {"resources": [make_resource()]}, transport or InterceptTransport())
    (run,) = runs_of(Given.of_harness(harness), [result])
    return run


def test_calls_of_both_in_the_order_of_time_with_what_answered() -> None:
    transport = InterceptTransport().add_route("GET", "/other", {}).add_route("GET", "/things", {})
    by_route = {"stubMapping": {"metadata": {"ocean-sandbox-route": 1}}, "timing": {"totalTime": 12}}
    entry = {**make_entry(answer=[1]), **by_route}
    from_file = {**make_entry(), "stubMapping": {"metadata": {"file": "things.json", "line": 3}}}
    run = collected(make_result(entry, from_file, port=(make_call(1, at=AT - 1),)), transport)
    assert [(call.lane, call.method, call.url, call.status, call.seconds) for call in run.calls] == [
        ("port", "GET", "/v1/organization", 200, 0.002),
        ("third-party", "GET", THINGS, 200, 0.012),
        ("third-party", "GET", THINGS, 200, None),
    ]
    assert run.calls[0].request_headers is None
    assert run.calls[1].response.content == b"[1]"
    assert run.calls[1].stub.startswith("route 2 of the test (test_collect.py:")
    assert run.calls[2].stub == "things.json:3"


def test_what_was_kept_of_a_body_and_what_was_not() -> None:
    long = make_call(1, body="x" * 10, response="y" * 2000)
    long._call["body_size"] = 5000
    run = collected(make_result(make_entry(answer="z" * (100_000 - 2)), port=(long,)))
    journal, port = run.calls[0].response, run.calls[1]
    assert (journal.size, journal.is_whole) == (None, False)
    assert (port.request.size, port.request.is_whole) == (5000, False)
    assert (port.response.size, port.response.is_whole) == (None, False)


def test_what_is_wrong_and_the_worst_first() -> None:
    nobody = make_entry(
        "https://api.things.example/members", response={"status": 404, "headers": {UNMATCHED_HEADER: "1"}}
    )
    refused = RejectedEntity("e", "thing", {"identifier": "e", "blueprint": "thing"}, 422, "invalid", "no size")
    unknown = make_call(1, path="/v1/nonsense")
    unknown._call["known"] = False
    result = make_result(
        nobody,
        nobody,
        port=(unknown,),
        errors=[make_rebuilt(ValueError("first\nsecond"))],
        rejected_entities=[refused],
        unknown_port_calls=[unknown],
        egress_attempts=[EgressAttempt("db.example.org", 5432)],
        unused_stubs=[UnusedStub("route 1 of the test", "GET /x")],
        unused_faults=[UnusedFault("fault 1 of Port", "POST /entities")],
        warnings=[
            ResyncWarning("items", "thing (resources[0])", "1 item produced no entity"),
            ResyncWarning("mapping", "resources[0].port.itemsToParse", "'(' is not valid JQ"),
        ],
    )
    run = collected(result, InterceptTransport().add_route("POST", "/members", {}))
    assert [(problem.kind, problem.title) for problem in run.problems] == [
        ("error", "ValueError: first"),
        ("unmatched", "GET https://api.things.example/members"),
        ("outside", "Tried to reach db.example.org:5432"),
        ("refused", "thing e"),
        ("unknown", "GET /v1/nonsense"),
        ("dropped", "thing (resources[0])"),
        ("warning", "resources[0].port.itemsToParse"),
        ("unused", "route 1 of the test: GET /x"),
        ("unused", "fault 1 of Port: POST /entities"),
    ]
    error, unmatched, _, refusal, unknown_call, *_ = run.problems
    assert error.text.endswith("second")
    assert "raise error" in error.trace
    assert "differs: method GET is not POST" in unmatched.text
    assert unmatched.paste == 'transport.add_route("GET", "api.things.example/members", {"json": {}})'
    assert run.calls[unmatched.call or 0].nearest == unmatched.text.splitlines()
    assert (refusal.text, run.entities[refusal.entity or 0].state) == ("422 invalid: no size", "refused")
    assert run.calls[unknown_call.call or 0].url == "/v1/nonsense"


def test_one_that_did_not_come_to_its_end() -> None:
    (problem,) = collected(make_result(reconciliation_success=False)).problems
    assert problem.title == "It did not finish"


def test_entities_with_the_call_that_they_are_from() -> None:
    entity = {"identifier": "a", "title": "Thing a", "blueprint": "thing", "properties": {"size": 3}}
    deleted = {"identifier": "z", "blueprint": "thing"}
    result = make_result(
        make_entry(answer={"ok": True}),
        make_entry(answer=[make_item("a"), make_item("b", live=False)]),
        upserted_entities=[entity],
        deleted_entities=[deleted],
    )
    run = collected(result)
    assert [(each.state, each.entity.get("identifier"), each.origin.call) for each in run.entities] == [
        ("upserted", "a", 1),
        ("deleted", "z", None),
        ("no entity", "b", 1),
    ]


@pytest.mark.parametrize(
    ("results", "names"),
    [
        ([ResyncResult()], ["Resync"]),
        ([ResyncResult(), ResyncResult()], ["Resync 1", "Resync 2"]),
        (
            [LiveEventResult(path="/integration/webhook"), ActionResult(action="deploy")],
            ["Webhook /integration/webhook", "Action deploy"],
        ),
    ],
)
def test_several_have_names(results: list[ResyncResult], names: list[str]) -> None:
    given = Given(Path("things"), [], {})
    assert [run.name for run in runs_of(given, results)] == names


def test_the_page_of_a_directory_has_stubs_to_paste_for_its_files() -> None:
    request = httpx.Request("GET", f"{THINGS}?page=2")
    nobody = make_entry(str(request.url), response={"status": 404, "headers": {UNMATCHED_HEADER: "1"}})
    read = Read(Path("mapping.yml"), {"resources": [make_resource()]}, [], [], {}, "lenient")
    result = make_result(nobody)
    page = of_directory.page_of(DirectorysRun(Path("things"), read, result, calls=result.calls))
    summary, rest = unpacked(page)
    assert (summary["title"], summary["outcome"]) == ("things", "finished")
    (unmatched,) = summary["runs"][0]["problems"]
    assert unmatched["paste"].startswith("- method: GET\n  url: https://api.things.example/things\n")
    assert "There are no stubs." in rest
