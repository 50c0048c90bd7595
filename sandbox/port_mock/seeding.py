"""Reads a seed: exactly what `PUT /seed` accepts, so that a misspelt key is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .faults import Fault, read_fault
from .rules import check_blueprint
from .shapes import WrongShapeError, as_flag, as_object, as_objects, as_text
from .state import Seed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .shapes import Json

_INTEGRATION_KEYS = ("identifier", "type")


def read_seed(body: Json) -> Seed:
    """Read a seed; every key may be left out.

    Args:
        body: `integration` (`identifier` and `type`), `mapping`, `blueprints` by identifier, `entities` that are in
            Port already, `search_entities_response`, what every search answers, `strict`, whether rules are on,
            `bare`, whether blueprints that nothing created are missing, `faults`, `expired_token`, whether the first access
            token is refused, and `whole_calls`, whether calls are recorded with whole bodies.

    Returns:
        The seed.

    Raises:
        WrongShapeError: If a key is unknown or of the wrong type; the message names it.
    """
    _refuse_unknown(body, _KEYS, "")
    seed = Seed()
    for name, read in _READERS.items():
        if name in body:
            setattr(seed, name, read(body[name], name))
    if "integration" in body:
        integration = as_object(body["integration"], "integration")
        _refuse_unknown(integration, _INTEGRATION_KEYS, "integration.")
        if "identifier" in integration:
            seed.integration_identifier = as_text(integration["identifier"], "integration.identifier")
        if "type" in integration:
            seed.integration_type = as_text(integration["type"], "integration.type")
    if seed.strict:
        for name, blueprint in seed.blueprints.items():
            check_blueprint(blueprint, f"blueprints.{name}")
    return seed


def _read_blueprints(value: object, name: str) -> dict[str, Json]:
    return {key: as_object(each, f"{name}.{key}") for key, each in as_object(value, name).items()}


def _read_entities(value: object, name: str) -> list[Json]:
    entities = as_objects(value, name)
    for index, entity in enumerate(entities):
        for key in ("identifier", "blueprint", *(["$datasource"] if "$datasource" in entity else [])):
            as_text(entity.get(key), f"{name}[{index}].{key}")
        for key in ("properties", "relations"):
            as_object(entity.get(key, {}), f"{name}[{index}].{key}")
    return entities


def _read_faults(value: object, name: str) -> list[Fault]:
    return [read_fault(fault, f"{name}[{index}].") for index, fault in enumerate(as_objects(value, name))]


def _refuse_unknown(given: Json, known: Collection[str], prefix: str) -> None:
    for key in given:
        if key not in known:
            message = f"unknown key {prefix}{key}; known keys: {', '.join(prefix + name for name in known)}"
            raise WrongShapeError(message)


_READERS: dict[str, Callable[[object, str], object]] = {
    "mapping": as_object,
    "blueprints": _read_blueprints,
    "entities": _read_entities,
    "search_entities_response": as_objects,
    "strict": as_flag,
    "bare": as_flag,
    "faults": _read_faults,
    "expired_token": as_flag,
    "whole_calls": as_flag,
}
_KEYS = ("integration", *_READERS)
