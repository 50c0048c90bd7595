"""How the differences of two outcomes are reported."""

from typing import Any

from rich.console import Console

from harness.cli.compare import show
from harness.diagnosis.difference import Change, Comparison, Outcome, compare


def entity(identifier: str, **properties: Any) -> dict[str, Any]:
    return {"identifier": identifier, "blueprint": "service", "properties": properties, "relations": {}}


def shown(comparison: Comparison) -> str:
    console = Console(width=300, soft_wrap=True)
    with console.capture() as captured:
        show(comparison, console)
    return captured.get()


BEFORE = Outcome(
    "v1 (0123456789)",
    entities=[entity("kept", size=1, gone=True), entity("lost"), entity("same", a=[1])],
    deleted=[{"identifier": "x", "blueprint": "service"}],
    calls=["GET https://a/1 → 200", "GET https://a/1 → 200", "GET https://a/2 → 200"],
    errors=["KeyError: 'a'"],
    resources={"mapping": {"resources": [1]}, "page a": {}},
)
AFTER = Outcome(
    "the working tree",
    entities=[entity("new"), entity("same", a=[1]), entity("kept", size="1", new=[2])],
    calls=["GET https://a/2 → 200", "GET https://a/1 → 200", "GET https://a/3 → 404 (no stub)"],
    errors=["KeyError: 'a'", "KeyError: 'a'", "KeyError: 'a'"],
    resources={"mapping": {"resources": [2]}, "page a": {}},
)


def test_the_same_in_any_order_is_the_same() -> None:
    other = Outcome("other", BEFORE.entities[::-1], BEFORE.deleted, BEFORE.calls[::-1], BEFORE.errors, BEFORE.resources)

    comparison = compare(BEFORE, other)

    assert comparison.is_same
    assert comparison.to_json()["differences"] == {}
    assert "No difference." in shown(comparison)


def test_entities_are_added_removed_and_changed_by_their_values() -> None:
    found = compare(BEFORE, AFTER).differences["entities"]

    assert (found.added, found.removed) == (["service new"], ["service lost"])
    assert found.changed == {
        "service kept": [
            Change("properties.size", 1, "1"),
            Change("properties.gone", True, "<nothing>"),  # noqa: FBT003 # the entity's value
            Change("properties.new", "<nothing>", [2]),
        ]
    }


def test_one_and_true_are_not_the_same() -> None:
    found = compare(Outcome("a", [entity("x", n=1)]), Outcome("b", [entity("x", n=True)]))

    assert found.differences["entities"].changed == {"service x": [Change("properties.n", 1, True)]}  # noqa: FBT003


def test_the_last_of_several_upserts_counts() -> None:
    found = compare(Outcome("a", [entity("x", n=1), entity("x", n=2)]), Outcome("b", [entity("x", n=2)]))

    assert found.is_same


def test_calls_and_errors_count() -> None:
    found = compare(BEFORE, AFTER).differences

    assert found["calls"].removed == ["GET https://a/1 → 200"]
    assert found["calls"].added == ["GET https://a/3 → 404 (no stub)"]
    assert (found["errors"].added, found["errors"].removed) == (["KeyError: 'a' (2 times)"], [])
    assert found["deleted"].removed == ["service x"]
    assert found["resources"].changed == {"mapping": [Change("resources", [1], [2])]}


def test_as_json_it_is_plain_and_counted() -> None:
    told = compare(BEFORE, AFTER).to_json()

    assert (told["same"], told["before"]) == (
        False,
        {"version": "v1 (0123456789)", "entities": 3, "deleted": 1, "calls": 3, "errors": 1, "warnings": []},
    )
    assert told["differences"]["resources"]["changed"]["mapping"] == [
        {"path": "resources", "before": [1], "after": [2]}
    ]


def test_a_person_sees_each_line_and_markup_is_no_markup() -> None:
    output = shown(compare(BEFORE, Outcome("[bold]tree", [entity("[red]new")])))

    assert "- v1 (0123456789): 3 entities, 1 deleted, 3 calls, 1 error" in output
    assert "+ [bold]tree: 1 entity" in output
    assert "+ service [red]new" in output
    assert "\x1b" not in output
    changed = shown(compare(BEFORE, AFTER))
    assert '    properties.size: 1 → "1"' in changed
    assert "Errors: 1 different" in changed


def test_of_very_many_lines_the_first_are_shown() -> None:
    many = Outcome("b", [entity(str(number)) for number in range(50)])

    output = shown(compare(Outcome("a"), many))

    assert (output.count("+ service"), "… and 30 more lines" in output) == (20, True)
    long = shown(compare(Outcome("a", [entity("x", n="")]), Outcome("b", [entity("x", n="y" * 500)])))
    assert "y…" in long
