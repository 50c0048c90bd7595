"""`explain` gives the right reason for each mistake planted in a mapping, and for what the third party and Port do."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from harness import cli
from harness.diagnosis import explain as explaining

from .factories import integration

pytestmark = [pytest.mark.integration, pytest.mark.slow]

# Each is to come to the same here as in Ocean; of texts, numbers, and what jq cannot do.
ODD = {
    "quoted": "'live'",
    "compared": ".state == 'live'",
    "apostrophe": '.state + "\'s"',
    "inner": "'it' + .state",
    "environment": "env.HOME",
    "variable": "$ENV",
    "several": ".parts[]?.n",
    "nothing": "empty",
    "fails": ".state.x",
    "error": 'error("no")',
    "null": ".owner.email",
    "object": "{a: .id, b: [.size]}",
    "number": ".id / 3",
    "large": "12345678901234567890",
    "unicode": '"ü\\u00fc日本"',
    "false": "false",
    "try": "try error(1) catch .",
    "long": "[range(3)] | map(. + 1) | add",
    "date": '"2024-01-01T00:00:00Z" | fromdate',
    "spaces": "  .id  ",
    "comment": ".id # the id",
}
ITEMS: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "one",
        "state": "live",
        "owner": {"email": "a@example.com"},
        "parts": [{"n": 1}, {"n": 2}],
        "size": 1,
    },
    {"id": 2, "name": "two", "state": "gone", "owner": None, "parts": [], "size": 2},
    {"id": 3, "name": None, "state": "live", "owner": {"email": "c@example.com"}, "parts": None, "size": "huge"},
    {"id": 4, "name": "one", "state": "live", "owner": {"email": "d@example.com"}, "parts": [{"n": 1}], "size": 4},
]
HANDLER = """
    response = await http_async_client.get("https://api.things.example/things")
    response.raise_for_status()
    yield response.json()
