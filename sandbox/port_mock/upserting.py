"""Puts an entity into Port, or refuses it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .rules import RefusedError
from .search import search
from .shapes import WrongShapeError
from .state import identifier_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from .shapes import Json
    from .state import Kept


@dataclass(frozen=True)
class How:
    """How a call wants its entities upserted.

    `merge`: "update only the values of fields provided in the request"; without it, "override all existing values,
    keeping only the values of fields provided" (docs/build-your-software-catalog/custom-integration/api/api.md, both
    strategies). `validation_only` keeps nothing. `create_missing` makes "a barebones entity" of each related entity that
    is missing (docs/generalTemplates/_create_missing_related_entities_api_explanation_template.md), but for the
    blueprints of Port's own, `_user` and `_team` (configure-mapping.md, additional options).
    """

    upsert: bool
    merge: bool
    create_missing: bool
    validation_only: bool
    datasource: str
    moment: float = field(default_factory=time.time)

    @classmethod
    def of(cls, request: Request) -> How:
        """Read it off a request: its query, and its user agent, which is what the entities' datasource will be."""
        asked = {name: value == "true" for name, value in request.query_params.items()}
        return cls(
            upsert=asked.get("upsert", False),
            merge=asked.get("merge", False),
            create_missing=asked.get("create_missing_related_entities", False),
            validation_only=asked.get("validation_only", False),
            datasource=request.headers.get("user-agent", ""),
        )


@dataclass(frozen=True)
class Upserted:
    """What became of an entity."""

    identifier: str
    entity: Json
    created: bool


def refusals(request: Request, kept: Kept, entities: list[Json]) -> dict[object, RefusedError]:
    """Tell which of a call's entities a fault refuses (see `faults.py`), by identifier.

    Args:
        request: The call.
        kept: Where the faults are; the one that is met counts it.
        entities: The call's entities.
    """
    if not any(fault.entities for fault in kept.faults):
        return {}
    sent = {each for each in (entity.get("identifier") for entity in entities) if isinstance(each, str)}
    target = f"{request.scope['path']}?{request.url.query}"
    for fault in kept.faults:
        if (met := fault.entities & sent) and fault.is_for(request.method, target):
            fault.hits += 1
            return {identifier: fault.refusal() for identifier in met}
    return {}


def upsert(
    kept: Kept, blueprint: str, entity: Json, how: How, refused_by_fault: Mapping[object, RefusedError]
) -> Upserted:
    """Upsert an entity: capture it, and put it into the catalog.

    Args:
        kept: Where.
        blueprint: The blueprint in the call's path; an entity that names one itself keeps its own in the captures.
        entity: The entity as received. It is kept as it is, not copied, and gains a `blueprint` if it has none.
        how: How the call wants it.
        refused_by_fault: What `refusals` said of the call.

    Returns:
        The identifier to answer, always a string; the entity as it is in Port now; and whether it is new.

    Raises:
        RefusedError: If a rule is on and forbids it, or a fault does. It is among the rejections then.
    """
    entity.setdefault("blueprint", blueprint)
    try:
        if refused_by_fault and isinstance(sent := entity.get("identifier"), str) and sent in refused_by_fault:
            raise refused_by_fault[sent]
        identifier, now, missing = (_checked if kept.seed.strict else _taken)(kept, blueprint, entity, how)
    except RefusedError as refused:
        kept.reject(blueprint, entity, refused.status, refused.error, refused.message)
        raise
    is_new = kept.catalog.get(blueprint, identifier) is None
    if how.validation_only:
        return Upserted(identifier, now, is_new)
    for target, each in missing:
        kept.catalog.put(target, each, {"identifier": each, "blueprint": target}, how.datasource, how.moment)
    kept.catalog.put(blueprint, identifier, now, how.datasource, how.moment)
    kept.capture_upsert(blueprint, entity)
    return Upserted(identifier, now, is_new)


def _taken(kept: Kept, blueprint: str, entity: Json, how: How) -> tuple[str, Json, list[tuple[str, str]]]:
    """Take an entity as it is: without rules, Port says yes to everything."""
    identifier = entity.get("identifier")
    if identifier is None:
        return kept.make_identifier(), entity, []
    text = identifier_text(identifier)
    if isinstance(identifier, dict):
        try:
            found = list(search(kept.catalog, identifier, strict=False, blueprint=blueprint))
        except WrongShapeError:
            found = []
        text = found[0].identifier if len(found) == 1 else text
    return text, _as_it_will_be(kept, blueprint, text, entity, how), []


def _checked(kept: Kept, blueprint: str, entity: Json, how: How) -> tuple[str, Json, list[tuple[str, str]]]:
    rules = kept.rules
    rules.blueprint(blueprint)
    identifier = entity.get("identifier")
    if isinstance(identifier, dict):
        identifier = rules.resolve(blueprint, identifier)
    elif identifier is None:
        identifier = kept.make_identifier()
    rules.check_identifier(identifier)
    if not how.upsert and kept.catalog.get(blueprint, identifier) is not None:
        # docs/build-your-software-catalog/custom-integration/api/api.md, create: "will fail with a 409 CONFLICT".
        raise RefusedError(409, "identifier_taken", f"An entity with identifier {identifier!r} already exists.")
    now = _as_it_will_be(kept, blueprint, identifier, entity, how)
    if not isinstance(now.get("properties") or {}, dict):
        raise RefusedError(422, "invalid_request", "properties must be an object")
    if kept.catalog.get(blueprint, identifier) is None:
        now = rules.with_defaults(blueprint, now)
    rules.check_properties(blueprint, now)
    rules.check_team(blueprint, entity)
    relations, missing = rules.relations(blueprint, identifier, now)
    for target, each in missing:
        if not how.create_missing or target not in kept.blueprints or target.startswith("_"):
            message = (
                f"Entity with identifier {each!r} of blueprint {target!r} was not found; {identifier!r} relates to it."
            )
            raise RefusedError(404, "not_found", message)
    if relations and relations != now.get("relations"):
        now = {**now, "relations": relations}
    return identifier, now, missing


def _as_it_will_be(kept: Kept, blueprint: str, identifier: str, entity: Json, how: How) -> Json:
    stored = kept.catalog.get(blueprint, identifier) if how.merge else None
    if stored is None:
        return entity
    merged = {**stored.entity, **entity}
    for part in ("properties", "relations"):
        old, new = stored.entity.get(part), entity.get(part)
        if isinstance(old, dict) and isinstance(new, dict):
            merged[part] = {**old, **new}
    return merged
