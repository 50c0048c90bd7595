"""Explains a request that nobody answered: what came nearest, and a route that would answer it."""

import json
from typing import Any

from harness.stubs import UNMATCHED
from harness.transport import RequestLog, UnmatchedRequestError
from sandbox.wiremock import WireMock


def unmatched_error(call: RequestLog, wiremock: WireMock) -> UnmatchedRequestError:
    """The error for one request: the request, the nearest stub, and a route to paste.

    Args:
        call: The request that nobody answered.
        wiremock: Who knows the stubs that were there.
    """
    request = call.request
    path = request.url.raw_path.decode().partition("?")[0]
    lines = [
        f"No route matched: {request.method} {request.url}",
        *_nearest(call, wiremock),
        "A route that would answer it:",
        f'    transport.add_route("{request.method}", "{request.url.netloc.decode()}{path}", {{"json": {{}}}})',
    ]
    return UnmatchedRequestError("\n".join(lines))


def _nearest(call: RequestLog, wiremock: WireMock) -> list[str]:
    stubs = [stub for stub in wiremock.nearest(call.request) if stub.get("metadata") != UNMATCHED["metadata"]]
    if not stubs:
        return ["There is no stub that comes near."]
    stub = stubs[0]
    where = stub.get("metadata", {})
    source = where.get("file") or f"route {where.get('ocean-sandbox-route', 0) + 1} of the test"
    return [f"The nearest stub is from {source}:", f"    {_short(stub['request'])}"]


def _short(request: dict[str, Any], limit: int = 300) -> str:
    return json.dumps(request)[:limit]
