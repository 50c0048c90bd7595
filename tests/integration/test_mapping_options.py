"""The options of a mapping besides its resources reach Port with each call, and Port obeys them."""

from pathlib import Path
from typing import Any

import pytest

from harness import InterceptTransport

from .factories import integration, mapping, started

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

NUMBER, TEXT = {"type": "number"}, {"type": "string"}
FOREIGN = "port-ocean/other/1/other/exporter"


def blueprint(identifier: str, properties: dict[str, Any], **relations: dict[str, Any]) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "title": identifier,
        "schema": {"properties": properties},
        "relations": relations,
    }


BLUEPRINTS = {
    "thing": blueprint(
        "thing", {"value": NUMBER, "note": TEXT}, box={"target": "box", "required": False, "many": False}
    ),
    "box": blueprint("box", {}),
    "part": blueprint("part", {}, of={"target": "thing", "required": True, "many": False}),
}
IN_PORT = [
    {"identifier": "1", "blueprint": "thing", "properties": {"value": 0, "note": "of before"}},
    {"identifier": "stale", "blueprint": "thing", "properties": {"value": 0}},
    {"identifier": "p", "blueprint": "part", "relations": {"of": "stale"}, "$datasource": FOREIGN},
]


@pytest.mark.parametrize("on", [True, False])
async def test_the_options_of_a_mapping_act(tmp_path: Path, on: bool) -> None:  # noqa: FBT001 # a parameter of the test
    rows = [{"id": 1, "value": 1}, {"id": 2, "value": 2, "box": "unheard-of"}]
    options = ("enableMergeEntity", "createMissingRelatedEntities", "deleteDependentEntities")
    config = {**mapping(relations={"box": ".box"}), **dict.fromkeys(options, on), "entityDeletionThreshold": 1}
    async with started(
        integration(tmp_path),
        InterceptTransport().add_route("GET", "/things", {"json": rows}),
        port_mapping_config=config,
        port_blueprints=BLUEPRINTS,
        port_entities=IN_PORT,
        port="strict",
    ) as harness:
        result = await harness.trigger_resync()
        entities = {(each["blueprint"], each["identifier"]): each for each in harness.port_mock.entities}
    assert result.errors == []
    merged = entities["thing", "1"]["properties"]
    if on:
        assert merged == {"value": 1, "note": "of before"}
        assert entities.keys() == {("thing", "1"), ("thing", "2"), ("box", "unheard-of")}
        assert entities["box", "unheard-of"]["properties"] == {}
        assert result.deleted_entities == [{"identifier": "stale", "blueprint": "thing"}]
        assert result.rejected_entities == []
    else:
        assert merged == {"value": 1}
        assert entities.keys() == {("thing", "1"), ("thing", "stale"), ("part", "p")}
        assert result.deleted_entities == []
        (refused,) = result.rejected_entities
        assert (refused.identifier, refused.status, refused.error) == ("2", 404, "not_found")
