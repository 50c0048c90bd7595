"""The calls about the environment of entities: blueprints, their scorecards and migrations, actions, pages, webhooks.

Source: port-ocean 0.55, clients/port/mixins/blueprints.py, actions.py and migrations.py. They are made by `ocean sail`
(default resources) and `ocean defaults clean`; a resync only gets blueprints. Of Port's documentation,
docs/api-reference/create-a-blueprint.api.mdx, delete-a-blueprint.api.mdx, delete-all-entities-of-a-blueprint.api.mdx
(`delete_blueprint`, and the 404 of a blueprint that is not there) and get-a-migration.api.mdx. What Port answers who
deletes a blueprint that has entities could not be found out ("make sure all associated entities have been deleted"):
here it is deleted, and its entities stay. A migration is complete at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from .bodies import answer, read_object, refuse, segment
from .recording import kept_of
from .rules import check_blueprint
from .shapes import as_text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def _get_blueprint(request: Request) -> Response:
    kept, identifier = kept_of(request), segment(request, "blueprint")
    if not kept.has_blueprint(identifier):
        kept.rules.blueprint(identifier)  # which refuses it
    return answer({"ok": True, "blueprint": kept.blueprint(identifier)})


async def _create_blueprint(request: Request) -> Response:
    blueprint = await read_object(request)
    identifier = as_text(blueprint.get("identifier"), "identifier")
    kept = kept_of(request)
    if identifier in kept.blueprints:
        return refuse(409, "identifier_taken", f"A blueprint with identifier {identifier!r} already exists.")
    if kept.seed.strict:
        check_blueprint(blueprint, identifier)
    kept.blueprints[identifier] = blueprint
    return answer({"ok": True, "blueprint": kept.blueprint(identifier)}, 201)


async def _patch_blueprint(request: Request) -> Response:
    changes = await read_object(request)
    kept, identifier = kept_of(request), segment(request, "blueprint")
    if kept.seed.strict:
        kept.rules.blueprint(identifier)
    changed = {**kept.blueprint(identifier), **changes, "identifier": identifier}
    if kept.seed.strict:
        check_blueprint(changed, identifier)
    kept.blueprints[identifier] = changed
    return answer({"ok": True, "blueprint": kept.blueprints[identifier]})


async def _delete_blueprint(request: Request) -> Response:
    kept, identifier = kept_of(request), segment(request, "blueprint")
    if kept.seed.strict:
        kept.rules.blueprint(identifier)
    kept.blueprints.pop(identifier, None)
    return answer({"ok": True})


async def _delete_all_entities(request: Request) -> Response:
    kept, blueprint = kept_of(request), segment(request, "blueprint")
    if kept.seed.strict:
        kept.rules.blueprint(blueprint)
    kept.catalog.clear(blueprint)
    if request.query_params.get("delete_blueprint") == "true":
        kept.blueprints.pop(blueprint, None)
    identifier = f"migration-{len(kept.migrations) + 1}"
    kept.migrations[identifier] = {
        "id": identifier,
        "actor": "port-mock",
        "sourceBlueprint": blueprint,
        "mapping": {},
        "status": "COMPLETE",
    }
    return answer({"ok": True, "migrationId": identifier})


async def _get_migration(request: Request) -> Response:
    identifier = segment(request, "migration")
    migration = kept_of(request).migrations.get(identifier)
    if migration is None:
        return refuse(404, "not_found", f"No migration with id {identifier!r}: deleting all entities makes one.")
    return answer({"ok": True, "migration": migration})


async def _create_scorecard(request: Request) -> Response:
    scorecard = {**await read_object(request), "blueprint": segment(request, "blueprint")}
    kept_of(request).scorecards.append(scorecard)
    return answer({"ok": True, "scorecard": scorecard}, 201)


async def _create_action(request: Request) -> Response:
    action = await read_object(request)
    kept_of(request).actions.append(action)
    return answer({"ok": True, "action": action}, 201)


async def _create_page(request: Request) -> Response:
    page = await read_object(request)
    kept_of(request).pages.append(page)
    return answer({"ok": True, "page": page}, 201)


async def _delete_page(request: Request) -> Response:
    kept, identifier = kept_of(request), segment(request, "page")
    kept.pages = [page for page in kept.pages if page.get("identifier") != identifier]
    return answer({"ok": True})


async def _create_webhook(request: Request) -> Response:
    webhook = await read_object(request)
    as_text(webhook.get("identifier"), "identifier")
    kept_of(request).webhooks.append(webhook)
    return answer({"ok": True, "integration": webhook}, 201)


ROUTES = [
    Route("/v1/blueprints", _create_blueprint, methods=["POST"]),
    Route("/v1/blueprints/{blueprint}", _get_blueprint, methods=["GET"]),
    Route("/v1/blueprints/{blueprint}", _patch_blueprint, methods=["PATCH"]),
    Route("/v1/blueprints/{blueprint}", _delete_blueprint, methods=["DELETE"]),
    Route("/v1/blueprints/{blueprint}/all-entities", _delete_all_entities, methods=["DELETE"]),
    Route("/v1/blueprints/{blueprint}/scorecards", _create_scorecard, methods=["POST"]),
    Route("/v1/migrations/{migration}", _get_migration, methods=["GET"]),
    Route("/v1/actions", _create_action, methods=["POST"]),
    Route("/v1/webhooks", _create_webhook, methods=["POST"]),
    Route("/v1/pages", _create_page, methods=["POST"]),
    Route("/v1/pages/{page}", _delete_page, methods=["DELETE"]),
]
"""The routes of this theme."""
