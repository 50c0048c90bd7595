"""The items that an identifier is about are found, whether or not they became an entity."""

from pathlib import Path
from typing import Any

import pytest

from harness.diagnosis.explain import Explained, Explanation, Resource, about
from harness.integration.mapping_trace import follow
from tests.unit.harness.factories import make_mapping

ITEMS: list[dict[str, Any]] = [
    {"id": "1", "name": "one", "team": {"id": "t-1"}},
    {"id": "7", "name": None, "team": {"id": "t-1"}},
    {"id": "12", "name": "api"},
]


def explanation() -> Explanation:
    traces = follow(make_mapping(identifier=".name")["resources"][0], 0, ITEMS)
    return Explanation(
        Path("m.yml"), [Resource("service", 0, [Explained(trace, trace.outcome, "", {}) for trace in traces])]
    )


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        ("one", ["1"]),  # what became it
        ("7", ["7"]),  # what it stands in
        ("t-1", ["1", "7"]),
        ("service:7", ["7"]),  # what it seems to be made of
        ("api:12", ["12"]),
        ("127", []),
        ("nobody", []),
    ],
)
def test_whom_an_identifier_is_about(identifier: str, found: list[str]) -> None:
    assert [item.trace.item["id"] for item in about(explanation(), identifier)] == found


def test_it_is_all_there_for_machines() -> None:
    said = explanation().to_dict()

    assert said["resources"][0]["counts"] == {"mapped": 2, "incomplete": 1}
    assert said["resources"][0]["items"][1]["selector"]["expression"] == "true"
