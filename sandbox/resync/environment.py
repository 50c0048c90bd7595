"""An integration's configuration as in production: environment variables."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

PREFIX = "OCEAN__"
_DELIMITER = "__"
_INTEGRATIONS_OWN = ["integration", "config"]
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-\s]+")


def variables(config: Mapping[str, Any]) -> dict[str, str]:
    """The variables that stand for ``config``: ``OCEAN__INTEGRATION__CONFIG__API_TOKEN`` and so on.

    Ocean reads them without regard to case, takes them apart at each ``__``, and parses what its model says is a number,
    a flag, a list or a dict (port-ocean 0.55, config/base.py and config/dynamic.py). Names in camel case become those
    that Ocean gives the fields of a spec. Lists, and dicts that are a value of the integration's own, go as JSON. What
    is None is left out: no variable can say so.

    Args:
        config: What overrides the integration's configuration, as a test gives it.
    """
    return {
        PREFIX + _DELIMITER.join(snake_case(part) for part in path).upper(): value
        for path, value in _leaves(config, [])
    }


def _leaves(value: Any, path: list[str]) -> Iterator[tuple[list[str], str]]:
    if isinstance(value, Mapping) and (path[:2] != _INTEGRATIONS_OWN or path == _INTEGRATIONS_OWN):
        for key, inner in value.items():
            yield from _leaves(inner, [*path, str(key)])
    elif isinstance(value, str):
        yield path, value
    elif value is not None:
        yield path, json.dumps(value, default=str)


def snake_case(name: str) -> str:
    """A name of the spec (``apiToken``, ``apiURL``) as Ocean takes it (``api_token``, ``api_url``)."""
    return _WORD_STARTS.sub("_", name).lower()
