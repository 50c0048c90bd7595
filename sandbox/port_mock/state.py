"""The state of the Port mock: captures, calls, and the few things of Port that a resync reads back.

`PortState` is the one object that both apps share. Everything else hangs below its `kept`, which a seed or a reset
replaces as a whole: a call that is still under way at that moment finishes on the old one, and so cannot leak into the
captures of the next test.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

from .catalog import Catalog, written
from .rules import Rules
from .shapes import Json, render
from .third_party import ThirdParty

if TYPE_CHECKING:
    from .faults import Fault
    from .run import Run

_MOST_REFUSALS = 10_000
CALL: ContextVar[int] = ContextVar("call", default=0)
"""The `sequence` of the call that is being answered; 0 outside of any."""


def now() -> str:
    """Give the present moment as Port writes it: ISO 8601, UTC, milliseconds."""
    return written(time.time())


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


class Rejection(TypedDict):
    """One entity that was refused, and is not in Port for it.

    `identifier` and `entity` are as the client sent them, `status`, `error` and `message` as it was told.
    """

    identifier: object
    blueprint: str
    entity: Json
    status: int
    error: str
    message: str


@dataclass
class Seed:
    """What a test says is in Port before the resync.

    An integration is in Port when the seed names one or gives its mapping. Without either, Port answers 404 for it, and
    `ocean sail` creates it (port-ocean 0.55, core/defaults/initialization/initialize.py).

    `search_entities_response` is what every search answers, whatever was asked; with None, searches answer what is in
    Port. `entities` are in Port: the integration's own, unless they name another `$datasource`. `strict` turns the rules
    on (see `rules.py`). With `bare`, a blueprint that nothing created or used does not exist: `ocean sail` makes its default
    resources only then. `whole_calls` has the record of calls keep whole bodies (see `recording.py`).
    """

    integration_identifier: str | None = None
    integration_type: str | None = None
    mapping: Json | None = None
    blueprints: dict[str, Json] = field(default_factory=dict)
    entities: list[Json] = field(default_factory=list)
    search_entities_response: list[Json] | None = None
    strict: bool = False
    bare: bool = False
    faults: list[Fault] = field(default_factory=list)
    expired_token: bool = False
    whole_calls: bool = False

    @property
    def is_scripted(self) -> bool:
        """Whether searches answer what the seed says, and not what is in Port."""
        return self.search_entities_response is not None

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
    """Everything kept since the last seed or reset: what is in Port, and the captures."""

    seed: Seed = field(default_factory=Seed)
    integration: Integration | None = None
    blueprints: dict[str, Json] = field(default_factory=dict)
    catalog: Catalog = field(default_factory=Catalog)
    made_identifiers: int = 0
    unnamed: int = 0
    upserts: list[Json] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    rejections: dict[tuple[str, str], Rejection] = field(default_factory=dict)
    # Which call brought each of these, in the same order, and each rejection.
    upserted_by: list[int] = field(default_factory=list)
    deleted_by: list[int] = field(default_factory=list)
    rejected_by: dict[tuple[str, str], int] = field(default_factory=dict)
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
    refusals: dict[str, Json] = field(default_factory=dict)
    third_party: ThirdParty = field(default_factory=ThirdParty)
    webhooks: list[Json] = field(default_factory=list)
    secrets: dict[str, Json] = field(default_factory=dict)
    probes: list[Json] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    expired_tokens: set[str] = field(default_factory=set)
    expires_next_token: bool = False

    @classmethod
    def seeded(cls, seed: Seed) -> Kept:
        """Start from a seed.

        Args:
            seed: What is in Port.

        Returns:
            A new object with no captures.
        """
        kept = cls(seed=seed, blueprints=dict(seed.blueprints), faults=list(seed.faults))
        kept.expires_next_token = seed.expired_token
        if seed.mapping is not None or seed.integration_identifier or seed.integration_type:
            kept.integration = Integration(
                identifier=seed.integration_identifier,
                type=seed.integration_type,
                config=seed.mapping or {},
            )
        own = f"port-ocean/{seed.integration_type}/seeded/{seed.integration_identifier}/exporter"
        moment = time.time()
        for entity in [*(seed.search_entities_response or []), *seed.entities]:
            bare = {name: value for name, value in entity.items() if name != "$datasource"}
            blueprint, identifier = str(entity.get("blueprint")), identifier_text(entity.get("identifier"))
            kept.catalog.put(blueprint, identifier, bare, entity.get("$datasource", own), moment)
        return kept

    @cached_property
    def rules(self) -> Rules:
        """What is refused, if the seed is strict."""
        return Rules(self.blueprints, self.catalog)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was captured, called, refused or seeded."""
        came = (
            self.arrivals
            or self.upserts
            or self.deletions
            or self.refusals
            or self.third_party.entries
            or self.faults
            or self.runs
        )
        return self.seed.is_empty and not came

    @cached_property
    def search_answer(self) -> bytes:
        """The answer to a search, rendered once.

        Ocean searches before every bulk of more than ten entities; rendering ten thousand seeded entities each time
        would make a large resync quadratic.
        """
        return render({"ok": True, "entities": self.seed.search_entities_response or [], "next": None})

    def to_json(self) -> Json:
        """Give what is kept besides entities, captures and calls."""
        return {
            "integration": None if self.integration is None else self.integration.to_json(),
            "resync_states": self.resync_states,
            "metrics": self.metrics,
            "heartbeats": self.heartbeats,
            "logs": self.logs,
            "refusals": list(self.refusals.values()),
            "examples": self.examples,
            "cursors": [{"kind": kind, "index": index, **cursor} for (kind, index), cursor in self.cursors.items()],
            "blueprints": self.blueprints,
            "actions": self.actions,
            "scorecards": self.scorecards,
            "pages": self.pages,
            "webhooks": self.webhooks,
            "secrets": list(self.secrets.values()),
            "probes": self.probes,
            "runs": [vars(run) for run in self.runs.values()],
        }

    def capture_upsert(self, blueprint: str, entity: Json) -> None:
        """Capture an entity that was accepted, and take it off the rejections if it is on them.

        Args:
            blueprint: The blueprint in the call's path.
            entity: The entity as received; kept as it is.
        """
        self.upserts.append(entity)
        self.upserted_by.append(CALL.get())
        if self.rejections:
            self.rejections.pop((blueprint, identifier_text(entity.get("identifier"))), None)

    def capture_delete(self, blueprint: str, identifier: object) -> None:
        """Capture a deletion.

        Args:
            blueprint: The blueprint in the call's path.
            identifier: The entity's identifier, decoded.
        """
        self.deletions.append({"identifier": identifier, "blueprint": blueprint})
        self.deleted_by.append(CALL.get())

    def issue_token(self, token: str) -> None:
        """Remember an access token that a client was given.

        Args:
            token: The token; no two are the same.
        """
        self.tokens.append(token)
        if self.expires_next_token:
            self.expire_token()

    def expire_token(self) -> None:
        """Refuse the tokens that were given so far from now on, or else the next one."""
        self.expires_next_token = not self.tokens
        self.expired_tokens.update(self.tokens)

    def make_identifier(self) -> str:
        """Make an identifier for an entity that comes without, as Port does."""
        self.made_identifiers += 1
        return f"generated-{self.made_identifiers}"

    def reject(self, blueprint: str, entity: Json, status: int, error: str, message: str) -> None:
        """Remember an entity that is refused, until it is accepted: what is refused with a 429 comes again.

        Args:
            blueprint: The blueprint in the call's path.
            entity: The entity as received; kept as it is.
            status: The HTTP status that the entity got.
            error: The code that it got.
            message: Why.
        """
        identifier = entity.get("identifier")
        # Without an identifier, nothing tells whether it comes again.
        self.unnamed += identifier is None
        text = f"unnamed {self.unnamed}" if identifier is None else identifier_text(identifier)
        key = (blueprint, text)
        # Taken out first: it has its place where it was refused last.
        self.rejections.pop(key, None)
        self.rejected_by[key] = CALL.get()
        self.rejections[key] = {
            "identifier": identifier,
            "blueprint": blueprint,
            "entity": entity,
            "status": status,
            "error": error,
            "message": message,
        }

    def forget_captures(self) -> None:
        """Begin captures and refusals anew; what is in Port stays."""
        self.upserts, self.deletions, self.rejections, self.refusals = [], [], {}, {}
        self.upserted_by, self.deleted_by, self.rejected_by = [], [], {}

    def captures(self, calls: Collection[int] | None = None) -> Json:
        """Give what was captured.

        Args:
            calls: Only what these calls brought, by their `sequence`; None for all.
        """
        if calls is None:
            upserts, deletions, rejections = self.upserts, self.deletions, list(self.rejections.values())
        else:
            upserts = [each for each, call in zip(self.upserts, self.upserted_by, strict=True) if call in calls]
            deletions = [each for each, call in zip(self.deletions, self.deleted_by, strict=True) if call in calls]
            rejections = [each for key, each in self.rejections.items() if self.rejected_by[key] in calls]
        return {"upserted_entities": upserts, "deleted_entities": deletions, "rejected_entities": rejections}

    def delete(self, blueprint: str, identifier: object) -> None:
        """Delete an entity, whether it is there or not, and capture that.

        Args:
            blueprint: The blueprint in the call's path.
            identifier: The entity's identifier, decoded.
        """
        self.capture_delete(blueprint, identifier)
        self.catalog.remove(blueprint, identifier_text(identifier))

    def refuse(self, refusal: Json) -> None:
        """Keep what the front has refused, each sort once; of very many, the first ones.

        Args:
            refusal: `host`, `port`, `protocol` and `reason`, as `sandbox/front/port_mock.py` says.
        """
        if len(self.refusals) < _MOST_REFUSALS:
            self.refusals.setdefault(json.dumps(refusal, sort_keys=True), refusal)

    def has_blueprint(self, identifier: str) -> bool:
        """Whether a blueprint is there; without rules, also one that entities are of.

        Args:
            identifier: The blueprint's identifier.
        """
        is_there = identifier in self.blueprints
        return is_there if self.seed.strict else is_there or not self.seed.bare or bool(self.catalog.of(identifier))

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
