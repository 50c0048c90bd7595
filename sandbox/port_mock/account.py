"""The calls about the account: access token, organization and its secrets, Kafka credentials, health probes.

Source: port-ocean 0.55, clients/port/client.py, authentication.py and mixins/organization.py; for secrets
docs/api-reference/create-an-organization-secret.api.mdx and its neighbours, of github.com/port-labs/port-docs. What Port
answers when a secret was written or a probe reported could not be found out; Ocean does not read it.
"""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

from starlette.routing import Route

from .bodies import answer, read_object, refuse, segment
from .recording import kept_of
from .shapes import as_text, render
from .state import now

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from .shapes import Json

# Ten years: no resync lives to see a refresh.
_TOKEN_LIFETIME_SECONDS = 10 * 365 * 24 * 3600
_ORGANIZATION = "org_port_mock"


async def _create_access_token(request: Request) -> Response:
    credentials = await read_object(request)
    as_text(credentials.get("clientId"), "clientId")
    as_text(credentials.get("clientSecret"), "clientSecret")
    kept = kept_of(request)
    token = _token(len(kept.tokens) + 1)
    kept.issue_token(token)
    return answer(
        {"ok": True, "accessToken": token, "expiresIn": _TOKEN_LIFETIME_SECONDS, "tokenType": "Bearer"},
    )


async def _get_organization(_request: Request) -> Response:
    # Without feature flags Ocean transforms and upserts itself; LAKEHOUSE_ELIGIBLE together with
    # DATA_SOURCE_PROCESSOR_ENABLED would make it upsert nothing (port-ocean 0.55, core/integrations/mixins/utils.py).
    organization = {"id": _ORGANIZATION, "name": "Port mock", "featureFlags": [], "isBlocked": False}
    return answer({"ok": True, "organization": organization})


async def _get_secret(request: Request) -> Response:
    name = segment(request, "secret")
    secret = kept_of(request).secrets.get(name)
    return _no_secret(name) if secret is None else answer({"ok": True, "secret": secret})


async def _create_secret(request: Request) -> Response:
    body = await read_object(request)
    name, secrets = as_text(body.get("secretName"), "secretName"), kept_of(request).secrets
    as_text(body.get("secretValue"), "secretValue")
    if name in secrets:
        return refuse(409, "identifier_taken", f"There is a secret called {name!r} already.")
    secrets[name] = _metadata(name, body, now())
    return answer({"ok": True, "secret": secrets[name]}, 201)


async def _patch_secret(request: Request) -> Response:
    body = await read_object(request)
    name, secrets = segment(request, "secret"), kept_of(request).secrets
    if name not in secrets:
        return _no_secret(name)
    secrets[name] = _metadata(name, {**secrets[name], **body}, secrets[name]["createdAt"])
    return answer({"ok": True, "secret": secrets[name]})


def _metadata(name: str, body: Json, created: str) -> Json:
    # Port never tells a secret's value, and nothing here needs it.
    return {"secretName": name, "description": body.get("description", ""), "createdAt": created, "updatedAt": now()}


def _no_secret(name: str) -> Response:
    return refuse(404, "not_found", f"No secret called {name!r}.")


async def _report_probe(request: Request) -> Response:
    kept_of(request).probes.append({**await read_object(request), "probeId": segment(request, "probe")})
    return answer({"ok": True})


async def _get_kafka_credentials(_request: Request) -> Response:
    return answer({"ok": True, "credentials": {"username": "port-mock-user", "password": "port-mock-password"}})


def _token(number: int) -> str:
    """Make an unsigned JWT, different from all others; Ocean reads `isMachine` from it without verifying (clients/port/authentication.py)."""
    issued = int(time.time())
    claims = {
        "isMachine": True,
        "personalToken": False,
        "orgId": _ORGANIZATION,
        "jti": f"token-{number}",
        "iat": issued,
        "exp": issued + _TOKEN_LIFETIME_SECONDS,
    }
    return f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(claims)}."


def _encode(part: Json) -> str:
    return base64.urlsafe_b64encode(render(part)).rstrip(b"=").decode("ascii")


ROUTES = [
    Route("/v1/auth/access_token", _create_access_token, methods=["POST"]),
    Route("/v1/organization", _get_organization, methods=["GET"]),
    Route("/v1/organization/secrets", _create_secret, methods=["POST"]),
    Route("/v1/organization/secrets/{secret}", _get_secret, methods=["GET"]),
    Route("/v1/organization/secrets/{secret}", _patch_secret, methods=["PATCH"]),
    Route("/v1/org/{organization}/integration/probe/{probe}", _report_probe, methods=["PATCH"]),
    Route("/v1/kafka-credentials", _get_kafka_credentials, methods=["GET"]),
]
"""The routes of this theme."""
