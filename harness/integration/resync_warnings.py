"""The warnings of a resync: it runs as in production, but something about it is probably a mistake."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class ResyncWarning:
    """Something that is probably not meant, and that no resync fails for.

    Args:
        subject: ``mapping``: an expression that Ocean skips, or nothing to resync. ``blueprint``: a definition that values
            are not checked with, or a property that is not defined. ``items``: something was fetched, and nothing came of it.
        place: Where, such as ``resources[0].port.entity.mappings.properties.readme``.
        message: What it is, and what becomes of it.
    """

    subject: Literal["mapping", "blueprint", "items"]
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def of_blueprints(blueprints: Mapping[str, dict[str, Any]]) -> Iterator[ResyncWarning]:
    """A warning for each property whose values strict rules cannot check.

    Args:
        blueprints: Blueprints by identifier.
    """
    from sandbox.port_mock.rules import unchecked_properties  # noqa: PLC0415 # jsonschema takes its time to import

    for identifier, blueprint in blueprints.items():
        for name, complaint in unchecked_properties(blueprint).items():
            place = f"blueprints.{identifier}.schema.properties.{name}"
            yield ResyncWarning("blueprint", place, f"{complaint}; any value is accepted")


def of_undefined(
    entities: Iterable[Mapping[str, Any]], blueprints: Mapping[str, dict[str, Any]]
) -> Iterator[ResyncWarning]:
    """A warning for each property and relation that entities have and their blueprint does not define.

    Port's documentation does not say what becomes of it; see :mod:`sandbox.port_mock.rules`.

    Args:
        entities: What was sent to Port.
        blueprints: The blueprints that strict rules went by.
    """
    found: set[tuple[str, str, str]] = set()
    for entity in entities:
        blueprint = str(entity.get("blueprint"))
        if blueprint in blueprints:
            for part in ("properties", "relations"):
                given = entity.get(part) or {}
                names = (
                    {name for name, value in given.items() if value is not None} if isinstance(given, dict) else set()
                )
                found.update((blueprint, part, name) for name in names - _defined(blueprints[blueprint], part))
    for blueprint, part, name in sorted(found):
        place = f"blueprints.{blueprint}.{'schema.properties' if part == 'properties' else part}.{name}"
        close = difflib.get_close_matches(name, _defined(blueprints[blueprint], part), n=1)
        yield ResyncWarning(
            "blueprint",
            place,
            "entities have it, and the blueprint does not define it, so Port checks nothing of it"
            + (f"; did you mean `{close[0]}`?" if close else ""),
        )


def _defined(blueprint: Mapping[str, Any], part: str) -> set[str]:
    if part == "relations":
        return set(blueprint.get("relations") or {})
    computed = ("calculationProperties", "mirrorProperties", "aggregationProperties")
    own = (blueprint.get("schema") or {}).get("properties") or {}
    return {*own, *(name for key in computed for name in blueprint.get(key) or {})}
