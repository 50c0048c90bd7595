"""Deletes entities from Port, with their dependents, or refuses to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rules import RefusedError
from .state import identifier_text

if TYPE_CHECKING:
    from .catalog import Stored
    from .state import Kept


def delete(kept: Kept, blueprint: str, identifiers: list[object], *, dependents: bool) -> list[object]:
    """Delete entities of a blueprint.

    With rules on:
    - "All entities with a relation to the deleted entity" go with it where the call says so
      (docs/api-reference/delete-an-entity.api.mdx, `delete_dependents`), and those with a relation to them in turn.
    - Without that, an entity that another one requires stays
      (docs/generalTemplates/_delete_dependents_api_explanation_template.md), with 403 `has_dependents` (delete-an-entity's
      table of errors, which today's page has not). A relation that is not required is emptied; whether Port does so
      could not be found out.
    - Of a bulk with such an entity, "the entire operation will fail and no entities will be deleted"
      (docs/api-reference/delete-multiple-entities.api.mdx). One that is in the same bulk requires nothing any more; that
      could not be found out.
    - An entity that is not there is not deleted. What a bulk answers for it could not be found out: here it is not among
      the deleted ones, as Ocean expects (port-ocean 0.55, clients/port/mixins/entities.py, "partial deletions").

    Args:
        kept: Where.
        blueprint: The blueprint in the call's path.
        identifiers: Whatever the call gave as identifiers.
        dependents: Whether the call wants those deleted too that depend on them.

    Returns:
        Those that were deleted, as the call gave them; without rules, all.

    Raises:
        RefusedError: If one is required, or none is there.
    """
    if not kept.seed.strict:
        for identifier in identifiers:
            kept.delete(blueprint, identifier)
        return identifiers
    kept.rules.blueprint(blueprint)
    asked = {identifier_text(identifier): identifier for identifier in identifiers}
    there = [text for text in asked if kept.catalog.get(blueprint, text) is not None]
    if not there:
        message = f"Entity with identifier {next(iter(asked))!r} of blueprint {blueprint!r} was not found."
        raise RefusedError(404, "not_found", message)
    if not dependents:
        _refuse_required(kept, blueprint, there)
    for text in there:
        # One that is not there any more has gone as a dependent of another that the call names: deleted all the same.
        if kept.catalog.get(blueprint, text) is not None:
            _delete_one(kept, blueprint, text, dependents=dependents)
        kept.capture_delete(blueprint, asked[text])
    return [asked[text] for text in there]


def _refuse_required(kept: Kept, blueprint: str, going: list[str]) -> None:
    for identifier in going:
        for each in kept.rules.dependents(blueprint, [identifier], required=True):
            if each.blueprint != blueprint or each.identifier not in going:
                requiring = f"{each.identifier!r} of blueprint {each.blueprint!r}"
                message = (
                    f"{identifier!r} cannot be deleted: {requiring} requires it, and delete_dependents is not set."
                )
                raise RefusedError(403, "has_dependents", message)


def _delete_one(kept: Kept, blueprint: str, identifier: str, *, dependents: bool) -> None:
    related = kept.rules.dependents(blueprint, [identifier], required=False)
    if dependents:
        _cascade(kept, related)
    else:
        for each in related:
            _unrelate(kept, each, blueprint, identifier)
    kept.catalog.remove(blueprint, identifier)


def _cascade(kept: Kept, dependents: list[Stored]) -> None:
    while dependents:
        each = dependents.pop()
        if kept.catalog.remove(each.blueprint, each.identifier):
            dependents += kept.rules.dependents(each.blueprint, [each.identifier], required=False)


def _unrelate(kept: Kept, stored: Stored, blueprint: str, identifier: str) -> None:
    relations = dict(stored.relations)
    for name, relation in (kept.blueprints[stored.blueprint].get("relations") or {}).items():
        value = relations.get(name)
        if relation.get("target") != blueprint:
            continue
        if isinstance(value, list):
            relations[name] = [each for each in value if each != identifier]
        elif value == identifier:
            relations[name] = None
    # A new object: the captures hold the old one.
    stored.entity = {**stored.entity, "relations": relations}
