"""What an integration ships for Port: its mapping, its blueprints."""

import json
from pathlib import Path
from typing import Any

from harness import yaml_file
from harness.mapping import MappingError
from harness.port_mock import SeedError

RESOURCES = Path(".port", "resources")
MAPPINGS = ("port-app-config.yml", "port-app-config.yaml", "port-app-config.json")
BLUEPRINTS = "blueprints.json"


def mapping_of(directory: Path, file: Path | None = None) -> tuple[Path, dict[str, Any]]:
    """The mapping of an integration, and its file: by default, the one that it ships.

    Args:
        directory: The integration's.
        file: The file, where it is another.

    Raises:
        MappingError: There is none, or it is no mapping.
    """
    candidates = [file] if file else [directory / RESOURCES / name for name in MAPPINGS]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise MappingError(
            f"There is no mapping at {candidates[0]}.",
            remedy="write one: it says which kinds a resync asks for, and what becomes of them.",
        )
    mapping = yaml_file.load(found, MappingError)
    if not isinstance(mapping, dict) or not isinstance(mapping.get("resources"), list):
        raise MappingError(
            f'The mapping {found} has no list "resources".', remedy='add "resources", one for each kind.'
        )
    for number, resource in enumerate(mapping["resources"]):
        if not isinstance(resource, dict) or not isinstance(resource.get("kind"), str):
            raise MappingError(f"In {found}, resources[{number}] has no kind.", remedy="name the kind.")
    return found, mapping


def read_blueprints(directory: Path) -> list[dict[str, Any]]:
    """The blueprints that the integration ships; none where there is no such file.

    Raises:
        SeedError: The file is no list of blueprints.
    """
    file = directory / RESOURCES / BLUEPRINTS
    if not file.is_file():
        return []
    try:
        blueprints = json.loads(file.read_text(encoding="utf-8"))
        if not all(isinstance(each["identifier"], str) for each in blueprints):
            raise TypeError("an identifier is no text")  # noqa: TRY301 # one message for all
    except json.JSONDecodeError as error:
        raise SeedError(
            f"{file}:{error.lineno}:{error.colno}: this is no list of blueprints: no valid JSON: {error.msg}.",
            remedy="mend that line.",
        ) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SeedError(f"{file} is no list of blueprints with identifiers: {error!r}", remedy="mend it.") from error
    return list(blueprints)


def blueprints_of(directory: Path) -> dict[str, dict[str, Any]]:
    """The blueprints that Port's strict rules go by, by identifier.

    Args:
        directory: The directory of an integration that brings them along.

    Raises:
        SeedError: It has none, or the file is no list of blueprints.
    """
    file = directory / RESOURCES / BLUEPRINTS
    if not file.is_file():
        raise SeedError(
            f"Strict rules need blueprints, and there is no {file}.",
            remedy="give the harness port_blueprints, or override get_port_blueprints(); port='lenient' needs none.",
        )
    return {blueprint["identifier"]: blueprint for blueprint in read_blueprints(directory)}
