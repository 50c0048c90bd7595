"""What production accepts runs here with a warning; and a kind whose items became no entity is a problem for `run`."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner

from harness import cli

from .factories import API, integration

pytestmark = pytest.mark.integration

# As the public gitlab integration has one for `file://README.md`.
PROCESSOR = """
from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor
from port_ocean.core.integrations.base import BaseIntegration

class Processor(JQEntityProcessor):
    async def _search(self, data, pattern, *others, **options):
        if pattern.startswith("file://"):
            return f"# {data['id']}"
        return await super()._search(data, pattern, *others, **options)

class Integration(BaseIntegration):
    EntityProcessorClass = Processor
"""
KINDS = """
async def things(kind):
    # Of two answers that are alike, nobody knows which holds the items.
    await http_async_client.get("https://api.things.example/others")
    yield (await http_async_client.get("https://api.things.example/things")).json()

for each in ("nameless", "parts", "left-out"):
    ocean.on_resync(each)(things)
"""
BLUEPRINTS = [
    {
        "identifier": "thing",
        "title": "Thing",
        "schema": {"properties": {"state": {"type": "enum", "enum": ["on"]}, "readme": {"type": "string"}}},
        "relations": {},
    }
]


def resource(kind: str, query: str = "true", *, port: dict[str, Any] | None = None, **mappings: Any) -> dict[str, Any]:
    entity = {"identifier": ".id", "blueprint": '"thing"', **mappings}
    return {"kind": kind, "selector": {"query": query}, "port": {**(port or {}), "entity": {"mappings": entity}}}


def things(folder: Path) -> Path:
    """An integration that runs in production, with its stubs, its mapping and its blueprints."""
    directory = integration(folder / "things", head=KINDS)
    (directory / "integration.py").write_text(PROCESSOR)
    properties = {"state": ".state", "readme": "file://README.md", "broken": ".id // '\\''"}
    resources = [
        resource("thing", properties=properties),
        resource("nameless", ".live", identifier=".ident"),
        resource("parts", port={"itemsToParse": ".partz"}),
        resource("left-out", ".live | not"),
    ]
    shipped = directory / ".port" / "resources"
    shipped.mkdir()
    (shipped / "port-app-config.yml").write_text(yaml.safe_dump({"resources": resources}))
    (shipped / "blueprints.json").write_text(json.dumps(BLUEPRINTS))
    answer = {"json": [{"id": each, "state": "on", "live": True, "parts": []} for each in ("a", "b")]}
    stubs = folder / "wiremock-mappings" / "things" / "things.yaml"
    stubs.parent.mkdir(parents=True)
    stubs.write_text(yaml.safe_dump([{"url": f"{API}/{path}", "response": answer} for path in ("things", "others")]))
    return directory


@pytest.mark.parametrize("entry", ["resync", "production"])
def test_run_says_why_nothing_came_of_what_was_fetched(tmp_path: Path, entry: str) -> None:
    report = tmp_path / "junit.xml"
    options = ["--entry", entry, "--json", "--junit", str(report)]
    done = CliRunner().invoke(cli.main, ["run", str(things(tmp_path)), *options])

    assert done.exit_code == 1, done.output
    said = json.loads(done.stdout)
    assert [entity["properties"]["readme"] for entity in said["upserted"]] == ["# a", "# b"]
    assert said["errors"] == said["refused"] == said["unanswered"] == []
    assert said["problems"] == ["2 kinds without entities"]
    assert {each["place"]: each["message"] for each in said["dropped"]} == {
        "nameless (resources[1])": "2 items produced no entity: there is no identifier: `.ident`: the item has no `ident`; "
        "it has: id, live, parts, state",
        "parts (resources[2])": "2 items produced no entity: itemsToParse `.partz` did not give a list: the item has no `partz`; "
        "did you mean `parts`?",
    }
    assert [each["place"] for each in said["warnings"]] == [
        "resources[0].port.entity.mappings.properties.broken",
        "blueprints.thing.schema.properties.state",
    ]
    cases = ET.fromstring(report.read_text()).iter("testcase")  # noqa: S314 # our own
    assert [case.get("name") for case in cases if case.find("failure") is not None] == [
        "every kind with items has entities"
    ]
