"""What an integration's directory says of itself: mapping, blueprints, configuration, and the stubs that fit it."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.mapping import MappingError
from harness.stub_files import folder as stub_files
from harness.stubs import Stub
from sandbox.errors import IntegrationError, SandboxError
from sandbox.source import spec_of

_MAPPINGS = ("port-app-config.yml", "port-app-config.yaml", "port-app-config.json")
# Of a realistic length: Ocean takes what is secret out of its log, and a letter or two would tear words apart.
_DUMMIES: dict[str, Any] = {"url": "https://api.example.com", "integer": 1, "boolean": False, "array": [], "object": {}}


def mapping_of(directory: Path, file: Path | None = None) -> tuple[Path, dict[str, Any]]:
    """The mapping of an integration, and its file: by default, ``.port/resources/port-app-config.yml``.

    Args:
        directory: The integration's.
        file: The file, where it is another.

    Raises:
        MappingError: There is none, or it is no mapping.
    """
    candidates = [file] if file else [directory / ".port" / "resources" / name for name in _MAPPINGS]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise MappingError(f"There is no mapping at {candidates[0]}.", remedy="write one, or name it: --mapping FILE.")
    mapping = _yaml(found)
    if not isinstance(mapping, dict) or not isinstance(mapping.get("resources"), list):
        raise MappingError(
            f'The mapping {found} has no list "resources".', remedy='add "resources", one for each kind.'
        )
    for number, resource in enumerate(mapping["resources"]):
        if not isinstance(resource, dict) or not isinstance(resource.get("kind"), str):
            raise MappingError(f"In {found}, resources[{number}] has no kind.", remedy="name the kind.")
    return found, mapping


def stub_folders_of(directory: Path, mappings: Path | None) -> list[str]:
    """The stub folder that is called as the integration's directory is, if there is one.

    Args:
        directory: The integration's.
        mappings: The folder with the stub folders, where the settings name it.
    """
    try:
        root = stub_files.find_root(directory, mappings)
    except SandboxError:
        return []
    return [directory.name] if (root / directory.name).is_dir() else []


def config_of(directory: Path, stubs: Sequence[Stub], given: Iterable[str]) -> dict[str, Any]:
    """A configuration with which the integration can start.

    What is given counts; then what ``.port/spec.yaml`` has as a default; and of what it requires, a dummy. For an address
    that is the one that most stubs answer for.

    Args:
        directory: The integration's.
        stubs: Its stubs.
        given: ``name=value`` each, the name as in the spec or with underscores; the value as YAML reads it.

    Raises:
        IntegrationError: A name is none of the spec's, or the spec is wrong.
    """
    file = spec_of(directory)
    spec = (_yaml(file) if file else None) or {}
    configurations = [each for each in spec.get("configurations") or [] if isinstance(each, dict) and "name" in each]
    config: dict[str, Any] = {}
    for each in configurations:
        if each.get("default") is not None:
            config[_snake(each["name"])] = each["default"]
        elif each.get("required"):
            config[_snake(each["name"])] = _dummy(each, stubs)
    known = {_snake(each["name"]): each["name"] for each in configurations}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or (known and _snake(name) not in known):
            close = difflib.get_close_matches(_snake(name), known, n=1)
            raise IntegrationError(
                f"{pair!r} is no setting of the integration at {directory}.",
                remedy=f"did you mean {known[close[0]]}=…?" if close else f"there are: {', '.join(known.values())}.",
            )
        config[_snake(name)] = yaml.safe_load(value)
    kind = spec.get("type") or directory.resolve().name
    return {"integration": {"identifier": f"test-{kind}", "type": str(kind), "config": config}}


def _dummy(configuration: dict[str, Any], stubs: Sequence[Stub]) -> Any:
    kind = configuration.get("type")
    if kind == "url" and (hosts := Counter(host for stub in stubs if (host := _address(stub["request"])))):
        return hosts.most_common(1)[0][0]
    return _DUMMIES.get(str(kind), "test-value")


def _address(request: dict[str, Any]) -> str:
    host = (request.get("host") or {}).get("equalTo")
    port = f":{request['port']}" if "port" in request else ""
    return f"{request.get('scheme', 'https')}://{host}{port}" if host else ""


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()


def _yaml(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise IntegrationError(f"{file} is no valid YAML: {error}", remedy="mend that line.") from error
