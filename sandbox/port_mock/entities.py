"""The calls about entities: upsert, search, delete. Source: port-ocean 0.55, clients/port/mixins/entities.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from .bodies import answer, as_list, as_objects, plus_segment, read_object, segment
from .recording import kept_of

if TYPE_CHECKING:
    from starlette.requests import Request


async def _upsert_bulk(request: Request) -> Response:
    body = await read_object(request)
    # Checked as a whole before anything is kept: a refused bulk leaves no half of itself among the captures.
    entities = as_objects(body.get("entities"), "entities")
    kept, blueprint = kept_of(request), segment(request, "blueprint")
    results = []
    for index, entity in enumerate(entities):
        identifier, created = kept.upsert(blueprint, entity)
        results.append({"index": index, "identifier": identifier, "created": created})
    # Ocean counts an index that is missing from both lists as failed, and says nothing about it.
    return answer({"ok": True, "entities": results, "errors": []})


async def _upsert_one(request: Request) -> Response:
    entity = await read_object(request)
    identifier, created = kept_of(request).upsert(segment(request, "blueprint"), entity)
    return answer({"ok": True, "entity": {**entity, "identifier": identifier}}, 201 if created else 200)


async def _search(request: Request) -> Response:
    # The seeded answer whatever the query, as the in-process harness gives it: what was upserted does not show.
    # The stateful Port will evaluate the query here.
    await read_object(request)
    return Response(kept_of(request).search_answer, media_type="application/json")


async def _delete_bulk(request: Request) -> Response:
    body = await read_object(request)
    identifiers = as_list(body.get("entities"), "entities")
    kept, blueprint = kept_of(request), segment(request, "blueprint")
    for identifier in identifiers:
        kept.delete(blueprint, identifier)
    return answer({"ok": True, "deletedEntities": identifiers})


async def _delete_one(request: Request) -> Response:
    kept_of(request).delete(segment(request, "blueprint"), plus_segment(request, "identifier"))
    return answer({"ok": True})


ROUTES = [
    Route("/v1/blueprints/{blueprint}/entities/bulk", _upsert_bulk, methods=["POST"]),
    Route("/v1/entities/search", _search, methods=["POST"]),
    Route("/v1/blueprints/entities/datasource-entities", _search, methods=["POST"]),
    Route("/v1/blueprints/{blueprint}/entities", _upsert_one, methods=["POST"]),
    Route("/v1/blueprints/{blueprint}/bulk/entities/delete", _delete_bulk, methods=["POST"]),
    Route("/v1/blueprints/{blueprint}/entities/{identifier}", _delete_one, methods=["DELETE"]),
]
"""The routes of this theme."""
