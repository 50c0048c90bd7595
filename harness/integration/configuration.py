"""The configuration of an integration, as developers keep it: the environment over ``.env``, with the names of the spec.

Names: ``OCEAN__INTEGRATION__CONFIG__API_TOKEN`` is ``apiToken`` of ``.port/spec.yaml``, and ``api_token`` for Ocean, which
takes no notice of upper and lower case (port-ocean 0.55, config/dynamic.py and config/base.py).
"""

import difflib
import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream

from harness.integration import yaml_file
from harness.integration.dummy_values import dummies
from harness.integration.setting import PREFIX, Setting
from harness.redaction.chance import looks_secret
from sandbox.errors import SandboxError
from sandbox.images.archive import spec_of
from sandbox.resync.environment import snake_case

# Types of what can be no secret.
_NO_SECRETS = frozenset({"url", "boolean", "integer", "number"})
_TRUE, _FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


class ConfigError(SandboxError):
    """The spec, ``.env`` or the environment is not as it must be; the message names the place, and no value."""


@dataclass(frozen=True)
class IntegrationConfig:
    """What an integration is run with.

    Args:
        kind: The integration's type.
        identifier: Its identifier.
        values: Its configuration, by Ocean's names.
        sensitive: The names of those that the spec calls sensitive, and of those that it does not know whose value looks
            like a secret.
        is_real: Whether any of it was given; otherwise the values are dummies.
        secrets: Other values of the environment that must not be written down, such as Port's client secret.
        unknown: Names that the spec does not have, each with the one that was perhaps meant.
        plain: The names of those that are no secrets by what the spec says of them.
    """

    kind: str
    identifier: str
    values: dict[str, Any]
    sensitive: frozenset[str] = frozenset()
    is_real: bool = True
    secrets: tuple[str, ...] = ()
    unknown: dict[str, str] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()


def read(directory: Path, environment: Mapping[str, str] | None = None) -> IntegrationConfig:
    """Read the configuration of the integration in ``directory``.

    Args:
        directory: Where its ``main.py`` is.
        environment: The environment; that of this process by default.

    Raises:
        ConfigError: There is no spec, ``.env`` has a line that is not a setting, or a value is missing or of the wrong type.
    """
    settings = {setting.name: setting for setting in read_spec(directory)}
    dotenv = directory / ".env"
    given = _upper(read_dotenv(dotenv)) | _upper(os.environ if environment is None else environment)
    configured = {name.removeprefix(PREFIX).lower(): value for name, value in given.items() if name.startswith(PREFIX)}
    name = name_of(directory)
    kind = given.get("OCEAN__INTEGRATION__TYPE") or name
    identifier = given.get("OCEAN__INTEGRATION__IDENTIFIER") or f"discover-{name}"
    if not configured and not dotenv.is_file():
        return IntegrationConfig(kind, identifier, dummies(settings.values()), is_real=False)
    values = {each.name: each.default for each in settings.values() if each.default is not None}
    values |= {name: _typed(settings.get(name, Setting(name)), value) for name, value in configured.items()}
    if missing := [each for each in settings.values() if each.is_required and values.get(each.name) in (None, "")]:
        names = ", ".join(each.variable for each in missing)
        raise ConfigError(
            f"{directory}/.port/spec.yaml requires settings that neither {dotenv} nor the environment has: {names}.",
            remedy=f"set {'it' if len(missing) == 1 else 'them'}, or remove .env to see which calls are made with dummy values.",
        )
    unknown = {
        name: next(iter(difflib.get_close_matches(name, settings, n=1)), "") for name in values if name not in settings
    }
    return IntegrationConfig(
        kind,
        identifier,
        values,
        sensitive=frozenset(
            [
                *(each.name for each in settings.values() if each.is_sensitive),
                *(name for name in unknown if isinstance(values[name], str) and looks_secret(values[name])),
            ]
        ),
        secrets=tuple(
            value
            for name, value in given.items()
            if name.startswith("OCEAN__")
            and not name.startswith(PREFIX)
            and name.endswith(("SECRET", "TOKEN", "PASSWORD"))
        ),
        unknown=unknown,
        plain=frozenset(each.name for each in settings.values() if each.is_plain),
    )


