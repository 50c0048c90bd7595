"""What Port refuses if a test asks for it (`strict`): each rule with its page in Port's documentation.

The pages are those of github.com/port-labs/port-docs. The codes `not_found`, `identifier_taken`,
`blueprint_schema_mismatch`, `required_relation` and `relation_many_violation`, with their statuses, are those that
docs.port.io/api-reference/create-an-entity listed in 2025 (its table of errors); today's page has the statuses only.

Could not be found out, and decided here:
- Messages: ours say what is wrong, in our words.
- Which code an invalid identifier gets. The route's schema forbids it, so `invalid_request` with 422, and
  only the entity is refused where Port may refuse the whole bulk.
- A property or relation that the blueprint does not define is taken, and the result has a warning. "Each key is a property
  as defined in the blueprint definition" (docs/build-your-software-catalog/sync-data-to-catalog/sync-data-to-catalog.md)
  says otherwise. But the schema of the call lets `properties` have any key (docs/api-reference/create-an-entity.api.mdx,
  whose 422 is "does not match the route's schema"), and mappings that Port's own integrations ship have some
  (fake-integration's `name`, pagerduty's `description` of a policy).
- Null for a property or relation stands for none: accepted, unless it is required.
- Calculated, mirrored and aggregated properties are not computed, permissions are not checked, teams need not exist.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from .search import search
from .shapes import WrongShapeError, as_list, as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema import Draft7Validator

    from .catalog import Catalog, Stored
    from .shapes import Json

LARGEST_BULK = 20
"""Entities in one bulk: "No more than 20 entities per request", docs/api-reference/create-multiple-entities.api.mdx. There
is a version of that page whose schema says 50 (`maxItems`); Ocean sends 20 at most."""
LARGEST_DELETE = 100
"""Identifiers in one bulk delete: `maxItems` in docs/api-reference/delete-multiple-entities.api.mdx."""
LARGEST_BODY = 1024 * 1024
"""Bytes: "Request body is too large (limit is 1MiB)", the 413 of both pages."""

# `^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/=-]+$`, at most 1000 characters, in the same pages; \p{L} is looked at separately.
_IDENTIFIER = re.compile(r"(?!\.{1,2}$)[\w@.+:\\/=-]+")
_LONGEST_IDENTIFIER = 1000
# "The maximum number of entities returned by the search query rule is 100": configure-mapping.md, see `_found`.
_MOST_FOUND = 100


class RefusedError(Exception):
    """An entity or a delete is refused, with Port's status and code."""

    def __init__(self, status: int, error: str, message: str) -> None:
        """Say so.

        Args:
            status: The HTTP status; in a bulk, the entity's own.
            error: Port's code.
            message: What is wrong.
        """
        super().__init__(message)
        self.status, self.error, self.message = status, error, message


