"""What an integration ships for Port: its mapping, its blueprints."""

import json
from pathlib import Path
from typing import Any

from harness.integration import yaml_file
from harness.integration.mapping import MappingError, check_shape
from sandbox.errors import SandboxError

RESOURCES = Path(".port", "resources")
MAPPINGS = ("port-app-config.yml", "port-app-config.yaml", "port-app-config.json")
BLUEPRINTS = "blueprints.json"


class SeedError(SandboxError):
    """What a test says is in Port is wrong: a blueprint, an entity."""


def mapping_of(directory: Path, file: Path | None = None) -> tuple[Path, dict[str, Any]]:
    """The mapping of an integration, and its file: by default, the one that it ships.

    Args:
        directory: The integration's.
        file: The file, where it is another.

    Raises:
        MappingError: There is none, or its shape is not one that Ocean accepts.
    """
    candidates = [file] if file else [directory / RESOURCES / name for name in MAPPINGS]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        is_there = file is not None or (directory / "main.py").is_file()
        raise MappingError(
            f"There is no mapping at {candidates[0]}."
            if is_there
            else f"There is no mapping at {candidates[0]}, and no integration either: no main.py.",
            remedy="write one: it says which kinds a resync fetches and how they are mapped."
            if is_there
            else "name the directory of an integration; `ocean-sandbox init --example DIR` creates one to try.",
        )
    mapping = yaml_file.load(found, MappingError)
    if not isinstance(mapping, dict):
        raise MappingError(
            f"{found} does not hold a mapping: it is a {type(mapping).__name__}.", remedy='write "resources: […]".'
        )
    check_shape(mapping, str(found))
    mapping.setdefault("resources", [])  # as Ocean does
    return found, mapping


def read_blueprints(directory: Path) -> list[dict[str, Any]]:
    """The blueprints that the integration ships; none if there is no such file.

    Raises:
        SeedError: The file is not a list of blueprints.
    """
    file = directory / RESOURCES / BLUEPRINTS
    if not file.is_file():
        return []
    try:
        blueprints = json.loads(file.read_text(encoding="utf-8"))
        if not all(isinstance(each["identifier"], str) for each in blueprints):
            raise TypeError("an identifier is not text")  # noqa: TRY301 # one message for all
    except json.JSONDecodeError as error:
        raise SeedError(
            f"{file}:{error.lineno}:{error.colno}: this is not a list of blueprints: not valid JSON: {error.msg}.",
            remedy="fix that line.",
        ) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SeedError(f"{file} is not a list of blueprints with identifiers: {error!r}", remedy="fix it.") from error
    return list(blueprints)


def blueprints_of(directory: Path) -> dict[str, dict[str, Any]]:
    """The blueprints that Port's strict rules go by, by identifier.

    Args:
        directory: The directory of an integration that brings them along.

    Raises:
        SeedError: It has none, or the file is not a list of blueprints.
    """
    file = directory / RESOURCES / BLUEPRINTS
    if not file.is_file():
        raise SeedError(
            f"Strict rules need blueprints, and there is no {file}.",
            remedy="give the harness port_blueprints, or override get_port_blueprints(); port='lenient' needs none.",
        )
    return {blueprint["identifier"]: blueprint for blueprint in read_blueprints(directory)}
