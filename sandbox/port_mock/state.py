"""What the Port mock keeps: captures, calls, and the few things of Port that a resync reads back.

`PortState` is the one object that both apps share. Everything else hangs below its `kept`, which a seed or a reset
replaces as a whole: a call that is still under way at that moment finishes on the old one, and so cannot leak into the
captures of the next test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TypedDict

from .bodies import Json, render


def now() -> str:
    """Give the present moment as Port writes it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Call(TypedDict):
    """One call to the Port API, as `GET /calls` shows it.

    `sequence` counts arrivals from 1. `path` is as sent, still percent-encoded: only so can an identifier with a slash
    be told from two segments. `body` and `response` are cut (see `recording.py`); `body_size` is in bytes. `at` is in
    seconds since the epoch, `duration_ms` in milliseconds. `known` is false when the mock had no answer for the call.
    """

    sequence: int
    method: str
    path: str
    query: str
    body: str
    body_size: int
    status: int
    response: str
    at: float
    duration_ms: float
    known: bool


class Deletion(TypedDict):
    """One deleted entity; the identifier is as the client sent it."""

    identifier: object
    blueprint: str


@dataclass
class Seed:
    """What a test says is in Port before the resync.

    An integration is in Port when the seed names one or gives its mapping. Without either, Port answers 404 for it, and
    `ocean sail` creates it (port-ocean 0.55, core/defaults/initialization/initialize.py).
    """

    integration_identifier: str | None = None
    integration_type: str | None = None
    mapping: Json | None = None
    blueprints: dict[str, Json] = field(default_factory=dict)
    search_entities_response: list[Json] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether the seed says nothing at all."""
        return self == Seed()


@dataclass
class Integration:
    """The integration as Port keeps it.

    `fields` holds what the integration sent about itself besides its config: `version`, `changelogDestination` and the
    like (port-ocean 0.55, clients/port/mixins/integrations.py, `patch_integration`).
    """

    identifier: str | None = None
    type: str | None = None
    config: Json = field(default_factory=dict)
    fields: Json = field(default_factory=dict)
    resync_state: Json = field(default_factory=dict)
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    def __post_init__(self) -> None:
        """Start with a resync behind it: Ocean reads `updatedAt` of any state that it is given."""
        self.resync_state = self.resync_state or {"status": "completed", "updatedAt": self.created_at}

    def to_json(self) -> Json:
        """Give the integration as Port answers it, without what depends on the caller's address."""
        return {
            "_id": "integration_port_mock",
            "_orgId": "org_port_mock",
            "installationType": "OnPrem",
            **self.fields,
            "identifier": self.identifier,
            "installationId": self.identifier,
            "installationAppType": self.type,
            "integrationType": self.type,
            "config": self.config,
            "resyncState": self.resync_state,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "createdBy": "port-mock",
            "updatedBy": "port-mock",
        }


@dataclass
class Kept:
    """Everything kept since the last seed or reset.

    The stateful Port (searches that see what was upserted) has its place here, next to `known_entities`.
    """

    seed: Seed = field(default_factory=Seed)
    integration: Integration | None = None
    blueprints: dict[str, Json] = field(default_factory=dict)
    known_entities: set[tuple[str, str]] = field(default_factory=set)
    upserts: list[Json] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    arrivals: int = 0
    resync_states: list[Json] = field(default_factory=list)
    metrics: list[Json] = field(default_factory=list)
    heartbeats: int = 0
    logs: list[Json] = field(default_factory=list)
    examples: dict[str, list[object]] = field(default_factory=dict)
    cursors: dict[tuple[str, str], Json] = field(default_factory=dict)
    migrations: dict[str, Json] = field(default_factory=dict)
    actions: list[Json] = field(default_factory=list)
    scorecards: list[Json] = field(default_factory=list)
    pages: list[Json] = field(default_factory=list)

    @classmethod
    def seeded(cls, seed: Seed) -> Kept:
        """Start from a seed.

        Args:
            seed: What is in Port.

        Returns:
            A new object with no captures.
        """
        kept = cls(seed=seed, blueprints=dict(seed.blueprints))
        if seed.mapping is not None or seed.integration_identifier or seed.integration_type:
            kept.integration = Integration(
                identifier=seed.integration_identifier,
                type=seed.integration_type,
                config=seed.mapping or {},
            )
        for entity in seed.search_entities_response:
            kept.known_entities.add((str(entity.get("blueprint")), identifier_text(entity.get("identifier"))))
        return kept

    @property
    def is_empty(self) -> bool:
        """Whether nothing was captured, called or seeded."""
        return self.seed.is_empty and not (self.arrivals or self.upserts or self.deletions)

    @cached_property
    def search_answer(self) -> bytes:
        """The answer to a search, rendered once.

        Ocean searches before every bulk of more than ten entities; rendering ten thousand seeded entities each time
        would make a large resync quadratic.
        """
        return render({"ok": True, "entities": self.seed.search_entities_response, "next": None})

    def upsert(self, blueprint: str, entity: Json) -> tuple[str, bool]:
        """Capture an upsert.

        Args:
            blueprint: The blueprint in the call's path; an entity that names one itself keeps its own.
            entity: The entity as received. It is kept as it is, not copied, and gains a `blueprint` if it has none.

        Returns:
            The identifier to answer, always a string, and whether the entity is new to this mock.
        """
        entity.setdefault("blueprint", blueprint)
        self.upserts.append(entity)
        identifier = entity.get("identifier")
        # Port makes up an identifier for an entity that comes without.
        echoed = f"generated-{len(self.upserts)}" if identifier is None else identifier_text(identifier)
        key = (blueprint, echoed)
        created = key not in self.known_entities
        self.known_entities.add(key)
        return echoed, created

    def delete(self, blueprint: str, identifier: object) -> None:
        """Capture a deletion.

        Args:
            blueprint: The blueprint in the call's path.
            identifier: The entity's identifier, decoded.
        """
        self.deletions.append({"identifier": identifier, "blueprint": blueprint})
        self.known_entities.discard((blueprint, identifier_text(identifier)))

    def blueprint(self, identifier: str) -> Json:
        """Give a blueprint: the seeded or created one, else an empty one under that name.

        A mapping may use blueprints that a test did not care to seed, and a resync must not fail on those.

        Args:
            identifier: The blueprint's identifier.

        Returns:
            The blueprint, with every field that Ocean's model requires (port-ocean 0.55, core/models.py, `Blueprint`).
        """
        return {
            "identifier": identifier,
            "title": identifier,
            "icon": "Blueprint",
            "schema": {"properties": {}},
            "relations": {},
            **self.blueprints.get(identifier, {}),
        }


class PortState:
    """The one object that the Port API and the control API share."""

    def __init__(self) -> None:
        """Start empty."""
        self.kept = Kept()

    def reset(self) -> None:
        """Forget everything."""
        self.kept = Kept()

    def seed(self, seed: Seed) -> None:
        """Forget everything and start from a seed.

        Args:
            seed: What is in Port from now on.
        """
        self.kept = Kept.seeded(seed)


def identifier_text(identifier: object) -> str:
    """Give an identifier as a string.

    Ocean also sends search queries, which are objects, and numbers where a mapping does not convert them; Port answers
    strings. A query has no identifier of its own here, so its JSON stands in for one.

    Args:
        identifier: The identifier as received.

    Returns:
        The string itself, or the value's JSON.
    """
    return identifier if isinstance(identifier, str) else render(identifier).decode("ascii")
