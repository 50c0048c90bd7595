"""What an integration ships for Port: its mapping, its blueprints."""

import json
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import SandboxError

_RESOURCES = Path(".port", "resources")
_MAPPINGS = ("port-app-config.yml", "port-app-config.yaml", "port-app-config.json")


def read_mapping(directory: Path) -> dict[str, Any]:
    """The mapping that the integration ships.

    Raises:
        SandboxError: There is none, or it is no YAML.
    """
    file = next((each for name in _MAPPINGS if (each := directory / _RESOURCES / name).is_file()), None)
    if file is None:
        raise SandboxError(
            f"The integration at {directory} has no {_RESOURCES}/{_MAPPINGS[0]}.",
            remedy="write one: it says which kinds a resync asks for, and what becomes of them.",
        )
    try:
        mapping = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SandboxError(f"{file} is no valid YAML: {error}", remedy="mend that line.") from error
    if not isinstance(mapping, dict):
        raise SandboxError(f"{file} is no mapping, but {type(mapping).__name__}.", remedy='it has a list "resources".')
    return mapping


def read_blueprints(directory: Path) -> list[dict[str, Any]]:
    """The blueprints that the integration ships; none where there is no such file.

    Raises:
        SandboxError: The file is no list of blueprints.
    """
    file = directory / _RESOURCES / "blueprints.json"
    if not file.is_file():
        return []
    try:
        blueprints = json.loads(file.read_text(encoding="utf-8"))
        if not all(isinstance(each["identifier"], str) for each in blueprints):
            raise TypeError("an identifier is no text")  # noqa: TRY301 # one message for all
    except (ValueError, TypeError, KeyError) as error:
        raise SandboxError(f"{file} is no list of blueprints with identifiers: {error!r}", remedy="mend it.") from error
    return list(blueprints)
