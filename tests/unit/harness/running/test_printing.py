"""How a run is shown: tables on a terminal, plain lines elsewhere."""

from __future__ import annotations

from harness import KindCounts
from harness.running import printing
from harness.stubs.unused import UnusedStub
from tests.unit.harness.runs import (
    DROPPED,
    SKIPPED,
    UNCHECKED,
    make_console,
    make_entity,
    make_error,
    make_rejected,
    make_run,
    make_third_party_call,
    printed,
)

LONG = "/v2/" + "x" * 200 + "/end"


def lines_of(*entities: dict[str, object], width: int = 80, is_terminal: bool = False, **fields: object) -> list[str]:
    console = make_console(width, is_terminal=is_terminal)
    printing.show(make_run(*entities, **fields), console)  # type: ignore[arg-type]
    return [line.rstrip() for line in printed(console).splitlines()]


def test_lines_for_machines_and_logs_are_whole() -> None:
    calls = [make_third_party_call(), make_third_party_call(), make_third_party_call(LONG)]

    assert lines_of(make_entity("a"), make_entity("b"), calls=calls) == [
        "service: 2 upserted, 0 deleted, 0 refused",
        "GET https://api.example.com/v2/items 200 a.json:3 (2 times)",
        f"GET https://api.example.com{LONG} 200 a.json:3",
        "ok: 2 entities, 3 calls, 1.2 s",
    ]


def test_stubs_that_answered_nothing_are_named() -> None:
    few = [UnusedStub(f"/stubs/a.json:{number}", f"GET /{number}") for number in range(12)]

    said = lines_of(make_entity("a"), unused_stubs=few)

    at = said.index("Stubs that answered nothing")
    assert said[at + 1] == "  /stubs/a.json:0: GET /0"
    assert said[at + 11 :] == ["  … and 2 more unused stubs: --json has all", "ok: 1 entity, 1 call, 1.2 s"]


def test_what_is_wrong_is_shown_with_what_to_do() -> None:
    said = lines_of(
        calls=[make_third_party_call("/v2/a?page=[b]", 404, None)],
        errors=[make_error("[bold]no[/bold]")],
        rejected_entities=[make_rejected()],
        kinds=[KindCounts("service", raw=3, filtered=2)],
    )

    assert said[0] == "service: 0 upserted, 0 deleted, 1 refused"
    at = said.index("No stub matched GET https://api.example.com/v2/a?page=[b]")
    assert said[at + 1 : at + 5] == [
        "  There are no stubs.",
        "  A stub that would answer it, to paste into a *.yaml of the stub folder:",
        "    - method: GET",
        "      url: https://api.example.com/v2/a",
    ]
    assert "  service 'r' was refused with 422 invalid_request: size must be a number" in said
    assert any(line.startswith("  service: ") and line.endswith("ThingsError: [bold]no[/bold]") for line in said)
    assert "      client.py:255 in pages: response.raise_for_status()" in said
    assert any(line.startswith("service: 2 of 3 items became no entity: `ocean-sandbox explain ") for line in said)
    assert said[-1] == "1 unmatched request, 1 refused entity, 1 error (0 entities, 1 call, 1.2 s)"


def test_what_was_dropped_is_wrong_and_warnings_are_not() -> None:
    said = lines_of(warnings=[DROPPED, SKIPPED, UNCHECKED])

    at = said.index("Items that became no entity")
    assert said[at:] == [
        "Items that became no entity",
        "  service (resources[0]): 2 items produced no entity: there is no [identifier]",
        "Warnings",
        "  resources[0].port.entity.mappings.title: '.a ||' is not valid JQ",
        "  blueprints.b.schema.properties.a: 'enum' is not valid; any value is accepted",
        "1 kind without entities (0 entities, 1 call, 1.2 s, 2 warnings)",
    ]
    assert lines_of(make_entity(), warnings=[SKIPPED])[-1] == "ok: 1 entity, 1 call, 1.2 s, 1 warning"


def test_a_terminal_gets_tables_that_fit() -> None:
    for width in (80, 140):
        said = lines_of(
            make_entity(),
            calls=[make_third_party_call(LONG), make_third_party_call("/b", 404, None)],
            width=width,
            is_terminal=True,
        )
        assert max(map(len, said)) <= width
        assert said[0].split() == ["Blueprint", "Upserted", "Deleted", "Refused"]
        assert "Calls to https://api.example.com" in said
        (row,) = [line for line in said if line.endswith("a.json:3")]
        assert "xx/end" in row, "the end of a path tells it from others"
        assert any(line.endswith("404  no stub") for line in said)


def test_of_very_many_things_the_first_are_shown() -> None:
    said = lines_of(
        calls=[make_third_party_call(f"/{number}") for number in range(40)]
        + [make_third_party_call(f"/u{number}", 404, None) for number in range(8)],
        rejected_entities=[make_rejected(str(number)) for number in range(25)],
    )

    assert "… and 18 more calls: --json has all" in said
    assert "  … and 3 more unmatched requests: --json has all" in said
    assert "  … and 5 more refused entities: --json has all" in said
