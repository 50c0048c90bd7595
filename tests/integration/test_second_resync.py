"""What one resync leaves in Port is there for the next, which finds, skips and deletes by Ocean's own reconciliation."""

import json
from pathlib import Path

import pytest

from harness import InterceptTransport

from .factories import integration, mapping, started

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]


def things(*identifiers: int, value: str = "same") -> dict[str, object]:
    return {"json": [{"id": each, "value": value} for each in identifiers]}


def transport(first: dict[str, object], second: dict[str, object]) -> InterceptTransport:
    return InterceptTransport().add_route("GET", "/things", first, times=1).add_route("GET", "/things", second)


def identifiers(entities: list[dict[str, object]]) -> list[object]:
    return [entity["identifier"] for entity in entities]


async def test_what_is_gone_from_the_second_is_deleted(tmp_path: Path) -> None:
    async with started(integration(tmp_path), transport(things(1, 2, 3), things(1, 3))) as harness:
        first = await harness.trigger_resync()
        assert identifiers(harness.port_mock.entities) == ["1", "2", "3"]
        second = await harness.trigger_resync()
        assert identifiers(harness.port_mock.entities) == ["1", "3"]
    assert first.deleted_entities == []
    assert second.errors == []
    assert second.deleted_entities == [{"identifier": "2", "blueprint": "thing"}]
    assert identifiers(second.upserted_entities) == ["1", "3"]  # ten and fewer, Ocean upserts without a look


async def test_of_many_only_the_changed_are_upserted_again(tmp_path: Path) -> None:
    many = range(1, 13)
    changed = things(*many)
    changed["json"] = [{"id": each, "value": "new" if each == 5 else "same"} for each in many]
    async with started(integration(tmp_path), transport(things(*many), changed)) as harness:
        assert len((await harness.trigger_resync()).upserted_entities) == 12
        second = await harness.trigger_resync()
    assert identifiers(second.upserted_entities) == ["5"]
    assert second.deleted_entities == []


async def test_an_empty_script_finds_nothing_as_in_process(tmp_path: Path) -> None:
    many = things(*range(1, 13))
    routes = transport(many, things(*range(1, 12)))
    async with started(integration(tmp_path), routes, port_search_entities_response=[]) as harness:
        await harness.trigger_resync()
        second = await harness.trigger_resync()
    assert len(second.upserted_entities) == 11
    assert second.deleted_entities == []


async def test_entities_that_a_test_puts_into_port_are_found(tmp_path: Path) -> None:
    stale = {"identifier": "stale", "blueprint": "thing", "properties": {}, "relations": {}}
    foreign = {**stale, "identifier": "foreign", "$datasource": "port-ocean/other/1/other/exporter"}
    config = {**mapping(), "entityDeletionThreshold": 1}
    route = InterceptTransport().add_route("GET", "/things", things(1))
    async with started(
        integration(tmp_path), route, port_mapping_config=config, port_entities=[stale, foreign]
    ) as harness:
        result = await harness.trigger_resync()
        assert sorted(map(str, identifiers(harness.port_mock.entities))) == ["1", "foreign"]
    assert result.deleted_entities == [{"identifier": "stale", "blueprint": "thing"}]


async def test_strict_rules_show_what_port_refuses_though_ocean_calls_the_resync_completed(tmp_path: Path) -> None:
    directory = integration(tmp_path)
    blueprint = {"identifier": "thing", "schema": {"properties": {"value": {"type": "number"}}}, "relations": {}}
    (directory / ".port" / "resources").mkdir()
    (directory / ".port" / "resources" / "blueprints.json").write_text(json.dumps([blueprint]))
    rows = {"json": [{"id": 1, "value": 1}, {"id": 2, "value": "two"}, {"id": "a b", "value": 3}]}
    async with started(directory, InterceptTransport().add_route("GET", "/things", rows), port="strict") as harness:
        result = await harness.trigger_resync()
    assert result.reconciliation_success
    assert identifiers(result.upserted_entities) == ["1"]
    mistyped, misnamed = map(str, result.rejected_entities)
    assert mistyped == (
        "thing '2' was refused with 422 blueprint_schema_mismatch: properties.value: 'two' is not of type 'number'"
    )
    assert misnamed.startswith("thing 'a b' was refused with 422 invalid_request: identifier 'a b' must be made of")
