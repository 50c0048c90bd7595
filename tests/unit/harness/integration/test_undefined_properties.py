"""A property that the blueprint lacks is taken, as Port takes it, and the result warns of it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.integration.resync_warnings import of_undefined

BLUEPRINT = {
    "schema": {"properties": {"owner": {"type": "string"}, "price": {"type": "number"}}},
    "calculationProperties": {"total": {}},
    "mirrorProperties": {"city": {}},
    "relations": {"team": {"target": "team"}},
}


def warned(**parts: Any) -> list[str]:
    entity = {"identifier": "a", "blueprint": "product", **parts}
    return [str(each) for each in of_undefined([entity, entity], {"product": BLUEPRINT})]


@pytest.mark.parametrize(
    ("parts", "warning"),
    [
        (
            {"properties": {"ownr": "Acme", "price": 1}},
            (
                "blueprints.product.schema.properties.ownr: entities have it, and the blueprint does not define it, so "
                "Port checks nothing of it; did you mean `owner`?"
            ),
        ),
        (
            {"relations": {"zone": ["a"]}},
            (
                "blueprints.product.relations.zone: entities have it, and the blueprint does not define it, so Port "
                "checks nothing of it"
            ),
        ),
    ],
)
def test_what_the_blueprint_lacks_is_warned_of(parts: dict[str, Any], warning: str) -> None:
    assert warned(**parts) == [warning]


@pytest.mark.parametrize(
    "parts",
    [
        {"properties": {"owner": "Acme", "total": 1, "city": "x"}, "relations": {"team": "a"}},
        {"properties": {"ownr": None}},
        {"blueprint": "unknown", "properties": {"ownr": "Acme"}},
        {"properties": "no object"},
        {},
    ],
)
def test_what_it_defines_is_not(parts: dict[str, Any]) -> None:
    assert warned(**parts) == []
