"""The calls about action runs and workflow runs. There never are any.

Source: port-ocean 0.55, clients/port/mixins/actions.py and workflow_nodes.py. An integration with the actions processor
enabled keeps asking for runs; "none" lets it idle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from .bodies import answer, read_object

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def _claim_action_runs(request: Request) -> Response:
    await read_object(request)
    return answer({"ok": True, "runs": []})


async def _claim_workflow_runs(request: Request) -> Response:
    await read_object(request)
    return answer({"ok": True, "nodeRuns": []})


async def _list_action_runs(_request: Request) -> Response:
    return answer({"ok": True, "runs": []})


async def _list_workflow_runs(_request: Request) -> Response:
    return answer({"ok": True, "nodeRuns": []})


async def _acknowledge(request: Request) -> Response:
    await read_object(request)
    return answer({"ok": True})


ROUTES = [
    Route("/v1/actions/runs/claim-pending", _claim_action_runs, methods=["POST"]),
    Route("/v1/workflows/runs/claim-pending", _claim_workflow_runs, methods=["POST"]),
    Route("/v1/actions/runs", _list_action_runs, methods=["GET"]),
    Route("/v1/workflows/nodes/runs", _list_workflow_runs, methods=["GET"]),
    # Also takes /v1/actions/runs/ack.
    Route("/v1/actions/runs/{run}", _acknowledge, methods=["PATCH"]),
    Route("/v1/workflows/nodes/runs/{run}", _acknowledge, methods=["PATCH"]),
    Route("/v1/workflows/runs/ack", _acknowledge, methods=["PATCH"]),
    Route("/v1/actions/runs/{run}/logs", _acknowledge, methods=["POST"]),
    Route("/v1/workflows/nodes/runs/{run}/logs", _acknowledge, methods=["POST"]),
]
"""The routes of this theme."""