def read_spec(directory: Path) -> list[Setting]:
    """The entries of ``configurations`` in the spec of the integration in ``directory``.

    Raises:
        ConfigError: There is no spec, or it is not YAML, or not of the shape that Ocean documents.
    """
    file = spec_of(directory)
    if file is None:
        raise ConfigError(
            f"The integration at {directory} has no .port/spec.yaml.",
            remedy="name the directory of an integration; its spec says which settings it has.",
        )
    spec = yaml_file.load(file, ConfigError)
    try:
        return [_setting(entry) for entry in spec.get("configurations") or []]
    except (AttributeError, KeyError, TypeError) as error:
        raise ConfigError(
            f'{file} does not have "configurations" as Ocean documents them: {error!r}',
            remedy="each entry has a name and a type.",
        ) from error


def read_dotenv(file: Path) -> dict[str, str]:
    """The variables of a ``.env`` file; none if there is no file.

    Raises:
        ConfigError: A line is not a setting, or the file is not text. The message quotes no line, which may be a secret.
    """
    if not file.is_file():
        return {}
    try:
        with file.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise ConfigError(f"{file} cannot be read: {reason}", remedy="write NAME=value, one per line.") from None
    for binding in bindings:
        if binding.error or (binding.key and binding.value is None):
            raise ConfigError(
                f"{file}, line {binding.original.line}, is not a setting (it is not shown, since it may be a secret).",
                remedy="write NAME=value; put quotes around a value with spaces, or more than one line, and close them.",
            )
    return {binding.key: binding.value for binding in bindings if binding.key and binding.value is not None}


def _setting(entry: dict[str, Any]) -> Setting:
    return Setting(
        name=snake_case(entry["name"]),
        kind=str(entry.get("type", "string")),
        is_required=entry.get("required") is True,
        is_sensitive=entry.get("sensitive") is True,
        is_plain=entry.get("sensitive") is False
        or (not entry.get("sensitive") and (entry.get("type") in _NO_SECRETS or bool(_list(entry.get("enum"))))),
        default=entry.get("default"),
        description=str(entry.get("description") or ""),
        form=str(entry.get("format") or ""),
        choices=_list(entry.get("enum")),
        example=entry.get("example"),
        conditions=[each for dependency in _list(entry.get("dependencies")) for each in _conditions(dependency)],
    )


def _conditions(dependency: Any) -> Iterator[tuple[str, Sequence[Any]]]:
    """What a dependency requires: ``{on: authType, when: {equals: basic}, then: {required: true}}``."""
    if not isinstance(dependency, dict) or (dependency.get("then") or {}).get("required") is not True:
        return
    on = dependency.get("on", dependency.get(True))  # YAML 1.1 reads `on` as true
    when = dependency.get("when") or {}
    if on is not None:
        values = [when["equals"]] if "equals" in when else _list(when.get("in"))
        yield snake_case(str(on)), values


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _upper(variables: Mapping[str, str]) -> dict[str, str]:
    return {name.upper(): value for name, value in variables.items()}


def name_of(directory: Path) -> str:
    """What the integration is called, which Ocean takes as its type: by its ``pyproject.toml``, else by its directory."""
    try:
        project = tomllib.loads((directory / "pyproject.toml").read_text(encoding="utf-8"))
        poetry = project.get("tool", {}).get("poetry", {})
        return str(project.get("project", {}).get("name") or poetry.get("name") or directory.name)
    except (OSError, ValueError, AttributeError):
        return directory.name


def _typed(setting: Setting, text: str) -> Any:
    """The value that a text of the environment is.

    Raises:
        ConfigError: It is not of this type.
    """
    try:
        if setting.kind in _READERS:
            return _READERS[setting.kind](text)
    except ValueError:
        form = f"JSON: an {setting.kind}" if setting.kind in ("array", "object") else _ARTICLES[setting.kind]
        raise ConfigError(
            f"{setting.variable} is not of type {setting.kind}, as .port/spec.yaml says it is.",
            remedy=f"write it as {form}.",
        ) from None
    return text


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


def _json(kind: type) -> Callable[[str], Any]:
    def read_json(text: str) -> Any:
        value = json.loads(text)
        if not isinstance(value, kind):
            raise ValueError(kind)  # noqa: TRY004 # as json.loads raises it
        return value

    return read_json


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": _boolean,
    "array": _json(list),
    "object": _json(dict),
}
_ARTICLES = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
