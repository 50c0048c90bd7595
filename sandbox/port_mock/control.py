"""The control API: how the harness seeds the Port mock and reads its captures.

It listens on a port of its own, which is published to the harness only and asks for a token: what an integration under
test can reach is the Port API and nothing else.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from .bodies import answer, answer_nobody, answer_too_deep, answer_wrong_shape, read_object, refuse
from .faults import read_fault
from .limit import Limit
from .runs import read_run
from .seeding import read_seed
from .shapes import WrongShapeError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .relay import Relay
    from .state import Call, PortState


def create_control_app(state: PortState, token: str, relay: Relay | None = None) -> Starlette:
    """Make the control API.

    Args:
        state: What the app seeds and reads; share it with `create_app`.
        token: What every call but `GET /health` must bring as `Authorization: Bearer <token>`.
        relay: Where the test process connects to answer requests, at `/relay`; none if nothing is proxied to it.

    Returns:
        The app.

    Raises:
        ValueError: If the token is empty, which would let everybody in.
    """
    if not token:
        message = "the control API needs a non-empty token"
        raise ValueError(message)
    control = _Control(state)
    app = Starlette(
        routes=[
            Route("/health", control.health, methods=["GET"]),
            Route("/seed", control.seed, methods=["PUT"]),
            Route("/reset", control.reset, methods=["POST"]),
            Route("/collected", control.collected, methods=["GET"]),
            Route("/captures", control.captures, methods=["GET"]),
            Route("/captures", control.forget_captures, methods=["DELETE"]),
            Route("/entities", control.entities, methods=["GET"]),
            Route("/calls", control.calls, methods=["GET"]),
            Route("/state", control.state, methods=["GET"]),
            Route("/runs", control.add_run, methods=["POST"]),
            Route("/runs/{run}", control.run, methods=["GET"]),
            Route("/faults", control.add_fault, methods=["POST"]),
            Route("/faults", control.faults, methods=["GET"]),
            Route("/faults", control.clear_faults, methods=["DELETE"]),
            Route("/refusals", control.add_refusal, methods=["POST"]),
            Route("/refusals", control.refusals, methods=["GET"]),
            Route("/refused", control.add_refused_request, methods=["POST"]),
            Route("/expire-token", control.expire_token, methods=["POST"]),
            Route("/empty", control.empty, methods=["GET"]),
            *([relay.route(), relay.direct()] if relay else []),
        ],
        middleware=[Middleware(_Guard, token=token), Middleware(Limit)],
        exception_handlers={
            WrongShapeError: answer_wrong_shape,
            RecursionError: answer_too_deep,
            ClientDisconnect: answer_nobody,
            405: _refuse_unknown_call,
        },
    )
    app.router.redirect_slashes = False
    app.router.default = _refuse_unknown_scope
    return app


class _Control:
    """The endpoints, around the state."""

    def __init__(self, state: PortState) -> None:
        self._state = state

    async def health(self, _request: Request) -> Response:
        return answer({"status": "ok"})

    async def seed(self, request: Request) -> Response:
        self._state.seed(read_seed(await read_object(request)))
        return answer({"ok": True})

    async def reset(self, _request: Request) -> Response:
        self._state.reset()
        return answer({"ok": True})

    async def collected(self, _request: Request) -> Response:
        # All that a result is made of, in one answer: each test asks for it.
        kept = self._state.kept
        return answer(
            {
                **kept.captures(),
                "calls": _in_order(kept.calls),
                "metrics": kept.metrics,
                "refusals": list(kept.refusals.values()),
                "third_party": kept.third_party.entries,
                "faults": [fault.to_json() for fault in kept.faults],
            }
        )

    async def captures(self, request: Request) -> Response:
        asked = request.query_params.get("calls")
        if asked is None:
            return answer(self._state.kept.captures())
        try:
            return answer(self._state.kept.captures({int(each) for each in asked.split(",") if each}))
        except ValueError:
            raise WrongShapeError(f"calls must be numbers of calls with commas between them, not {asked!r}") from None

    async def forget_captures(self, _request: Request) -> Response:
        self._state.kept.forget_captures()
        return answer({"ok": True})

    async def entities(self, _request: Request) -> Response:
        return answer({"entities": [stored.to_json() for stored in self._state.kept.catalog]})

    async def calls(self, _request: Request) -> Response:
        return answer({"calls": _in_order(self._state.kept.calls)})

    async def state(self, _request: Request) -> Response:
        return answer(self._state.kept.to_json())

    async def add_run(self, request: Request) -> Response:
        run = read_run(await read_object(request))
        runs = self._state.kept.runs
        if run.identifier in runs:
            return refuse(409, "identifier_taken", f"There is a run with id {run.identifier!r} already.")
        runs[run.identifier] = run
        return answer({"ok": True})

    async def run(self, request: Request) -> Response:
        identifier = request.path_params["run"]
        run = self._state.kept.runs.get(identifier)
        if run is None:
            return refuse(404, "not_found", f"No run with id {identifier!r}.")
        return answer(vars(run))

    async def add_fault(self, request: Request) -> Response:
        self._state.kept.faults.append(read_fault(await read_object(request)))
        return answer({"ok": True})

    async def faults(self, _request: Request) -> Response:
        return answer({"faults": [fault.to_json() for fault in self._state.kept.faults]})

    async def clear_faults(self, _request: Request) -> Response:
        self._state.kept.faults.clear()
        return answer({"ok": True})

    async def add_refusal(self, request: Request) -> Response:
        self._state.kept.refuse(await read_object(request))
        return answer({"ok": True})

    async def add_refused_request(self, request: Request) -> Response:
        self._state.kept.third_party.refuse(await read_object(request))
        return answer({"ok": True})

    async def refusals(self, _request: Request) -> Response:
        return answer({"refusals": list(self._state.kept.refusals.values())})

    async def expire_token(self, _request: Request) -> Response:
        self._state.kept.expire_token()
        return answer({"ok": True})

    async def empty(self, _request: Request) -> Response:
        return answer({"empty": self._state.kept.is_empty})


def _in_order(calls: list[Call]) -> list[Call]:
    # A call is recorded when it is answered, and shown in the order in which calls arrived.
    return sorted(calls, key=lambda call: call["sequence"])


class _Guard:
    """Lets no request pass without the token, whatever the path; only `GET /health` is open."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (scope.get("method"), scope["path"]) != ("GET", "/health"):
            given = Headers(scope=scope).get("authorization", "").encode("latin-1")
            if not hmac.compare_digest(given, self._expected):
                refusal = refuse(401, "unauthorized", "Send the control token: Authorization: Bearer $PORT_MOCK_TOKEN")
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _refuse_unknown_scope(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse what no route is for; starlette's own way with a websocket is a 403 that says nothing."""
    method = scope.get("method", "websocket")
    refusal = refuse(404, "unknown_call", f"The control API has no {method} {scope['path']}.")
    await refusal(scope, receive, send)


async def _refuse_unknown_call(request: Request, _error: Exception) -> Response:
    return refuse(404, "unknown_call", f"The control API has no {request.method} {request.scope['path']}.")
