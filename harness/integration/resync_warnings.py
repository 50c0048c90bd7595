"""The warnings of a resync: it runs as in production, but something about it is probably a mistake."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class ResyncWarning:
    """Something that is probably not meant, and that no resync fails for.

    Args:
        subject: ``mapping``: an expression that Ocean skips, or nothing to resync. ``blueprint``: a definition that values
            are not checked with. ``items``: something was fetched, and nothing came of it.
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
