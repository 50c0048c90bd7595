"""Defaults for the resync of a directory: the stubs named after it, and a configuration to start with."""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.integration.configuration import name_of, read_spec
from harness.integration.dummy_values import dummies
from harness.stubs import folder as stub_files
from harness.stubs.errors import StubFileError
from harness.stubs.mappings import Stub
from sandbox.errors import IntegrationError
from sandbox.resync.environment import snake_case


def stub_folders_of(directory: Path, mappings: Path | None) -> list[str]:
    """The stub folder that is called as the integration's directory is, if there is one.

    Args:
        directory: The integration's.
        mappings: The folder with the stub folders, where the settings name it.
    """
    try:
        root = stub_files.find_root(directory, mappings)
    except StubFileError:
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
        IntegrationError: A name is not in the spec.
        ConfigError: There is no spec, or it is wrong.
    """
    import yaml  # noqa: PLC0415 # as in harness/integration/yaml_file.py

    settings = {setting.name: setting for setting in read_spec(directory)}
    values: dict[str, Any] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or (settings and snake_case(name) not in settings):
            close = difflib.get_close_matches(snake_case(name), settings, n=1)
            raise IntegrationError(
                f"{pair!r} is not a setting of the integration at {directory}.",
                remedy=f"did you mean {close[0]}=…?" if close else f"available settings: {', '.join(settings)}.",
            )
        values[snake_case(name)] = yaml.safe_load(value)
    config = dummies(settings.values(), values, address_of(stubs))
    kind = name_of(directory.resolve())
    return {"integration": {"identifier": f"test-{kind}", "type": kind, "config": config}}


def address_of(stubs: Iterable[Stub]) -> str | None:
    """The address that most stubs answer for; None where none of them says.

    Args:
        stubs: The stubs.
    """
    hosts = Counter(address for stub in stubs if (address := _address(stub["request"])))
    return hosts.most_common(1)[0][0] if hosts else None


def _address(request: dict[str, Any]) -> str:
    host = (request.get("host") or {}).get("equalTo")
    port = f":{request['port']}" if "port" in request else ""
    return f"{request.get('scheme', 'https')}://{host}{port}" if host else ""
