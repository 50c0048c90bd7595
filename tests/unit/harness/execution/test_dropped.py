"""A kind whose items became no entity is distinguished from one that its selector excluded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness import KindCounts
from harness.execution import dropped
from harness.stubs.journal import ThirdPartyCall, third_party_calls
from tests.unit.harness.factories import make_journal_entry, make_mapping


def resource(query: str = "true", parse: str | None = None, **mappings: Any) -> dict[str, Any]:
    (made,) = make_mapping(**mappings)["resources"]
    port = {**made["port"], **({"itemsToParse": parse} if parse else {})}
    return {**made, "selector": {"query": query}, "port": port}


def logged(*lines: str, kind: str = "service", index: int = 0) -> list[str]:
    """What Ocean 0.55 logs of a resource."""
    begin = f"Starting processing resource {kind} with index {index}"
    return [f"16:15:10.822 | INFO     | {line}" for line in (begin, *lines)]


def null(part: str, expression: str) -> str:
    return f"Unable to find valid data for: '{part}': {expression} (null, missing, or misconfigured)"


def answered(*bodies: Any) -> list[ThirdPartyCall]:
    return third_party_calls([make_journal_entry(answer=json.dumps(body).encode()) for body in bodies])[0]


def told(
    *resources: dict[str, Any],
    kinds: list[KindCounts],
    logs: list[str] | None = None,
    calls: list[ThirdPartyCall] | None = None,
) -> list[str]:
    return list(map(str, dropped.of_resync(resources, kinds, logs or [], calls or [])))


def counts(raw: int = 3, index: int = 0, **fields: Any) -> KindCounts:
    return KindCounts("service", index=index, raw=raw, filtered=raw, state="completed", **fields)


NO_ID = {"identifier": ".ident"}


def test_the_answers_tell_why_as_explain_does() -> None:
    calls = answered([{"id": 1}, {"id": 2}], {"items": [{"id": "x"}]})

    (said,) = told(resource(**NO_ID), kinds=[counts(2)], calls=calls)
    assert said == (
        "service (resources[0]): 2 items produced no entity: there is no identifier: `.ident`: the item has no `ident`; it has: id"
    )


def test_pages_are_one_list() -> None:
    calls = answered({"items": [{"id": 1}]}, {"items": [{"id": 2}, {"id": 3}]})

    (said,) = told(resource(blueprint=".kind"), kinds=[counts(3)], calls=calls)
    assert said.startswith(
        "service (resources[0]): 3 items produced no entity: there is no blueprint: `.kind`: the item has"
    )


def test_where_no_answer_is_known_to_have_them_the_log_tells() -> None:
    logs = logged(
        null("identifier", ".ident"), null("properties.a", ".a"), "16 | WARNING | 3 transformations of batch failed"
    )

    for calls in ([], answered([{"id": 1}] * 3, {"x": [{"id": 1}] * 3})):
        assert told(resource(query=".a == 1", **NO_ID), kinds=[counts(3)], logs=logs, calls=calls) == [
            "service (resources[0]): 3 items produced no entity: there is no identifier: `.ident` gave null"
        ]


def test_what_the_selector_left_out_is_no_warning() -> None:
    of = resource(query=".archived | not")

    assert told(of, kinds=[counts(3)]) == []
    assert told(of, kinds=[counts(1)], calls=answered([{"id": 1, "archived": True}])) == []


def test_a_selector_that_lets_all_through_leaves_the_mapping() -> None:
    assert told(resource(), kinds=[counts(1)]) == [
        "service (resources[0]): 1 item produced no entity: the mapping gave no identifier or no blueprint"
    ]


def test_only_what_the_selector_let_through_counts() -> None:
    calls = answered([{"id": 1, "live": True}, {"id": 2, "live": False}])

    (said,) = told(resource(query=".live", **NO_ID), kinds=[counts(2)], calls=calls)
    assert said.startswith(
        "service (resources[0]): 1 item that the selector let through produced no entity: there is no"
    )


@pytest.mark.parametrize(
    ("mappings", "why"),
    [
        ({"identifier": ".a | error"}, "there is no identifier: `.a | error`: it failed: "),
        ({"identifier": "foo"}, "there is no identifier: `foo`: it failed: foo/0 is not defined"),  # which Ocean skips
        ({"identifier": '""'}, 'there is no identifier: `""`: it gave ""'),
        ({"identifier": ".n"}, "there is no identifier: `.n`: it gave 0"),
        ({"blueprint": "null"}, "there is no blueprint: `null`: the mapping sets it to null"),
        (
            {"blueprint": "service"},
            "there is no blueprint: `service`: it failed: service/0 is not defined. A string needs",
        ),
    ],
)
def test_every_way_to_be_none(mappings: dict[str, Any], why: str) -> None:
    (said,) = told(resource(**mappings), kinds=[counts(1)], calls=answered([{"id": 1, "a": "no", "n": 0}]))
    assert said.startswith(f"service (resources[0]): 1 item produced no entity: {why}")


def test_of_several_resources_of_a_kind_the_one_is_told() -> None:
    kinds = [counts(2, mapped=2, upserted=2), counts(2, index=1), counts(0, index=2)]
    logs = [*logged(), *logged(null("blueprint", ".b"), index=1), *logged(index=2)]

    (said,) = told(resource(), resource(query=".x", blueprint=".b"), resource(), kinds=kinds, logs=logs)
    assert said == "service (resources[1]): 2 items produced no entity: there is no blueprint: `.b` gave null"


def test_what_has_some_entities_or_is_gone_from_the_mapping_is_not_told() -> None:
    assert told(resource(**NO_ID), kinds=[counts(5, mapped=1)]) == []
    assert told(resource(), kinds=[counts(5, mapped=5, failed=5)]) == []  # which Port refused
    assert told(kinds=[counts(5)]) == []


def test_what_items_to_parse_dropped_was_fetched_too() -> None:
    logs = logged(
        "Failed to parse items for JQ expression .parts, Expected list but got <class 'NoneType'>. Skipping..."
    )
    of = resource(parse=".parts")

    assert told(of, kinds=[counts(0)], logs=logs) == [
        "service (resources[0]): its items produced no entity: itemsToParse `.parts` did not give a list"
    ]
    assert told(of, kinds=[counts(0)], logs=logged()) == []  # empty lists, or no items at all
    assert dropped.unknown([of], [counts(0)], logs) == ([], [0])
    (known,) = dropped.of_unparsed(of, 0, [{"part": [1]}, {"part": []}])
    assert str(known) == (
        "service (resources[0]): 2 items produced no entity: itemsToParse `.parts` did not give a list: the item has no `parts`; "
        "did you mean `part`?"
    )
    assert list(dropped.of_unparsed(of, 0, [{}, {"parts": []}])) == []


def test_items_that_were_taken_apart_are_found_in_the_answers() -> None:
    calls = answered([{"id": 1, "parts": [{"a": 1}, {"a": 2}]}])

    (said,) = told(resource(parse=".parts", identifier=".item.id"), kinds=[counts(2)], calls=calls)
    assert said.startswith(
        "service (resources[0]): 2 items produced no entity: there is no identifier: `.item.id`: `.item` has"
    )


def test_only_what_nothing_tells_of_needs_the_raw_items() -> None:
    of, calls = resource(query=".x", **NO_ID), answered([{"id": 1, "x": True}])

    assert dropped.unknown([of], [counts(1)], [], calls) == ([], [])
    assert dropped.unknown([of], [counts(2)], [], calls) == ([0], [])


def test_of_a_live_event_the_log_tells() -> None:
    (said,) = dropped.of_event([null("identifier", ".ident"), null("identifier", ".ident")])

    assert str(said) == "the event: its items produced no entity: there is no identifier: `.ident` gave null"
    assert list(dropped.of_event([null("properties.a", ".a")])) == []
