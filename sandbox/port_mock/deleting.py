"""Takes entities out of Port, with those that depend on them, or refuses to."""

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
      (docs/generalTemplates/_delete_dependents_api_explanation_template.md). A relation that is not required is emptied;
      whether Port does so could not be found out.
    - An entity that is not there is not deleted. What a bulk answers for it could not be found out: here it is not among
      the deleted ones, and neither is one that must stay.

    Args:
        kept: Where.
        blueprint: The blueprint in the call's path.
        identifiers: Whatever the call gave as identifiers.
        dependents: Whether the call wants those deleted too that depend on them.

    Returns:
        Those that were deleted, as the call gave them; without rules, all.

    Raises:
        RefusedError: If none could be deleted, for the reason of the last.
    """
    if not kept.seed.strict:
        for identifier in identifiers:
            kept.delete(blueprint, identifier)
        return identifiers
    kept.rules.blueprint(blueprint)
    asked = {identifier_text(identifier): identifier for identifier in identifiers}
    there = {text for text in asked if kept.catalog.get(blueprint, text) is not None}
    deleted: list[object] = []
    refused: RefusedError | None = None
    for text, identifier in asked.items():
        # One that was there and is not has gone as a dependent of another that the call names: deleted all the same.
        if text not in there or kept.catalog.get(blueprint, text) is not None:
            try:
                _delete_one(kept, blueprint, text, asked, dependents=dependents)
            except RefusedError as error:
                refused = error
                continue
        deleted.append(identifier)
        kept.capture_delete(blueprint, identifier)
    if refused and not deleted:
        raise refused
    return deleted


def _delete_one(kept: Kept, blueprint: str, identifier: str, going: dict[str, object], *, dependents: bool) -> None:
    if kept.catalog.get(blueprint, identifier) is None:
        message = f"Entity with identifier {identifier!r} of blueprint {blueprint!r} was not found."
        raise RefusedError(404, "not_found", message)
    related = kept.rules.dependents(blueprint, [identifier], required=False)
    if dependents:
        _cascade(kept, related)
    else:
        requiring = [
            each
            for each in kept.rules.dependents(blueprint, [identifier], required=True)
            if not (each.blueprint == blueprint and each.identifier in going)
        ]
        if requiring:
            first = f"{requiring[0].identifier!r} of blueprint {requiring[0].blueprint!r}"
            message = f"{identifier!r} cannot be deleted: {first} requires it, and delete_dependents is not set."
            raise RefusedError(403, "required_relation", message)
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
