"""The contents of Port: every entity, with who wrote it last and when.

An entity is kept as the very object that came in a request, which the captures hold too: a resync of 100,000 entities
must not be kept twice. Only a merge or a resolved search query makes a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .shapes import Json

_CALLER = "port-mock"


@dataclass(slots=True)
class Stored:
    """One entity in Port.

    `datasource` is the user agent of whoever wrote it last: Ocean asks for its own by that (port-ocean 0.55,
    clients/port/authentication.py, `user_agent`). Times are in seconds since the epoch.
    """

    blueprint: str
    identifier: str
    entity: Json
    datasource: str
    created: float
    updated: float

    @property
    def relations(self) -> Json:
        """Its relations; a test may have scripted an entity with anything there."""
        relations = self.entity.get("relations")
        return relations if isinstance(relations, dict) else {}

    def to_json(self) -> Json:
        """Give the entity as Port answers it: with every part, its times, and the identifier that it got here."""
        return {
            "title": None,
            "icon": None,
            "team": [],
            "properties": {},
            "relations": {},
            **self.entity,
            "identifier": self.identifier,
            "blueprint": self.blueprint,
            "createdAt": written(self.created),
            "updatedAt": written(self.updated),
            "createdBy": _CALLER,
            "updatedBy": _CALLER,
        }


class Catalog:
    """All entities, by blueprint and identifier."""

    def __init__(self) -> None:
        """Start empty."""
        self._blueprints: dict[str, dict[str, Stored]] = {}

    def __iter__(self) -> Iterator[Stored]:
        """Go through all, in the order in which they were created, blueprint by blueprint."""
        for entities in self._blueprints.values():
            yield from entities.values()

    def __len__(self) -> int:
        """Count them."""
        return sum(map(len, self._blueprints.values()))

    def get(self, blueprint: str, identifier: str) -> Stored | None:
        """Give one entity, if it is there."""
        return self._blueprints.get(blueprint, {}).get(identifier)

    def of(self, blueprint: str) -> dict[str, Stored]:
        """Give the entities of a blueprint, by identifier; not to be changed."""
        return self._blueprints.get(blueprint, {})

    def among(self, blueprints: Iterable[str] | None, identifiers: Iterable[str] | None) -> Iterator[Stored]:
        """Go through the entities of some blueprints with some identifiers, without looking at the others.

        Args:
            blueprints: Their blueprints, or None for all.
            identifiers: Their identifiers, or None for all.
        """
        for blueprint in list(self._blueprints) if blueprints is None else blueprints:
            entities = self.of(blueprint)
            if identifiers is None:
                yield from entities.values()
            else:
                yield from (entities[each] for each in identifiers if each in entities)

    def put(self, blueprint: str, identifier: str, entity: Json, datasource: str, moment: float) -> bool:
        """Create or replace an entity.

        One that is replaced by its like keeps its `updatedAt`. Whether Port does so could not be found out; Ocean
        asks for entities that were not updated since its resync began, and compares their number with those to delete
        (port-ocean 0.55, core/integrations/mixins/sync_raw.py and entities_state_applier/port/applier.py): if every
        upsert counted, no small integration would ever delete anything.

        Args:
            blueprint: Its blueprint.
            identifier: Its identifier.
            entity: What it is from now on.
            datasource: Who writes it.
            moment: When, in seconds since the epoch.

        Returns:
            Whether it is new.
        """
        entities = self._blueprints.setdefault(blueprint, {})
        stored = entities.get(identifier)
        if stored is None:
            entities[identifier] = Stored(blueprint, identifier, entity, datasource, moment, moment)
            return True
        if stored.entity != entity:
            stored.updated = moment
        stored.entity, stored.datasource = entity, datasource
        return False

    def remove(self, blueprint: str, identifier: str) -> bool:
        """Remove an entity; says whether it was there."""
        return self._blueprints.get(blueprint, {}).pop(identifier, None) is not None

    def clear(self, blueprint: str) -> None:
        """Remove all entities of a blueprint."""
        self._blueprints.pop(blueprint, None)


def written(moment: float) -> str:
    """Give a moment as Port writes it: ISO 8601, UTC, milliseconds.

    Args:
        moment: Seconds since the epoch.

    Returns:
        Such as `2026-01-31T12:00:00.000Z`.
    """
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
