"""The calls about entities: upsert, search, delete. Source: port-ocean 0.55, clients/port/mixins/entities.py.

Where a test scripts the answer to searches, they all answer that, whatever was asked, as the in-process harness does;
else they answer what is in Port.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from .bodies import answer, plus_segment, read_object, refuse, segment
from .deleting import delete
from .recording import kept_of
from .rules import LARGEST_BULK, LARGEST_DELETE, RefusedError, check_size
from .search import search, shown
from .shapes import WrongShapeError, as_list, as_objects, as_text
from .upserting import How, refusals, upsert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from .catalog import Stored
    from .shapes import Json
    from .state import Kept

# Ocean asks for 5000 at a time; what Port gives at most could not be found out.
_PAGE = 5000


async def _upsert_bulk(request: Request) -> Response:
    body = await read_object(request)
    kept, blueprint = kept_of(request), segment(request, "blueprint")
    # Checked as a whole before anything is kept: a refused bulk leaves no half of itself among the upserts.
    try:
        entities = _entities_of(kept, blueprint, body, len(await request.body()))
    except RefusedError as refused:
        reject_all(kept, blueprint, body, refused)
        raise
    how = How.of(request)
    refuses = refusals(request, kept, entities)
    results: list[Json] = []
    errors: list[Json] = []
    for index, entity in enumerate(entities):
        try:
            upserted = upsert(kept, blueprint, entity, how, refuses)
        except RefusedError as refused:
            sent = entity.get("identifier")
            errors.append(
                {
                    "index": index,
                    # Ocean tells by this word that a search query found nothing (`_parse_upsert_entities_batch_response`).
                    "identifier": sent if isinstance(sent, str) else "unknown",
                    "statusCode": refused.status,
                    "error": refused.error,
                    "message": refused.message,
                }
            )
        else:
            results.append({"index": index, "identifier": upserted.identifier, "created": upserted.created})
    # Ocean counts an index that is missing from both lists as failed, and says nothing about it.
    return answer({"ok": True, "entities": results, "errors": errors}, 207 if errors else 200)


def _entities_of(kept: Kept, blueprint: str, body: Json, size: int) -> list[Json]:
    try:
        entities = as_objects(body.get("entities"), "entities")
    except WrongShapeError as error:
        raise RefusedError(422, "invalid_request", str(error)) from None
    if kept.seed.strict:
        check_size(size)
        if not 0 < len(entities) <= LARGEST_BULK:
            raise RefusedError(422, "invalid_request", f"entities must be 1 to {LARGEST_BULK}, not {len(entities)}")
        kept.rules.blueprint(blueprint)
    return entities


async def _upsert_one(request: Request) -> Response:
    entity = await read_object(request)
    kept, blueprint = kept_of(request), segment(request, "blueprint")
    if kept.seed.strict:
        try:
            check_size(len(await request.body()))
        except RefusedError as refused:
            kept.reject(blueprint, entity, refused.status, refused.error, refused.message)
            raise
    upserted = upsert(kept, blueprint, entity, How.of(request), refusals(request, kept, [entity]))
    body = {"blueprint": blueprint, **upserted.entity, "identifier": upserted.identifier}
    return answer({"ok": True, "entity": body}, 201 if upserted.created else 200)


def reject_all(kept: Kept, blueprint: str, body: Json, refused: RefusedError) -> None:
    """Remember each entity of a bulk that is refused as a whole.

    Args:
        kept: Where.
        blueprint: The blueprint in the call's path.
        body: The call's body; whatever in it is not an entity is skipped.
        refused: Why.
    """
    entities = body.get("entities")
    for entity in entities if isinstance(entities, list) else []:
        if isinstance(entity, dict):
            kept.reject(blueprint, entity, refused.status, refused.error, refused.message)


async def _search(request: Request) -> Response:
    query = await read_object(request)
    kept = kept_of(request)
    if kept.seed.is_scripted:
        return Response(kept.search_answer, media_type="application/json")
    include, exclude = request.query_params.getlist("include"), request.query_params.getlist("exclude")
    found = list(search(kept.catalog, query, strict=kept.seed.strict))
    blueprints = list({stored.blueprint: None for stored in found})
    entities = [shown(stored, include, exclude) for stored in found]
    return answer({"ok": True, "matchingBlueprints": blueprints, "entities": entities})


async def _search_datasource(request: Request) -> Response:
    """Answer Ocean's question for its own entities, page by page; Port's documentation does not have this call.

    What `before` means is said by Ocean, which calls it a filter on `updatedAt` (port-ocean 0.55,
    core/integrations/mixins/sync_raw.py, and its pull request 3278).
    """
    asked = await read_object(request)
    kept = kept_of(request)
    if kept.seed.is_scripted:
        return Response(kept.search_answer, media_type="application/json")
    begin, limit = _number(asked, "from", 0), _number(asked, "limit", _PAGE) or _PAGE
    page = list(islice(_of_datasource(kept, asked), begin, begin + limit + 1))
    more = str(begin + limit) if len(page) > limit else None
    return answer({"ok": True, "entities": [stored.to_json() for stored in page[:limit]], "next": more})


def _of_datasource(kept: Kept, asked: Json) -> Iterator[Stored]:
    prefix = as_text(asked["datasource_prefix"], "datasource_prefix") if "datasource_prefix" in asked else ""
    suffix = as_text(asked["datasource_suffix"], "datasource_suffix") if "datasource_suffix" in asked else ""
    before = None
    if "before" in asked:
        try:
            before = datetime.fromisoformat(as_text(asked["before"], "before")).timestamp()
        except ValueError:
            raise WrongShapeError(f"before must be an ISO 8601 time, not {asked['before']!r}") from None
    return (
        stored
        for stored in kept.catalog
        if stored.datasource.startswith(prefix)
        and stored.datasource.endswith(suffix)
        and (before is None or stored.updated < before)
    )


def _number(asked: Json, name: str, default: int) -> int:
    value = str(asked.get(name, default))
    if not (value.isascii() and value.isdecimal()):
        raise WrongShapeError(f"{name} must be a whole number, not {asked[name]!r}")
    return int(value)


async def _delete_bulk(request: Request) -> Response:
    body = await read_object(request)
    identifiers = as_list(body.get("entities"), "entities")
    kept = kept_of(request)
    if kept.seed.strict:
        if not 0 < len(identifiers) <= LARGEST_DELETE:
            raise WrongShapeError(f"entities must be 1 to {LARGEST_DELETE}, not {len(identifiers)}")
        for index, identifier in enumerate(identifiers):
            as_text(identifier, f"entities[{index}]")
    deleted = delete(kept, segment(request, "blueprint"), identifiers, dependents=_dependents(request))
    return answer({"ok": True, "deletedEntities": deleted})


async def _delete_one(request: Request) -> Response:
    identifier = plus_segment(request, "identifier")
    delete(kept_of(request), segment(request, "blueprint"), [identifier], dependents=_dependents(request))
    return answer({"ok": True})


def _dependents(request: Request) -> bool:
    return request.query_params.get("delete_dependents") == "true"


async def answer_refused(_request: Request, error: Exception) -> Response:
    """Turn a `RefusedError` into its answer; the Port API's exception handler.

    Args:
        _request: Unused: starlette's signature.
        error: What a rule refused.

    Returns:
        The refusal, in Port's error shape.
    """
    if not isinstance(error, RefusedError):
        raise error
    return refuse(error.status, error.error, error.message)


ROUTES = [
    Route("/v1/blueprints/{blueprint}/entities/bulk", _upsert_bulk, methods=["POST"]),
    Route("/v1/entities/search", _search, methods=["POST"]),
    Route("/v1/blueprints/entities/datasource-entities", _search_datasource, methods=["POST"]),
    Route("/v1/blueprints/{blueprint}/entities", _upsert_one, methods=["POST"]),
    Route("/v1/blueprints/{blueprint}/bulk/entities/delete", _delete_bulk, methods=["POST"]),
    Route("/v1/blueprints/{blueprint}/entities/{identifier}", _delete_one, methods=["DELETE"]),
]
"""The routes of this theme."""