"""


def resource(query: Any = "true", kind: str = "thing", parse: str | None = None, **mappings: Any) -> dict[str, Any]:
    entity = {"identifier": ".id | tostring", "blueprint": '"thing"', "properties": {"size": ".size"}, **mappings}
    port = {"entity": {"mappings": entity}, **({"itemsToParse": parse} if parse else {})}
    return {"kind": kind, "selector": {"query": query}, "port": port}


def write(folder: Path, *resources: dict[str, Any]) -> Path:
    directory = integration(folder / "things", HANDLER)
    files = directory / ".port" / "resources"
    files.mkdir(exist_ok=True)
    (files / "port-app-config.yml").write_text(yaml.safe_dump({"resources": list(resources)}))
    size = {"title": "Size", "type": "number"}
    schema = {"properties": {"size": size}, "required": []}
    (files / "blueprints.json").write_text(json.dumps([{"identifier": "thing", "schema": schema, "relations": {}}]))
    stubs = folder / "wiremock-mappings" / "things"
    stubs.mkdir(parents=True)
    entry = {"url": "https://api.things.example/things", "method": "GET", "response": {"json": ITEMS}}
    (stubs / "things.yaml").write_text(yaml.safe_dump([entry]))
    return directory


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["explain", *arguments])


def explained(directory: Path) -> dict[str, Any]:
    return asyncio.run(explaining.explain(explaining.Asked(directory))).to_dict()


def fates(resource: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["fate"], item["reason"]) for item in resource["items"]]


def test_each_item_has_its_fate_and_its_reason(tmp_path: Path) -> None:
    directory = write(
        tmp_path,
        resource('.state == "live"'),
        resource(identifier=".name", properties={"size": ".siez"}),
        resource(".owner.email", parse=None),
        resource(identifier='(.id | tostring) + "-" + (.item.n | tostring)', parse=".parts", propertys={"x": ".y"}),
        resource(kind="thign"),
        resource(
            relations={
                "o": {"combinator": '"and"', "rules": [{"property": '"e"', "operator": '"="', "value": ".owner.email"}]}
            }
        ),
    )
    found = explained(directory)
    live, named, failed, parsed, misspelt, related = found["resources"]

    refused = fates(live)[2]
    assert refused[0] == "refused"
    assert "size" in refused[1]
    assert [fates(live)[number] for number in (0, 1, 3)] == [
        ("upserted", ""),
        ("filtered", 'the selector `.state == "live"` is false: `.state` is "gone"'),
        ("upserted", ""),
    ]

    assert fates(named) == [
        ("overwritten", 'item 4 has the same identifier, "one", and comes after it'),
        ("upserted", ""),
        ("incomplete", "there is no identifier: `.name`: `.name` is null"),
        ("upserted", ""),
    ]
    assert named["items"][1]["empty"] == {"properties.size": "the item has no `siez`; did you mean `size`?"}

    assert [fate for fate, _ in fates(failed)] == ["failed"] * 4
    assert fates(failed)[0][1] == 'the selector `.owner.email` must give true or false, but gives "a@example.com"'
    assert (
        fates(failed)[1][1] == "the selector `.owner.email` must give true or false, but gives null: `.owner` is null"
    )

    assert [item["entity"]["identifier"] for item in parsed["items"]] == ["1-1", "1-2", "4-1"]
    assert all("parts" not in item["item"] for item in parsed["items"])
    assert parsed["notes"] == [
        "Ocean drops `propertys` from the mapping: it is not one of identifier, title, icon, blueprint, team, properties, relations",
        "item 2 has no parts: itemsToParse `.parts` gave an empty list",
        "item 3 is dropped: itemsToParse `.parts` did not give a list: `.parts` is null",
    ]

    assert misspelt["items"] == []
    assert misspelt["notes"][0].startswith("its handlers returned no items")
    assert any("thign" in error for error in found["errors"])

    assert [fate for fate, _ in fates(related)] == ["upserted", "upserted", "refused", "upserted"]
    assert related["items"][1]["empty"] == {"relations.o.rules[0].value": "`.owner` is null"}
    assert found["notes"] == found["unmatched"] == []


def test_what_no_resync_can_run_is_explained_too(tmp_path: Path) -> None:
    directory = write(
        tmp_path, resource(blueprint="thing"), resource(query=True), resource(properties={"size": ".size +"})
    )
    found = explained(directory)

    assert "resources[1].selector.query is not valid JQ: 'True' True/0 is not defined" in found["notes"][0]
    blueprint, boolean, broken = found["resources"]
    assert fates(blueprint)[0][1].endswith("thing/0 is not defined. A string needs quotes of its own: '\"thing\"'")
    assert fates(boolean)[0][1].endswith("True/0 is not defined. In YAML write it in quotes: 'true'")
    assert broken["items"][0]["fate"] == "mapped"
    assert broken["items"][0]["empty"]["properties.size"].startswith("it failed: syntax error")


def test_one_entity_is_explained_step_by_step_in_plain_lines(tmp_path: Path) -> None:
    directory = write(tmp_path, resource('.state == "live"', properties={"size": ".size", "mail": ".owner.mail"}))

    done = explain(str(directory), "--id", "1")
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert "thing (resources[0]), item 1: upserted" in lines
    assert 'selector.query `.state == "live"` true' in lines
    assert "properties.mail `.owner.mail` null `.owner` has no `mail`; did you mean `email`?" in lines

    overview = explain(str(directory)).output.splitlines()
    assert overview[0] == "thing (resources[0]): 2 upserted, 1 filtered out by the selector, 1 refused by Port"
    assert any(line.startswith('  item 2 {"id": 2,') and "the selector `.state" in line for line in overview)
    assert any("properties.mail  empty: `.owner.mail`: `.owner` has no `mail`" in line for line in overview)

    nobody = explain(str(directory), "--id", "99", "--kind", "thing", "--json")
    assert nobody.exit_code == 3
    assert "No raw item matches '99'" in nobody.output

    other = explain(str(directory), "--kind", "things")
    assert other.exit_code == 3
    assert "has no resource of kind 'things'" in other.output
    assert "available kinds: thing." in other.output


def test_expressions_come_to_what_ocean_makes_of_them(tmp_path: Path) -> None:
    directory = write(tmp_path, resource(title="'a-' + .name", properties=ODD))
    (directory / ".port" / "resources" / "blueprints.json").unlink()
    (only,) = explained(directory)["resources"]

    # "upserted" without a reason: Ocean's entity has the same properties, each of them.
    assert fates(only) == [("upserted", "")] * 4
    assert set(only["items"][0]["entity"]["properties"]) == set(ODD)
    assert only["items"][0]["entity"]["properties"]["apostrophe"] == "live's"
    # Of these it says that it cannot know them, and what they were.
    assert only["items"][0]["empty"]["properties.environment"].startswith(
        'it reads the environment: in the resync it gave "/'
    )
