"""Makes traces, small, hostile and large."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
from dataclasses import asdict
from typing import Any

from harness.integration.kinds import KindCounts
from harness.trace import origin
from harness.trace.model import Body, Call, Difference, Entity, LogLine, Outcome, Problem, Run, Trace

AT = 1_700_000_000.0
API = "https://api.things.example"
# Whoever answers like this wants a script to run, by a way that has worked on somebody's page.
HOSTILE = [
    "</script><script>window.hacked = 1; alert(1)</script>",
    "<img src=x onerror='window.hacked = 1; alert(1)'>",
    "<!--<script>",
    "\u2028window.hacked = 1//\u2029",
    "]]>\"'`;window.hacked=1;//${window.hacked=1}",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:window.hacked=1",
    "\ud800\x00\x1b[31m\u202e",
]


def make_resource(**mappings: Any) -> dict[str, Any]:
    """Make a resource that maps things."""
    entity = {
        "identifier": ".id",
        "title": ".name",
        "blueprint": "'thing'",
        "properties": {"size": ".size", "owner": ".ownr.name"},
        **mappings,
    }
    return {"kind": "thing", "selector": {"query": ".live"}, "port": {"entity": {"mappings": entity}}}


def make_call(number: int = 0, answer: Any = None, *, path: str = "/things", **fields: Any) -> Call:
    """Make a third-party call that was answered with JSON."""
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return Call(
        **{
            "lane": "third-party",
            "at": AT + number / 100,
            "method": "GET",
            "url": f"{API}{path}?page={number}",
            "status": 200,
            "seconds": 0.004,
            "request_headers": [("accept", "application/json")],
            "response_headers": [("content-type", "application/json")],
            "response": Body(content, len(content)),
            "stub": "route 1 of the test (test_things.py:7)",
            **fields,
        }
    )


def make_item(identifier: str, **fields: Any) -> dict[str, Any]:
    """Make a thing as the third party has it."""
    return {"id": identifier, "name": f"Thing {identifier}", "size": 3, "live": True, **fields}


def make_entity(item: dict[str, Any], **fields: Any) -> Entity:
    """Make the entity that a thing becomes."""
    properties = {"size": item.get("size"), "owner": None}
    entity = {"identifier": item["id"], "title": item["name"], "blueprint": "thing", "properties": properties}
    return Entity(**{"state": "upserted", "entity": entity, **fields})


def make_run(items: list[list[dict[str, Any]]], *, padding: str = "", **fields: Any) -> Run:
    """Make a run that got pages of things, and upserted those that are live.

    Args:
        items: The things of each page.
        padding: What else each answer has.
        fields: Of the run.
    """
    calls = [make_call(number, {"items": page, "padding": padding}) for number, page in enumerate(items)]
    entities = [make_entity(item) for page in items for item in page if item["live"]]
    answers = [(number, json.loads(call.response.content)) for number, call in enumerate(calls)]
    entities += origin.find([make_resource()], entities, answers)
    logs = [LogLine(AT + number / 50, "INFO", f"Got page {number}") for number in range(len(items))]
    timings = {"start": 0.2, "boot": 0.1, "resync": 0.7, "collect": 0.05}
    return Run(
        **{"name": "Resync", "began": AT, "calls": calls, "logs": logs, "entities": entities, "timings": timings}
        | {"integration": "things"}
        | fields
    )


def make_trace(*runs: Run, outcome: Outcome = "failed", **fields: Any) -> Trace:
    """Make the trace of a test."""
    return Trace(
        "tests/test_things.py::TestThings::test_it", outcome, 1.2, list(runs), made="1 Jan 2026, 12:00 UTC", **fields
    )


def make_small() -> Trace:
    """Make the trace of a test that failed, with one of each thing that can be wrong."""
    run = make_run([[make_item("a"), make_item("b", size=None), make_item("c", live=False)], [make_item("d")]])
    run.calls.append(
        make_call(
            5,
            b"No route matched",
            path="/members",
            status=404,
            stub="",
            is_wrong=True,
            nearest=["The nearest stub is route 1 of the test:", "    differs: method GET is not POST"],
            paste='transport.add_route("GET", "api.things.example/members", {"json": {}})',
        )
    )
    run.calls.append(Call("port", AT + 0.2, "POST", "/v1/blueprints/thing/entities/bulk", 200, 0.001))
    refused = make_entity(make_item("e"), state="refused", reason="422 invalid_request: size must be a number")
    run.entities.insert(0, refused)
    run.logs.append(LogLine(AT + 0.3, "ERROR", "Failed to resync thing"))
    run.problems = [
        Problem("error", "ValueError: the handler's own", "main.py:3 in things: raise", "Traceback\n  File main.py"),
        Problem("unmatched", f"GET {API}/members?page=5", "The nearest stub is", paste="transport.add_route()", call=2),
        Problem("refused", "thing e", refused.reason, entity=0),
        Problem("dropped", "member (resources[1])", "2 items produced no entity: there is no identifier"),
        Problem("warning", "resources[0].port.itemsToParse", "'(' is not valid JQ"),
    ]
    failure = Problem("failure", "AssertionError: assert 3 == 4", trace="> assert 3 == 4\nE assert 3 == 4")
    difference = Difference("test_it of tests/__snapshots__", ["@@ -1 +1 @@", "-size: 3", "+size: 4"])
    return make_trace(run, problems=[failure], differences=[difference])


def make_hostile() -> Trace:
    """Make a trace in which every text is hostile."""
    run = Run(HOSTILE[0], AT)
    for number, text in enumerate(HOSTILE):
        pairs = [("x-hostile", text), (text, "x")]
        body = Body(json.dumps({text: text, "id": text}).encode(), 10)
        plain = Body(text.encode(errors="replace"), 10)
        run.calls.append(
            Call("third-party", AT, text, text, 200, 0.1, pairs, plain, pairs, body, text, paste=text, nearest=[text])
        )
        entity = {"identifier": text, "title": text, "blueprint": text, "properties": {text: text}}
        run.entities.append(Entity("refused", entity, text, origin.Origin("item", call=number, path=text)))
        run.logs.append(LogLine(AT, text, text))
        run.problems.append(Problem("error", text, text, text, text, number, number))
    run.kinds = [asdict(KindCounts(HOSTILE[0], raw=1, failed=1))]
    run.timings = {HOSTILE[1]: 1.0}
    trace = make_trace(run, problems=list(run.problems), differences=[Difference(HOSTILE[0], HOSTILE)])
    trace.title = trace.made = HOSTILE[0]
    return trace


def make_large(*, entities: int = 5000, calls: int = 2000) -> Trace:
    """Make a trace of so many entities and calls, of sizes as they come."""
    each = max(1, entities // (calls // 4))
    chance = random.Random(1)  # noqa: S311 # not for secrets
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 12))) for _ in range(4000)]

    def texts(count: int = 12) -> str:
        return " ".join(chance.choices(words, k=count))

    pages = [
        [
            make_item(
                f"{number}-{place}",
                description=texts(),
                size=chance.randint(0, 9999),
                digest=chance.randbytes(20).hex(),
            )
            for place in range(each)
        ]
        for number in range(calls // 4)
    ]
    run = make_run(pages)
    for number in range(len(pages), calls):  # what a resync asks of each thing, and tells Port
        lane = "port" if number % 3 == 0 else "third-party"
        content = {"detail": [{"id": chance.randbytes(8).hex(), "text": texts()} for _ in range(40)]}
        run.calls.append(make_call(number, content, path=f"/things/{number}", lane=lane))
    run.logs += [LogLine(AT + number / 100, "INFO", f"Processing thing {number}: {texts()}") for number in range(3000)]
    return make_trace(run)


def unpacked(html: str) -> tuple[dict[str, Any], str]:
    """Read a page again: its summary, and everything that it shows on demand, as one text."""
    head = re.search(r'<script type="application/json" id="head">(.*?)</script>', html, re.DOTALL)
    assert head, html[:200]
    pieces = re.findall(r'<script type="text/plain" id="piece-\d+">(.*?)</script>', html)
    texts = [gzip.decompress(base64.b64decode(piece)).decode() for piece in pieces]
    return json.loads(head[1]), "\n".join(texts)