class Rules:
    """The rules of one Port: its blueprints, and what is in it."""

    def __init__(self, blueprints: dict[str, Json], catalog: Catalog) -> None:
        """Look at both, which may change, at each question.

        Args:
            blueprints: Blueprints by identifier. Replace one instead of changing it.
            catalog: The entities.
        """
        self._blueprints = blueprints
        self._catalog = catalog
        self._validators: dict[str, tuple[Json, Draft7Validator]] = {}

    def blueprint(self, identifier: str) -> Json:
        """Give a blueprint.

        Raises:
            RefusedError: 404 `not_found`, if there is none (docs/api-reference/create-an-entity.api.mdx).
        """
        if identifier not in self._blueprints:
            raise RefusedError(404, "not_found", f"Blueprint with identifier {identifier!r} was not found.")
        return self._blueprints[identifier]

    def check_identifier(self, identifier: object) -> None:
        """Refuse an invalid identifier (docs/api-reference/create-multiple-entities.api.mdx, the request's schema)."""
        if not isinstance(identifier, str):
            kind = type(identifier).__name__
            raise RefusedError(422, "invalid_request", f"identifier must be a string, not {identifier!r} ({kind})")
        if len(identifier) > _LONGEST_IDENTIFIER:
            length = f"{len(identifier)} characters"
            raise RefusedError(422, "invalid_request", f"identifier has {length}, {_LONGEST_IDENTIFIER} are allowed")
        if not _is_identifier(identifier):
            message = f"identifier {identifier!r} must be made of letters, digits and @_.+:\\/=- and not be . or .."
            raise RefusedError(422, "invalid_request", message)

    def resolve(self, blueprint: str, query: Json) -> str:
        """Find the one entity that a search query for an identifier means.

        "The search query must return exactly one entity. If it returns no entities, a new entity will not be created.
        The query will be executed on the same blueprint from the request's url"
        (docs/build-your-software-catalog/customize-integrations/configure-mapping.md, map by property). The codes could
        not be found out: 404 for none, 422 for several.
        """
        found = self._found(blueprint, query, "identifier")
        if not found:
            raise RefusedError(404, "not_found", f"no entity of blueprint {blueprint!r} matches the search query")
        if len(found) > 1:
            raise RefusedError(422, "invalid_request", f"{len(found)} entities match the search query, not exactly one")
        return found[0]

    def check_properties(self, blueprint: str, entity: Json) -> None:
        """Refuse a wrong type, enum or format, and a missing required property.

        docs/build-your-software-catalog/sync-data-to-catalog/sync-data-to-catalog.md ("each value matches the type of
        the property"), docs/api-reference/create-a-blueprint.api.mdx (`schema.required`: "these must be provided when
        creating an entity"). See `formats.py`.
        """
        properties = entity.get("properties") or {}
        from .formats import mistakes  # noqa: PLC0415 # see there

        given = {name: value for name, value in properties.items() if value is not None}
        if wrong := mistakes(self._validator(blueprint), given):
            raise RefusedError(422, "blueprint_schema_mismatch", "; ".join(wrong))

    def with_defaults(self, blueprint: str, entity: Json) -> Json:
        """Give a new entity the defaults of its properties.

        "Default value for this property in case an entity is created without explicitly providing a value"
        (docs/build-your-software-catalog/customize-integrations/configure-data-model/setup-blueprint/properties/properties.md).
        """
        properties = entity.get("properties") or {}
        defined = (self._blueprints[blueprint].get("schema") or {}).get("properties") or {}
        defaults = {
            name: definition["default"]
            for name, definition in defined.items()
            if "default" in definition and name not in properties
        }
        return {**entity, "properties": {**defaults, **properties}} if defaults else entity

    def check_team(self, blueprint: str, entity: Json) -> None:
        """Refuse a team where the blueprint's entities inherit theirs (`team_inheritance_enabled`, in the same table)."""
        definition = self._blueprints[blueprint]
        inherits = definition.get("teamInheritance") or (definition.get("ownership") or {}).get("type") == "Inherited"
        if inherits and entity.get("team"):
            message = f"team must not be given: entities of blueprint {blueprint!r} inherit theirs"
            raise RefusedError(422, "team_inheritance_enabled", message)

    def relations(self, blueprint: str, identifier: str, entity: Json) -> tuple[Json, list[tuple[str, str]]]:
        """Check an entity's relations, with search queries in them resolved.

        docs/build-your-software-catalog/customize-integrations/configure-data-model/relate-blueprints/relate-blueprints.md
        (`required`, `many`); configure-mapping.md, mapping relations using search queries. A related entity that is
        missing is `not_found` with 404: port-ocean 0.55, clients/port/mixins/entities.py, `upsert_entity`, takes that for
        an unmet dependency. Could not be found out: a single identifier for a `many` relation and an array of one for a
        single relation (both are taken), and a query that finds nothing (there is no relation then).

        Args:
            blueprint: The entity's blueprint.
            identifier: The entity's identifier; it may be related to itself.
            entity: The entity.

        Returns:
            The relations to keep, and blueprint and identifier of each related entity that is missing.
        """
        given = entity.get("relations") or {}
        if not isinstance(given, dict):
            raise RefusedError(422, "invalid_request", "relations must be an object")
        defined = self._blueprints[blueprint].get("relations") or {}
        resolved, missing = dict(given), []
        for name, relation in defined.items():
            target = str(relation.get("target"))
            value = resolved.get(name)
            if isinstance(value, dict):
                found = self._found(target, value, f"relations.{name}")
                value = resolved[name] = found if relation.get("many") else _one_or_none(found, name)
            related = _identifiers(value, name)
            if relation.get("required") and not related:
                raise RefusedError(422, "required_relation", f"relations.{name} is required")
            if len(related) > 1 and not relation.get("many"):
                message = f"relations.{name} cannot contain more than one entity, it has {len(related)}"
                raise RefusedError(422, "relation_many_violation", message)
            own = identifier if target == blueprint else None
            missing += [(target, each) for each in related if each != own and self._catalog.get(target, each) is None]
        return resolved, missing

    def dependents(self, blueprint: str, identifiers: Iterable[str], *, required: bool) -> list[Stored]:
        """Find the entities with a relation to any of some entities of a blueprint.

        Args:
            blueprint: The blueprint that relations must have as target.
            identifiers: The entities.
            required: Whether only required relations count.

        Returns:
            The entities, each once.
        """
        wanted = set(identifiers)
        found: dict[tuple[str, str], Stored] = {}
        for source, definition in self._blueprints.items():
            names = [
                name
                for name, relation in (definition.get("relations") or {}).items()
                if relation.get("target") == blueprint and (relation.get("required") or not required)
            ]
            for stored in self._catalog.of(source).values() if names else ():
                relations = stored.relations
                if any(wanted.intersection(_related(relations.get(name))) for name in names):
                    found[stored.blueprint, stored.identifier] = stored
        return list(found.values())

    def _found(self, blueprint: str, query: Json, name: str) -> list[str]:
        try:
            found = [stored.identifier for stored in search(self._catalog, query, strict=True, blueprint=blueprint)]
        except WrongShapeError as error:
            raise RefusedError(422, "invalid_request", f"{name}: {error}") from None
        if len(found) > _MOST_FOUND:
            message = f"{name}: {len(found)} entities match the search query, at most {_MOST_FOUND} may"
            raise RefusedError(422, "invalid_request", message)
        return found

    def _validator(self, blueprint: str) -> Draft7Validator:
        definition = self._blueprints[blueprint]
        known = self._validators.get(blueprint)
        if known is None or known[0] is not definition:
            from .formats import validator  # noqa: PLC0415 # see there

            schema = definition.get("schema") or {}
            known = definition, validator(schema.get("properties") or {}, schema.get("required") or [])
            self._validators[blueprint] = known
        return known[1]


