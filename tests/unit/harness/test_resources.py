"""The mapping and the blueprints that an integration ships, and what is said where they are wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.resources import read_blueprints, read_mapping
from sandbox.errors import SandboxError

from .factories import write

RESOURCES = Path(".port", "resources")


@pytest.mark.parametrize("name", ["port-app-config.yml", "port-app-config.yaml", "port-app-config.json"])
def test_the_mapping_has_one_of_three_names(tmp_path: Path, name: str) -> None:
    write(tmp_path / RESOURCES / name, '{"resources": []}')
    assert read_mapping(tmp_path) == {"resources": []}


def test_no_mapping(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=re.escape("has no .port/resources/port-app-config.yml")):
        read_mapping(tmp_path)


@pytest.mark.parametrize("content", ["resources: [}", "- a", b"\xff\xfe"])
def test_a_mapping_that_is_none_is_named(tmp_path: Path, content: str | bytes) -> None:
    file = write(tmp_path / RESOURCES / "port-app-config.yml", content)
    with pytest.raises(SandboxError, match=re.escape(str(file))):
        read_mapping(tmp_path)


def test_no_blueprints_are_none(tmp_path: Path) -> None:
    assert read_blueprints(tmp_path) == []


def test_blueprints(tmp_path: Path) -> None:
    write(tmp_path / RESOURCES / "blueprints.json", [{"identifier": "service"}])
    assert read_blueprints(tmp_path) == [{"identifier": "service"}]


@pytest.mark.parametrize("content", ["{", "[1]", '[{"title": "x"}]', '[{"identifier": 1}]', "7"])
def test_blueprints_that_are_none_are_named(tmp_path: Path, content: str) -> None:
    file = write(tmp_path / RESOURCES / "blueprints.json", content)
    with pytest.raises(SandboxError, match=re.escape(str(file))):
        read_blueprints(tmp_path)
