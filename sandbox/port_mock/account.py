"""The calls about the account: access token, organization, Kafka credentials."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

from starlette.routing import Route

from .bodies import answer, as_text, read_object, render

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from .bodies import Json

# Ten years: no resync lives to see a refresh.
_TOKEN_LIFETIME_SECONDS = 10 * 365 * 24 * 3600
_ORGANIZATION = "org_port_mock"


async def _create_access_token(request: Request) -> Response:
    credentials = await read_object(request)
    as_text(credentials.get("clientId"), "clientId")
    as_text(credentials.get("clientSecret"), "clientSecret")
    return answer(
        {"ok": True, "accessToken": _token(), "expiresIn": _TOKEN_LIFETIME_SECONDS, "tokenType": "Bearer"},
    )


async def _get_organization(_request: Request) -> Response:
    # Without feature flags Ocean transforms and upserts itself; LAKEHOUSE_ELIGIBLE together with
    # DATA_SOURCE_PROCESSOR_ENABLED would make it upsert nothing (port-ocean 0.55, core/integrations/mixins/utils.py).
    return answer({"ok": True, "organization": {"id": _ORGANIZATION, "name": "Port mock", "featureFlags": []}})


async def _get_kafka_credentials(_request: Request) -> Response:
    return answer({"ok": True, "credentials": {"username": "port-mock-user", "password": "port-mock-password"}})


def _token() -> str:
    """Make an unsigned JWT; Ocean reads `isMachine` from it without verifying (clients/port/authentication.py)."""
    issued = int(time.time())
    claims = {
        "isMachine": True,
        "personalToken": False,
        "orgId": _ORGANIZATION,
        "iat": issued,
        "exp": issued + _TOKEN_LIFETIME_SECONDS,
    }
    return f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(claims)}."


def _encode(part: Json) -> str:
    return base64.urlsafe_b64encode(render(part)).rstrip(b"=").decode("ascii")


ROUTES = [
    Route("/v1/auth/access_token", _create_access_token, methods=["POST"]),
    Route("/v1/organization", _get_organization, methods=["GET"]),
    Route("/v1/kafka-credentials", _get_kafka_credentials, methods=["GET"]),
]
"""The routes of this theme."""
