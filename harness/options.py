"""The settings in force in this pytest process: its options over the environment over pyproject.toml."""

from typing import Any

from sandbox import settings
from sandbox.settings import Settings

_options: dict[str, Any] = {}


def set_options(**options: Any) -> None:
    """Keep pytest's options; None means not given."""
    _options.update(options)


def settings_in_force(**overrides: Any) -> Settings:
    """The settings, with ``overrides`` (those that are not None) over all others.

    Raises:
        SandboxError: A setting is wrong.
    """
    return settings.load(**{**_options, **{name: value for name, value in overrides.items() if value is not None}})
