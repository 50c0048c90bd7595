"""The calls about the integration itself: its config, its resync state, its cursors and examples.

Source: port-ocean 0.55, clients/port/mixins/integrations.py and `update_integration_state` in clients/port/client.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from .bodies import answer, plus_segment, read_object, refuse, segment
from .ingest import ingest_attributes
from .recording import kept_of
from .shapes import as_list, as_object, as_text
from .state import Integration, now

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from .shapes import Json


async def _get_provision_enabled(_request: Request) -> Response:
    # None: Ocean then creates default resources itself, and never waits for Port to provision them.
    return answer({"ok": True, "integrations": []})


async def _get_integration(request: Request) -> Response:
    integration = kept_of(request).integration
    return _no_integration(request) if integration is None else _answer_integration(request, integration)


async def _create_integration(request: Request) -> Response:
    body = await read_object(request)
    identifier = as_text(body.pop("installationId", None), "installationId")
    config = as_object(body.pop("config", {}), "config")
    kept = kept_of(request)
    if kept.integration is not None:
        return refuse(409, "identifier_taken", f"An integration already exists; {identifier!r} cannot be created.")
    kept.integration = Integration(identifier, body.pop("installationAppType", None), config, body)
    return _answer_integration(request, kept.integration, 201)


async def _patch_integration(request: Request) -> Response:
    body = await read_object(request)
    config = as_object(body.pop("config", {}), "config")
    integration = kept_of(request).integration
    if integration is None:
        return _no_integration(request)
    integration.type = body.pop("installationAppType", integration.type)
    integration.config = config or integration.config
    integration.fields.update(body)
    integration.updated_at = now()
    return _answer_integration(request, integration)


async def _patch_config(request: Request) -> Response:
    config = as_object((await read_object(request)).get("config"), "config")
    integration = kept_of(request).integration
    if integration is None:
        return _no_integration(request)
    integration.config = config
    integration.updated_at = now()
    return _answer_integration(request, integration)


async def _patch_resync_state(request: Request) -> Response:
    changes = await read_object(request)
    kept = kept_of(request)
    if kept.integration is None:
        return _no_integration(request)
    # Ocean reads `updatedAt` of the answer without a default, and breaks off the resync where it is missing.
    state = {**changes, "updatedAt": now()}
    kept.resync_states.append(state)
    kept.integration.resync_state = {**kept.integration.resync_state, **state}
    return _answer_integration(request, kept.integration)


async def _delete_integration(request: Request) -> Response:
    kept_of(request).integration = None
    return answer({"ok": True})


async def _get_resync_request(_request: Request) -> Response:
    return answer({"ok": True, "request": {}})


async def _get_cursor(request: Request) -> Response:
    return answer({"ok": True, "cursor": kept_of(request).cursors.get(_cursor_key(request))})


async def _write_cursor(request: Request) -> Response:
    cursor: Json = await read_object(request)
    as_text(cursor.get("primary"), "primary")
    kept, key = kept_of(request), _cursor_key(request)
    # Ocean updates first, and creates only after a 404.
    if request.method == "PUT" and key not in kept.cursors:
        return refuse(404, "not_found", f"No cursor for kind {key[0]!r} and index {key[1]!r} yet.")
    kept.cursors[key] = {**cursor, "updatedAt": now()}
    return answer({"ok": True, "cursor": kept.cursors[key]})


async def _add_examples(request: Request) -> Response:
    examples = as_list((await read_object(request)).get("examples"), "examples")
    kept_of(request).examples.setdefault(plus_segment(request, "kind"), []).extend(examples)
    return answer({"ok": True})


def _answer_integration(request: Request, integration: Integration, status: int = 200) -> Response:
    body = {**integration.to_json(), **ingest_attributes(str(request.base_url))}
    if integration.identifier is None:
        # The seed left it open: the integration is whichever asks.
        body["identifier"] = body["installationId"] = segment(request, "integration")
    return answer({"ok": True, "integration": body}, status)


def _no_integration(request: Request) -> Response:
    return refuse(
        404,
        "not_found",
        f"No integration with identifier {segment(request, 'integration')!r}. "
        "Seed the Port mock with an integration or a mapping, or let the integration create itself.",
    )


def _cursor_key(request: Request) -> tuple[str, str]:
    return request.query_params.get("kind", ""), request.query_params.get("index", "")


ROUTES = [
    Route("/v1/integration", _create_integration, methods=["POST"]),
    Route("/v1/integration/provision-enabled", _get_provision_enabled, methods=["GET"]),
    Route("/v1/integration/{integration}", _get_integration, methods=["GET"]),
    Route("/v1/integration/{integration}", _patch_integration, methods=["PATCH"]),
    Route("/v1/integration/{integration}", _delete_integration, methods=["DELETE"]),
    Route("/v1/integration/{integration}/config", _patch_config, methods=["PATCH"]),
    Route("/v1/integration/{integration}/resync-state", _patch_resync_state, methods=["PATCH"]),
    Route("/v1/integration/{integration}/resync-request", _get_resync_request, methods=["GET"]),
    Route("/v1/integration/{integration}/cursor", _get_cursor, methods=["GET"]),
    Route("/v1/integration/{integration}/cursor", _write_cursor, methods=["PUT", "POST"]),
    Route("/v1/integration/{integration}/kinds/{kind}/examples", _add_examples, methods=["POST"]),
]
"""The routes of this theme."""
