"""The calls that Port accepts on other hosts: logs, metrics, raw data.

Ocean learns where to send them from the integration's `ingestUrl`s. Ours lead back here, whatever name the caller
reaches us under. Source: port-ocean 0.55, clients/port/mixins/integrations.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from .bodies import answer, read_object
from .recording import kept_of
from .shapes import as_object, as_objects

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from .shapes import Json

_LOGS = "/v1/ingest/logs"
_METRICS = "/v1/ingest/metrics"
_DATA = "/v1/ingest/data"


def ingest_attributes(base_url: str) -> Json:
    """Give the part of an integration that tells Ocean where to send logs, metrics and raw data.

    Args:
        base_url: Where the caller reached us.

    Returns:
        `logAttributes`, `metricAttributes` and `ingestAttributes`.
    """
    base = base_url.rstrip("/")
    return {
        "logAttributes": {"ingestId": "port-mock", "ingestUrl": base + _LOGS},
        "metricAttributes": {"ingestId": "port-mock", "ingestUrl": base + _METRICS},
        "ingestAttributes": {"ingestId": "port-mock", "ingestUrl": base + _DATA},
    }


async def _add_logs(request: Request) -> Response:
    logs = as_objects((await read_object(request)).get("logs"), "logs")
    kept_of(request).logs.extend(logs)
    return answer({"ok": True})


async def _add_metrics(request: Request) -> Response:
    metrics = as_objects((await read_object(request)).get("syncKindsMetrics"), "syncKindsMetrics")
    kept_of(request).metrics.extend(metrics)
    return answer({"ok": True})


async def _put_kind_metrics(request: Request) -> Response:
    metrics = as_object((await read_object(request)).get("syncKindMetrics"), "syncKindMetrics")
    kept_of(request).metrics.append(metrics)
    return answer({"ok": True})


async def _add_heartbeat(request: Request) -> Response:
    await read_object(request)
    kept_of(request).heartbeats += 1
    return answer({"ok": True})


async def _write_raw_data(request: Request) -> Response:
    # Taken and let go: it comes only under a feature flag that our organization does not have, and can be large.
    await read_object(request)
    return answer({"ok": True})


ROUTES = [
    Route(_LOGS, _add_logs, methods=["POST"]),
    Route(f"{_METRICS}/syncMetrics", _add_metrics, methods=["POST"]),
    Route(f"{_METRICS}/syncMetrics/resync/{{event}}/kind/{{kind}}", _put_kind_metrics, methods=["PUT"]),
    Route(f"{_METRICS}/heartbeat", _add_heartbeat, methods=["POST"]),
    Route(
        f"{_DATA}/lake/write/integration-type/{{type}}/integration/{{integration}}/sync/{{sync}}/kind/{{kind}}",
        _write_raw_data,
        methods=["POST"],
    ),
]
"""The routes of this theme."""
