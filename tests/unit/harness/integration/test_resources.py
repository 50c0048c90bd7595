"""The mapping and the blueprints that an integration ships, and the errors if they are wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness import MappingError, SeedError
from harness.integration.resources import blueprints_of, mapping_of, read_blueprints
from tests.unit.harness.factories import make_mapping, write

RESOURCES = Path(".port", "resources")


@pytest.mark.parametrize("name", ["port-app-config.yml", "port-app-config.yaml", "port-app-config.json"])
def test_the_mapping_is_found(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / RESOURCES / name, make_mapping())

    assert mapping_of(tmp_path) == (file, make_mapping())
    assert mapping_of(tmp_path / "elsewhere", file)[0] == file


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "There is no mapping at "),
        ("resources:", '"resources" is not a list: None.'),
        ("- a", "port-app-config.yml does not hold a mapping: it is a list."),
        ("resources: [{kind: 1}]", 'resources[0] has no "kind".'),
        ("a: 1\nresources: [}", "port-app-config.yml:2:13: this is not valid YAML: "),
        (b"\xff\xfe", "port-app-config.yml is not valid YAML: "),
    ],
)
def test_a_mapping_that_is_none_is_told(tmp_path: Path, content: str | bytes | None, what: str) -> None:
    if content is not None:
        write(tmp_path / RESOURCES / "port-app-config.yml", content)

    with pytest.raises(MappingError, match=re.escape(what)):
        mapping_of(tmp_path)


def test_a_mapping_without_resources_has_none_as_with_ocean(tmp_path: Path) -> None:
    write(tmp_path / RESOURCES / "port-app-config.yml", "enableMergeEntity: true")

    assert mapping_of(tmp_path)[1] == {"enableMergeEntity": True, "resources": []}


def test_no_yaml_is_loaded_by_who_reads_none() -> None:
    program = "import sys, harness.pytest_plugin.plugin, harness; sys.exit('yaml' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_strict_rules_need_blueprints(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="Strict rules need blueprints"):
        blueprints_of(tmp_path)

    write(tmp_path / RESOURCES / "blueprints.json", [{"identifier": "service"}])
    assert blueprints_of(tmp_path) == {"service": {"identifier": "service"}}


def test_no_blueprints_are_none(tmp_path: Path) -> None:
    assert read_blueprints(tmp_path) == []


def test_blueprints(tmp_path: Path) -> None:
    write(tmp_path / RESOURCES / "blueprints.json", [{"identifier": "service"}])
    assert read_blueprints(tmp_path) == [{"identifier": "service"}]


@pytest.mark.parametrize("content", ["{", "[1]", '[{"title": "x"}]', '[{"identifier": 1}]', "7"])
def test_blueprints_that_are_none_are_named(tmp_path: Path, content: str) -> None:
    file = write(tmp_path / RESOURCES / "blueprints.json", content)
    with pytest.raises(SeedError, match=re.escape(str(file))):
        read_blueprints(tmp_path)


def test_a_folder_that_is_no_integration_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="and no integration either"):
        mapping_of(tmp_path)

    write(tmp_path / "main.py", "")
    with pytest.raises(MappingError, match="it says which kinds a resync fetches"):
        mapping_of(tmp_path)
