"""What a failing test's report begins with: the cause, in the integration's own lines, each thing once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import KindCounts, ResyncResult
from harness.diagnosis.causes import causes, folded
from harness.stubs.journal import ThirdPartyCall
from sandbox.resync.egress import EgressAttempt
from tests.unit.harness.factories import make_rebuilt, make_request
from tests.unit.harness.runs import make_error, make_rejected

DIRECTORY = Path("/home/someone/things")
PAGES = [
    [{"sku": "A", "name": "Anvil", "active": True, "organization": {"name": "Acme"}}, {"sku": "B", "active": True}],
    [{"sku": "C", "name": "Cog", "active": False, "organization": {"name": "Cogs"}}],
]


def make_resource(query: str = "true", **mappings: Any) -> dict[str, Any]:
    parts = {"identifier": ".sku", "blueprint": '"product"', "properties": {}, **mappings}
    return {"kind": "product", "selector": {"query": query}, "port": {"entity": {"mappings": parts}}}


def make_answers() -> list[ThirdPartyCall]:
    others = [{"data": {"teams": []}}] * 3  # as many objects as there are items
    return [
        ThirdPartyCall(
            make_request(f"https://api.example.com/items?page={number}"), httpx.Response(200, json=body), stub="route 1"
        )
        for number, body in enumerate([*others, *({"items": page} for page in PAGES)])
    ]


def said(result: ResyncResult, *resources: dict[str, Any], unmatched: list[str] | None = None) -> list[str]:
    return causes(result, resources, DIRECTORY, unmatched or [])


def of_mapping(resource: dict[str, Any], *, mapped: int) -> list[str]:
    counts = KindCounts("product", raw=3, mapped=mapped, state="completed")
    return said(ResyncResult(kinds=[counts], calls=make_answers()), resource)


def test_nothing_is_said_where_all_is_well() -> None:
    assert of_mapping(make_resource(), mapped=3) == []


@pytest.mark.parametrize(
    ("resource", "mapped", "line"),
    [
        (
            make_resource(identifier=".skuu"),
            0,
            "all 3 items became no entity: there is no identifier: `.skuu`: the item has no `skuu`; did you mean `sku`?",
        ),
        (
            make_resource(identifier=".name"),
            2,
            (
                '1 of 3 items (the first: item 2, sku "B") became no entity: there is no identifier: `.name`: the item has no '
                "`name`; it has: sku, active"
            ),
        ),
        (
            make_resource(properties={"owner": ".organisation.name"}),
            3,
            (
                "properties.owner is empty in all 3 items: `.organisation.name`: the item has no `organisation`; did you mean "
                "`organization`?"
            ),
        ),
        (
            make_resource(".activ"),
            0,
            (
                "all 3 items became no entity: the selector `.activ` must give true or false, but gives null: the item has no "
                "`activ`; did you mean `active`?"
            ),
        ),
        (
            make_resource('.status == "x"'),
            0,
            (
                'all 3 items became no entity: the selector `.status == "x"` is false: the item has no `status`; it has: sku, '
                "name, active, organization"
            ),
        ),
    ],
)
def test_an_item_is_followed_through_the_mapping(resource: dict[str, Any], mapped: int, line: str) -> None:
    assert f"product (resources[0]): {line}" in of_mapping(resource, mapped=mapped)


def test_an_error_that_an_unmatched_request_led_to_says_only_where_it_was_asked() -> None:
    request = make_request("https://api.example.com/items")
    message = "Client error '404 Not Found' for url 'https://api.example.com/items'\nFor more information check: …"
    error = make_rebuilt(httpx.HTTPStatusError(message, request=request, response=httpx.Response(404)))
    error.remote_traceback = (  # type: ignore[attr-defined]
        'Traceback\n  File "/app/main.py", line 9, in on_products\n    await get()\n    ^^^^^^^^^^^\nhttpx.HTTPStatusError: …'
    )
    result = ResyncResult(errors=[error], unmatched=[ThirdPartyCall(request, httpx.Response(404))])

    lines = said(result, unmatched=["No route matched: GET https://api.example.com/items\nThere are no stubs."])
    assert lines == [
        "No route matched: GET https://api.example.com/items",
        "There are no stubs.",
        "It was asked in:",
        "    main.py:9 in on_products: await get()",
    ]


def test_a_key_that_the_answer_has_almost_is_named() -> None:
    answer = httpx.Response(200, content=json.dumps({"itmes": []}))
    call = ThirdPartyCall(make_request("https://api.example.com/items"), answer, stub="route 1 of the test")

    lines = said(ResyncResult(errors=[make_rebuilt(KeyError("items"))], calls=[call]))
    assert lines[-1].strip() == (
        "the answer to GET https://api.example.com/items, from route 1 of the test, has `itmes`, not `items`"
    )


def test_each_kind_of_problem_is_there_once() -> None:
    egress = EgressAttempt("db.example.com", 5432, "PostgreSQL")
    result = ResyncResult(
        errors=[make_error()],
        rejected_entities=[make_rejected()],
        egress_attempts=[egress, egress],
        reconciliation_success=False,
    )

    assert said(result) == [
        "service: tests.unit.harness.runs.ThingsError: no such thing",
        "    main.py:33 in on_things: async for page in pages():",
        "    client.py:255 in pages: response.raise_for_status()",
        "It tried to reach db.example.com:5432 (PostgreSQL)",
        "Port: service 'r' was refused with 422 invalid_request: size must be a number",
    ]


def test_an_attribute_error_keeps_its_name() -> None:
    lines = said(ResyncResult(errors=[make_rebuilt(AttributeError("'Shop' object has no attribute 'size'"))]))
    assert lines[0] == "AttributeError: 'Shop' object has no attribute 'size'"


def test_a_traceback_is_folded() -> None:
    text = (
        "IntegrationError: it does not start\n"
        "  | Traceback (most recent call last):\n"
        '  |   File "/usr/lib/python3.13/asyncio/runners.py", line 118, in run\n'
        "  |     return self._loop.run_until_complete(task)\n"
        "  |            ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~^^^^^^\n"
        '  |   File "/opt/venv/lib/python3.13/site-packages/port_ocean/ocean.py", line 65, in __init__\n'
        "  |     self.config = Configuration(\n"
        '  |   File "/app/main.py", line 1, in <module>\n'
        "  |     from clients import Shop\n"
        "  | ModuleNotFoundError: No module named 'clients'"
    )
    assert folded(text) == [
        "IntegrationError: it does not start",
        "  | Traceback (most recent call last):",
        "  … 2 frames of libraries",
        '  |   File "/app/main.py", line 1, in <module>',
        "  |     from clients import Shop",
        "  | ModuleNotFoundError: No module named 'clients'",
    ]


def test_a_result_says_by_itself_whether_all_is_well() -> None:
    ResyncResult().assert_ok()
    result = ResyncResult(
        errors=[make_error()],
        rejected_entities=[make_rejected()],
        unmatched=[ThirdPartyCall(make_request("https://api.example.com/a"), httpx.Response(404))],
    )

    assert repr(result) == "<ResyncResult: 0 entities, 1 unmatched request, 1 error, 1 refused>"
    with pytest.raises(AssertionError) as raised:
        result.assert_ok()
    assert str(raised.value).splitlines() == [
        "the resync is not ok: 1 unmatched request, 1 error, 1 refused",
        "  no stub matched GET https://api.example.com/a",
        "  tests.unit.harness.runs.ThingsError: no such thing",
        "  service 'r' was refused with 422 invalid_request: size must be a number",
    ]
    with pytest.raises(AssertionError, match="it did not complete"):
        ResyncResult(reconciliation_success=False).assert_ok()


def test_the_answer_that_is_not_json_is_blamed_and_none_that_is_empty_or_null() -> None:
    bodies = [b"<html>", b"", b"null"]
    calls = [
        ThirdPartyCall(make_request(f"https://api.example.com/{number}"), httpx.Response(200, content=body), stub="")
        for number, body in enumerate(bodies)
    ]
    error = make_rebuilt(json.JSONDecodeError("Expecting value", "", 0))

    lines = "\n".join(said(ResyncResult(errors=[error], calls=calls)))

    assert "https://api.example.com/0 is not JSON: it begins with '<html>'" in lines
