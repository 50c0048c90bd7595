"""Answers, from the test process, the requests that WireMock cannot answer."""

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from harness.routes.header_values import to_bytes, to_text
from harness.routes.request_bodies import request_of
from harness.routes.sent_url import SentURL, as_sent
from harness.routes.transport import InterceptTransport, Route, RouteFault, raw_content
from harness.stubs.mappings import (
    FAULT_HEADER,
    LARGE,
    LARGE_HEADER,
    PASS_HEADER,
    TRUNCATED,
    UNMATCHED_HEADER,
    sent,
)
from sandbox.errors import EngineError, SandboxError
from sandbox.services.wiremock import WireMock

_AT_ONCE = 16
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "proxy-connection"})


class Answerer:
    """Serves a transport's routes over the relay's websocket, in the event loop of the test.

    An exception in a callable is kept, for the harness to raise in the test; the request gets a 500 at once.

    Args:
        transport: Whose routes answer.
        url: The relay's websocket.
        token: What it asks for.
        wiremock: Asked for what no route wants, which the stub files may answer; None without any.
        on_error: Called with an exception that a callable or predicate raised.
        death: Says why the relay hung up, if a container of the sandbox has died: see :meth:`sandbox.resync.sandbox.Sandbox.death`.
        large: Where to keep the large bodies that it answers with, by the value of ``LARGE_HEADER``.
    """

    def __init__(
        self,
        transport: InterceptTransport,
        url: str,
        token: str,
        *,
        wiremock: WireMock | None,
        on_error: Any,
        death: Callable[[], SandboxError | None],
        large: dict[str, bytes] | None = None,
    ) -> None:
        self._transport = transport
        self._url = url
        self._token = token
        self._wiremock = wiremock
        # No time limit, since WireMock may be told to wait. It is never TLS, and to read the CAs for it takes 30 ms a test.
        self._client = httpx.AsyncClient(trust_env=False, timeout=None, verify=False)  # noqa: S113, S501
        self._on_error = on_error
        self._death = death
        self._large = {} if large is None else large
        self._connection: ClientConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._passing = asyncio.Semaphore(_AT_ONCE)
        self._closing = False

    async def __aenter__(self) -> Self:
        try:
            self._connection = await connect(
                self._url,
                additional_headers={"Authorization": f"Bearer {self._token}"},
                max_size=None,
                compression=None,
                proxy=None,
                ping_interval=None,
            )
        except (OSError, WebSocketException) as error:
            raise await self._why_hung_up(f"does not accept the connection ({type(error).__name__}: {error})") from None
        self._spawn(self._serve(self._connection))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        if self._connection is not None:
            await self._connection.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                # A task each: a route with a delay must not hold up the others.
                self._spawn(self._answer(connection, json.loads(message)))
        if not self._closing:
            self._on_error(await self._why_hung_up("closed the connection"))

    async def _why_hung_up(self, what: str) -> SandboxError:
        return await asyncio.to_thread(self._death) or EngineError(
            f"The Port mock {what} over which the test process answers for some routes.",
            remedy="run the test again; later tests get another sandbox.",
        )

    async def _answer(self, connection: ClientConnection, asked: dict[str, Any]) -> None:
        try:
            answer = await self._answer_of(asked)
        except httpx.InvalidURL as error:  # such as `OPTIONS *`: there is nothing that a route could match
            answer = {**_plain(400, f"No URL that a route could match: {error}"), "route": None}
        except httpx.TransportError as fault:
            # A fault of the third party, which the test means: the connection breaks.
            answer = _broken("connection_reset", f"{type(fault).__name__}: {fault}")
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 # the test is to see it; pytest.fail() is no Exception
            self._on_error(error)
            answer = _plain(500, f"{type(error).__name__}: {error}")
        with contextlib.suppress(ConnectionClosed):
            await connection.send(json.dumps({"id": asked["id"], **answer}))

    async def _answer_of(self, asked: dict[str, Any]) -> dict[str, Any]:
        headers = [(to_bytes(name), to_bytes(value)) for name, value in asked["headers"]]
        headers = [pair for pair in headers if to_text(pair[0]).lower() not in _HOP_BY_HOP]
        content = base64.b64decode(asked["body"])
        method, url, target = asked["method"], SentURL(asked["url"]), asked.get("target")
        request = as_sent(request_of(method, url, headers, content), method, target)
        route = self._transport.find_route(request, asked["index"])
        if route is None:
            as_it_came = as_sent(httpx.Request(method, url, headers=headers, content=content), method, target)
            response, fault = await self._from_stub_files(as_it_came), ""
        else:
            response, fault = await _answer_of(route, request)
        number = None if route is None else self._transport.routes.index(route)
        if fault and fault != TRUNCATED:
            return {**_broken(fault, f"the route's fault: {fault}"), "route": number}
        content, kept = sent(raw_content(response), response.headers.raw, is_truncated=fault == TRUNCATED)
        kept = [pair for pair in kept if pair[0].lower() not in _HOP_BY_HOP]
        if len(content) > LARGE:
            large = str(len(self._large) + 1)
            self._large[large] = content
            kept.append((LARGE_HEADER, large))
        return {
            "status": response.status_code,
            "headers": kept,
            "body": base64.b64encode(content).decode(),
            "route": number,
        }

    async def _from_stub_files(self, request: httpx.Request) -> httpx.Response:
        if self._wiremock is None:
            return httpx.Response(404, content=b"No route matched", headers={UNMATCHED_HEADER: "1"})
        request.headers[PASS_HEADER] = "1"
        # WireMock waits for this answer with a thread, and needs another for what is asked here.
        async with self._passing:
            response = await self._client.send(self._wiremock.addressed(request), stream=True)
            content = b"".join([chunk async for chunk in response.aiter_raw()])
            await response.aclose()
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(content))


async def _answer_of(route: Route, request: httpx.Request) -> tuple[httpx.Response, str]:
    """A route's answer, and the fault that it is; empty for none."""
    try:
        return await route.respond(request), ""
    except RouteFault as fault:
        return fault.response, fault.fault


def _broken(fault: str, text: str) -> dict[str, Any]:
    """An answer in whose place the front breaks the connection; the call log has what it says."""
    return {**_plain(502, text), "headers": [(FAULT_HEADER, fault)]}


def _plain(status: int, text: str) -> dict[str, Any]:
    return {"status": status, "headers": [], "body": base64.b64encode(text.encode()).decode()}
