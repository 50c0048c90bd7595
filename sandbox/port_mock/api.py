"""The Port API: one table of calls, put together from the themes, and the answer to any other call.

The table is 'Port API that a resync needs' of the design's facts, read off port-ocean 0.55, clients/port/. A call
outside it is refused loudly instead of being answered with something plausible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect

from . import account, blueprints, entities, ingest, integration, runs
from .bodies import answer_nobody, answer_too_deep, answer_wrong_shape, refuse
from .injector import Injector
from .limit import Limit
from .recording import Recorder, mark_unknown
from .rules import RefusedError
from .shapes import WrongShapeError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from .state import PortState


def create_app(state: PortState) -> Starlette:
    """Make the Port API.

    Args:
        state: What the app reads and writes; share it with `create_control_app`.

    Returns:
        The app; every call is under `/v1`.
    """
    app = Starlette(
        # The calls of a large resync come first: starlette tries routes in order.
        routes=[
            *entities.ROUTES,
            *ingest.ROUTES,
            *integration.ROUTES,
            *blueprints.ROUTES,
            *account.ROUTES,
            *runs.ROUTES,
        ],
        middleware=[Middleware(Recorder, state=state), Middleware(Limit), Middleware(Injector)],
        exception_handlers={
            WrongShapeError: answer_wrong_shape,
            RecursionError: answer_too_deep,
            RefusedError: entities.answer_refused,
            ClientDisconnect: answer_nobody,
            404: _refuse_unknown_call,
            405: _refuse_unknown_call,
        },
    )
    # A redirect would be a silent fall-through: a trailing slash is another call than the one in the table.
    app.router.redirect_slashes = False
    return app


async def _refuse_unknown_call(request: Request, _error: Exception) -> Response:
    mark_unknown(request)
    return refuse(
        404,
        "unknown_call",
        f"The Port mock does not know {request.method} {request.scope['path']}. If Ocean makes this call, "
        "the mock is behind Port's API: add the call to its table (port_mock/api.py says where).",
    )
