"""The results of a run are counted, and its problems are listed."""

from __future__ import annotations

import json

from harness import KindCounts
from harness.running import summary
from tests.unit.harness.factories import make_rebuilt
from tests.unit.harness.runs import (
    DIRECTORY,
    DROPPED,
    SKIPPED,
    UNCHECKED,
    make_entity,
    make_error,
    make_rejected,
    make_run,
    make_third_party_call,
)


def test_entities_are_counted_by_blueprint_each_once() -> None:
    run = make_run(
        make_entity("a"),
        make_entity("a", size=2),
        make_entity("b"),
        make_entity("a", "tag"),
        deleted_entities=[{"identifier": "x", "blueprint": "tag"}, {"identifier": "y", "blueprint": "old"}],
        rejected_entities=[make_rejected()],
    )

    assert summary.blueprints(run) == [
        summary.BlueprintCounts("service", 2, 0, 1),
        summary.BlueprintCounts("tag", 1, 1, 0),
        summary.BlueprintCounts("old", 0, 1, 0),
    ]


def test_an_error_is_what_the_integration_raised_and_where() -> None:
    run = make_run(errors=[make_error(), make_error(kind="tag"), make_error("another", kind=None)])
    first, second = summary.failures(run)

    assert str(first).endswith("ThingsError: no such thing")
    assert first.kinds == ["service", "tag"]
    assert first.lines == [
        "main.py:33 in on_things: async for page in pages():",
        "client.py:255 in pages: response.raise_for_status()",
    ]
    assert f'File "{DIRECTORY}/main.py", line 33' in first.traceback
    assert second.kinds == []


def test_an_error_of_pythons_own_is_said_by_its_name() -> None:
    (failure,) = summary.failures(make_run(errors=[make_rebuilt(KeyError("id"))]))

    assert (failure.type, failure.message) == ("KeyError", "'id'")


def test_a_syntax_error_has_its_place() -> None:
    trace = '  File "/app/main.py", line 3\n    def x(:\n          ^\nSyntaxError: invalid syntax'

    assert summary.frames(trace) == ["main.py:3: def x(:"]


def test_what_is_wrong_is_said_in_a_few_words() -> None:
    assert summary.problems(make_run(make_entity())) == []
    assert summary.problems(make_run(reconciliation_success=False)) == ["the resync did not complete"]
    missing = [make_third_party_call("/a", 404, None), make_third_party_call("/a", 404, None)]
    assert summary.problems(
        make_run(calls=missing, rejected_entities=[make_rejected("a"), make_rejected("b")], errors=[make_error()])
    ) == ["1 unmatched request", "2 refused entities", "1 error"]
    assert summary.problems(make_run(warnings=[DROPPED])) == ["1 kind without entities"]
    assert summary.problems(make_run(warnings=[SKIPPED, UNCHECKED])) == []


def test_all_of_it_is_there_for_machines() -> None:
    run = make_run(
        make_entity(),
        calls=[make_third_party_call(), make_third_party_call("/a", 404, None)],
        errors=[make_error()],
        kinds=[KindCounts("service", raw=3, filtered=2)],
        rejected_entities=[make_rejected()],
        warnings=[DROPPED, SKIPPED],
    )
    said = json.loads(json.dumps(summary.to_dict(run)))

    assert said["ok"] is False
    assert said["blueprints"] == [{"blueprint": "service", "upserted": 1, "deleted": 0, "refused": 1}]
    assert [call["stub"] for call in said["calls"]] == ["/home/someone/wiremock-mappings/things/a.json:3", None]
    assert said["unanswered"][0]["url"] == "https://api.example.com/a"
    assert said["errors"][0]["lines"][0] == "main.py:33 in on_things: async for page in pages():"
    assert (said["kinds"][0]["filtered"], said["refused"][0]["status"]) == (2, 422)
    assert [each["place"] for each in said["dropped"]] == ["service (resources[0])"]
    assert said["warnings"] == [
        {"subject": "mapping", "place": SKIPPED.place, "message": "'.a ||' is not valid JQ"},
    ]