def check_size(size: int) -> None:
    """Refuse a body that is too large.

    Args:
        size: Its bytes.

    Raises:
        RefusedError: 413, with the code of the table.
    """
    if size > LARGEST_BODY:
        raise RefusedError(413, "bad_request", "Request body is too large (limit is 1MiB)")


def check_blueprint(blueprint: Any, name: str) -> None:
    """Refuse an invalid blueprint.

    What a property's definition says is not looked at: public integrations ship definitions that JSON Schema does not
    allow (argocd's `"type": "enum"`), and run in production. See `unchecked_properties`.

    Args:
        blueprint: The blueprint, an object.
        name: What to call it in the message.

    Raises:
        WrongShapeError: If its schema or a relation is invalid; the message names it.
    """
    schema = as_object(_given(blueprint, "schema", {}), f"{name}.schema")
    for each in as_list(_given(schema, "required", []), f"{name}.schema.required"):
        as_text(each, f"{name}.schema.required[]")
    properties = as_object(_given(schema, "properties", {}), f"{name}.schema.properties")
    for key, definition in properties.items():
        as_object(definition, f"{name}.schema.properties.{key}")
    as_object(_given(blueprint, "ownership", {}), f"{name}.ownership")
    for key, relation in as_object(_given(blueprint, "relations", {}), f"{name}.relations").items():
        as_text(as_object(relation, f"{name}.relations.{key}").get("target"), f"{name}.relations.{key}.target")


def unchecked_properties(blueprint: Json) -> dict[str, str]:
    """Tell which properties have a definition that values cannot be checked with, and what is wrong with each.

    The rules take any value for them.

    Args:
        blueprint: A blueprint that `check_blueprint` takes.
    """
    from .formats import complaint_about  # noqa: PLC0415 # see there

    properties = (blueprint.get("schema") or {}).get("properties") or {}
    complaints = {name: complaint_about(definition) for name, definition in properties.items()}
    return {name: complaint for name, complaint in complaints.items() if complaint is not None}


def _given(holder: Json, name: str, default: object) -> object:
    value = holder.get(name)
    return default if value is None else value


def _is_identifier(text: str) -> bool:
    # Python's \w also has digits and marks of other scripts; only letters of theirs are allowed.
    letters = all(character.isascii() or character.isalpha() for character in text)
    return letters and _IDENTIFIER.fullmatch(text) is not None


def _identifiers(value: object, name: str) -> list[str]:
    related = value if isinstance(value, list) else [] if value is None else [value]
    for each in related:
        if not isinstance(each, str) or not _is_identifier(each):
            raise RefusedError(422, "invalid_request", f"relations.{name}: {each!r} is not an identifier")
    return cast("list[str]", related)


def _related(value: object) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def _one_or_none(found: list[str], name: str) -> str | None:
    if len(found) > 1:
        message = f"relations.{name} cannot contain more than one entity, its search query finds {len(found)}"
        raise RefusedError(422, "relation_many_violation", message)
    return found[0] if found else None
