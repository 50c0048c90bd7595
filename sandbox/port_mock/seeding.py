"""Reads a seed: what `PUT /seed` takes, and nothing else, so that a misspelt key cannot pass for an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bodies import WrongShapeError, as_object, as_objects, as_text
from .state import Seed

if TYPE_CHECKING:
    from collections.abc import Collection

    from .bodies import Json

_KEYS = ("integration", "mapping", "blueprints", "search_entities_response")
_INTEGRATION_KEYS = ("identifier", "type")


def read_seed(body: Json) -> Seed:
    """Read a seed; every key may be left out.

    Args:
        body: `integration` (`identifier` and `type`), `mapping`, `blueprints` by identifier, and
            `search_entities_response`, the entities that are in Port already.

    Returns:
        The seed.

    Raises:
        WrongShapeError: If a key is unknown or of the wrong type; the message names it.
    """
    _refuse_unknown(body, _KEYS, "")
    seed = Seed()
    if "integration" in body:
        integration = as_object(body["integration"], "integration")
        _refuse_unknown(integration, _INTEGRATION_KEYS, "integration.")
        if "identifier" in integration:
            seed.integration_identifier = as_text(integration["identifier"], "integration.identifier")
        if "type" in integration:
            seed.integration_type = as_text(integration["type"], "integration.type")
    if "mapping" in body:
        seed.mapping = as_object(body["mapping"], "mapping")
    if "blueprints" in body:
        blueprints = as_object(body["blueprints"], "blueprints")
        seed.blueprints = {name: as_object(value, f"blueprints.{name}") for name, value in blueprints.items()}
    if "search_entities_response" in body:
        seed.search_entities_response = as_objects(body["search_entities_response"], "search_entities_response")
    return seed


def _refuse_unknown(given: Json, known: Collection[str], prefix: str) -> None:
    for key in given:
        if key not in known:
            message = f"unknown key {prefix}{key}; known are {', '.join(prefix + name for name in known)}"
            raise WrongShapeError(message)
