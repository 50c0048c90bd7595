"""The calls about action runs and workflow runs: claimed once, acknowledged once, patched, and logged about.

Source: port-ocean 0.55, clients/port/mixins/actions.py and workflow_nodes.py; of Port's documentation,
docs/api-reference/update-an-action-run.api.mdx, add-a-log-to-an-action-run.api.mdx and
claim-pending-workflow-node-runs.api.mdx ("Claimed runs will not appear from this endpoint until their visibility
timeout expires"; its path has the organization, Ocean's has not). Here a claimed run does not appear again even then:
what an integration claims in a test, it works on. Claiming action runs and acknowledging are not documented; that
acknowledging a run twice is a 409 is what Ocean expects (`RunAlreadyAcknowledgedError`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from .bodies import answer, read_object, refuse, segment
from .recording import kept_of
from .run import Run
from .shapes import WrongShapeError, as_list, as_object, as_objects, as_text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from .run import Kind
    from .shapes import Json
    from .state import Kept

_MOST_CLAIMED = 1000


def read_run(body: Json) -> Run:
    """Read a run that the control API is given.

    Args:
        body: `kind`, `action` or `workflow`, and `run`, which has an `id`, or an `identifier` where it is a workflow's.

    Returns:
        The run, still unclaimed.

    Raises:
        WrongShapeError: If it is not one.
    """
    kind = as_text(body.get("kind"), "kind")
    run = as_object(body.get("run"), "run")
    if unknown := [key for key in body if key not in {"kind", "run"}]:
        raise WrongShapeError(f"unknown key {unknown[0]}; known keys: kind, run")
    if kind == "action":
        as_text(run.get("id"), "run.id")
        as_text(as_object(run.get("action"), "run.action").get("identifier"), "run.action.identifier")
        return Run("action", run)
    if kind == "workflow":
        as_text(run.get("identifier"), "run.identifier")
        return Run("workflow", run)
    raise WrongShapeError(f"kind must be 'action' or 'workflow', not {kind!r}")


async def _claim_action_runs(request: Request) -> Response:
    return answer({"ok": True, "runs": await _claim(request, "action")})


async def _claim_workflow_runs(request: Request) -> Response:
    return answer({"ok": True, "nodeRuns": await _claim(request, "workflow")})


async def _claim(request: Request, kind: Kind) -> list[Json]:
    body = await read_object(request)
    limit = body.get("limit", _MOST_CLAIMED)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise WrongShapeError(f"limit must be a whole number, 1 or more, not {limit!r}")
    excluded = as_list(body.get("exclude", []), "exclude")
    waiting = [
        run
        for run in kept_of(request).runs.values()
        if run.kind == kind and not run.claimed and not run.is_excluded(excluded)
    ][:limit]
    for run in waiting:
        run.claimed = True
    return [run.run for run in waiting]


async def _list_action_runs(request: Request) -> Response:
    return answer({"ok": True, "runs": _by_external_id(request, "action")})


async def _list_workflow_runs(request: Request) -> Response:
    return answer({"ok": True, "nodeRuns": _by_external_id(request, "workflow")})


def _by_external_id(request: Request, kind: Kind) -> list[Json]:
    wanted = request.query_params.get("external_run_id")
    runs = [run.run for run in kept_of(request).runs.values() if run.kind == kind]
    return [run for run in runs if wanted is None or run.get("externalRunId") == wanted]


async def _acknowledge_action_run(request: Request) -> Response:
    return _acknowledge(kept_of(request), as_text((await read_object(request)).get("runId"), "runId"))


async def _acknowledge_workflow_run(request: Request) -> Response:
    identifier = as_text((await read_object(request)).get("nodeRunIdentifier"), "nodeRunIdentifier")
    return _acknowledge(kept_of(request), identifier)


def _acknowledge(kept: Kept, identifier: str) -> Response:
    run = kept.runs.get(identifier)
    if run is None:
        return _no_run(identifier)
    if run.acknowledged:
        return refuse(409, "already_acknowledged", f"Run {identifier!r} was acknowledged before.")
    run.acknowledged = True
    return answer({"ok": True})


async def _patch(request: Request) -> Response:
    body = await read_object(request)
    identifier = segment(request, "run")
    run = kept_of(request).runs.get(identifier)
    if run is None:
        return _no_run(identifier)
    run.run.update(body)
    return answer({"ok": True, "run" if run.kind == "action" else "nodeRun": run.run})


async def _log_action_run(request: Request) -> Response:
    body = await read_object(request)
    as_text(body.get("message"), "message")
    return _log(request, [body])


async def _log_workflow_run(request: Request) -> Response:
    return _log(request, as_objects((await read_object(request)).get("logs"), "logs"))


def _log(request: Request, logs: list[Json]) -> Response:
    identifier = segment(request, "run")
    run = kept_of(request).runs.get(identifier)
    if run is None:
        return _no_run(identifier)
    run.logs.extend(logs)
    return answer({"ok": True})


def _no_run(identifier: str) -> Response:
    return refuse(404, "not_found", f"No run with id {identifier!r}: a test must add it to Port first.")


ROUTES = [
    Route("/v1/actions/runs/claim-pending", _claim_action_runs, methods=["POST"]),
    Route("/v1/workflows/runs/claim-pending", _claim_workflow_runs, methods=["POST"]),
    Route("/v1/actions/runs", _list_action_runs, methods=["GET"]),
    Route("/v1/workflows/nodes/runs", _list_workflow_runs, methods=["GET"]),
    # Before the next, which would take it for a run called "ack".
    Route("/v1/actions/runs/ack", _acknowledge_action_run, methods=["PATCH"]),
    Route("/v1/actions/runs/{run}", _patch, methods=["PATCH"]),
    Route("/v1/workflows/nodes/runs/{run}", _patch, methods=["PATCH"]),
    Route("/v1/workflows/runs/ack", _acknowledge_workflow_run, methods=["PATCH"]),
    Route("/v1/actions/runs/{run}/logs", _log_action_run, methods=["POST"]),
    Route("/v1/workflows/nodes/runs/{run}/logs", _log_workflow_run, methods=["POST"]),
]
"""The routes of this theme."""
