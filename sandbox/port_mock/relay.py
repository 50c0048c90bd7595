"""The relay: hands third-party requests to the test process, over a connection that the test process opened.

WireMock cannot compute an answer that only a Python callable knows. It proxies such a request here; the request goes on
through the websocket of the test process, and the answer comes back the same way. Nobody ever dials the test process,
which an engine elsewhere, or behind a firewall, could not.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from .bodies import read_object
from .state import PortState

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_LEAST_PARTS = 3
_INVALID = 1007  # RFC 6455, 7.4.1: data that is not consistent with the type of the message
_WITHOUT_BODY = (204, 304)
_DEFAULT_PORTS = {("http", "80"), ("https", "443")}


class Relay:
    """Requests that wait for an answer of the test process.

    One websocket at a time is heard: the newest. Without one, or when it closes, requests get 503 at once, so that
    nothing hangs.
    """

    def __init__(self, state: PortState | None = None) -> None:
        """Make one.

        Args:
            state: Where requests are kept that never come to WireMock's journal.
        """
        self._state = state or PortState()
        self._websocket: WebSocket | None = None
        self._waiting: dict[int, tuple[WebSocket, asyncio.Future[dict[str, Any]]]] = {}
        self._numbers = itertools.count(1)

    def app(self) -> Starlette:
        """The app that WireMock proxies to: `/<index>/<scheme>/<host>/<port>/<path>?<query>`."""
        app = Starlette(routes=[Mount("/", app=self._serve_http)])
        app.router.redirect_slashes = False
        return app

    def route(self) -> WebSocketRoute:
        """The place in the control API where the test process opens its connection."""
        return WebSocketRoute("/relay", self._serve)

    def direct(self) -> Route:
        """The place in the control API where the front has requests answered that WireMock cannot read."""
        return Route("/direct", self._answer_directly, methods=["POST"])

    async def _answer_directly(self, request: Request) -> Response:
        """Answer a request whose URL is not to be touched: in JSON, and so is the answer."""
        asked = await read_object(request)
        kept, began = self._state.kept, time.time()
        try:
            answer = await self._ask_test(
                {"index": 0, **{name: asked[name] for name in ("method", "url", "target", "headers", "body")}}
            )
        except ConnectionError as error:
            return PlainTextResponse(str(error), status_code=503)
        encoded = {**answer, "body": base64.b64encode(answer["body"]).decode()}
        kept.third_party.add(asked, encoded, began)
        return JSONResponse({name: encoded[name] for name in ("status", "headers", "body")})

    async def _ask_test(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What the test process answers.

        Raises:
            ConnectionError: None is connected, or it hung up.
        """
        websocket = self._websocket
        if websocket is None:
            message = "no test process is connected to answer this request"
            raise ConnectionError(message)
        number = next(self._numbers)
        answered = asyncio.get_running_loop().create_future()
        self._waiting[number] = websocket, answered
        try:
            await websocket.send_text(json.dumps({"id": number, **asked}))
            answer: dict[str, Any] = await answered
        except (RuntimeError, WebSocketDisconnect, ConnectionError):
            message = "the test process hung up before it answered"
            raise ConnectionError(message) from None
        finally:
            self._waiting.pop(number, None)
        return answer

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Any method: a route may use one that is not on HTTP's own list."""
        response = await self._ask(Request(scope, receive))
        await response(scope, receive, send)

    async def _ask(self, request: Request) -> Response:
        index, *parts = _raw_target(request).split("/", 4)
        if not index.isdecimal() or len(parts) < _LEAST_PARTS:
            return PlainTextResponse("the target must be /<index>/<scheme>/<host>/<port>/<path>", status_code=400)
        scheme, encoded, port, rest = (*parts, "")[:4]
        host = unquote(encoded)  # `[2001:db8::9]` is no segment of a path
        authority = host if (scheme, port) in _DEFAULT_PORTS else f"{host}:{port}"
        try:
            answer = await self._ask_test(
                {
                    "index": int(index),
                    "method": request.method,
                    "url": f"{scheme}://{authority}/{rest}",
                    "headers": [
                        [name.decode("latin-1"), value.decode("latin-1")] for name, value in request.headers.raw
                    ],
                    "body": base64.b64encode(await request.body()).decode(),
                },
            )
        except ConnectionError as error:
            return PlainTextResponse(str(error), status_code=503)
        body = b"" if answer["status"] in _WITHOUT_BODY else answer["body"]
        response = Response(body, status_code=answer["status"])
        # Exactly the answer's own headers, repeated ones too; the length is ours to say.
        response.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer["headers"]
        ] + [(name, value) for name, value in response.raw_headers if name == b"content-length"]
        return response

    async def _serve(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self._websocket = websocket
        try:
            while True:
                answer = _read_answer(await websocket.receive_text())
                _, answered = self._waiting.get(answer["id"], (None, None))
                if answered is not None and not answered.done():
                    answered.set_result(answer)
        except WebSocketDisconnect:
            pass
        except (ValueError, TypeError, KeyError) as error:
            # It cannot be attributed to a request: all that wait are told that the test process has hung up.
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await websocket.close(_INVALID, f"no answer: {error!r}"[:100])
        finally:
            if self._websocket is websocket:
                self._websocket = None
            for asked, answered in self._waiting.values():
                if asked is websocket and not answered.done():
                    answered.set_exception(ConnectionError())


def _read_answer(text: str) -> dict[str, Any]:
    answer = json.loads(text)
    return {
        "id": int(answer["id"]),
        "status": int(answer["status"]),
        "headers": [(str(name), str(value)) for name, value in answer["headers"]],
        "body": base64.b64decode(answer["body"]),
        "route": answer.get("route"),
    }


def _raw_target(request: Request) -> str:
    """Path and query as they were sent: decoding would lose what is a slash and what is `%2F`."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1").lstrip("/")
