"""The Port mock, as the front talks to it: it hears what is refused, and has the test process answer what WireMock cannot."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from .http1 import END, MessageError, Response, read_body

_SECONDS = 5.0
_OK = 200
_ORIGIN = re.compile(rb"^[^/]*//[^/?]*")
_NOT_IN_A_URL = re.compile(rb"[\x00-\x20\x7f-\xff]")


@dataclass(frozen=True)
class Refusal:
    """What a client wanted that the sandbox does not answer.

    Args:
        host: The name, or the address, that it connected to.
        port: The port.
        protocol: What it spoke there, as a person calls it: ``gRPC``, ``WebSocket``, ``PostgreSQL``; empty where it is
            not known.
        reason: What else there is to say, such as the first bytes.
    """

    host: str
    port: int
    protocol: str
    reason: str = ""


class PortMock:
    """The control API.

    Args:
        host: Its address.
        port: Its port.
        token: What it asks for.
    """

    def __init__(self, host: str, port: int, token: str) -> None:
        self._host, self._port = host, port
        self._token = token
        self._reporting: set[asyncio.Task[None]] = set()

    async def report(self, refusal: Refusal) -> None:
        """Report a refusal, before the client hears of it, so that none is missing when its resync has ended.

        A Port mock that is gone has taken the sandbox with it.
        """
        await self._tell("/refusals", asdict(refusal))

    async def report_request(
        self, method: bytes, url: bytes, fields: list[tuple[bytes, bytes]], status: int, reason: str
    ) -> None:
        """Report a request that is refused, as far as it can be told, in the same way: it belongs into the call log.

        Args:
            method: Its method; ``-`` where there is none.
            url: Its URL.
            fields: Its headers.
            status: What it is answered with.
            reason: What is wrong with it.
        """
        await self._tell("/refused", {**_in_json(method, url, fields, b""), "status": status, "reason": reason})

    async def settle(self) -> None:
        """Return when everything that was to be reported is."""
        while self._reporting:
            await asyncio.wait(list(self._reporting))

    async def _tell(self, path: str, content: dict[str, Any]) -> None:
        """Tell it something, even where the connection that it is about is broken off meanwhile."""
        telling = asyncio.create_task(self._post_in_time(path, content))
        self._reporting.add(telling)
        telling.add_done_callback(self._reporting.discard)
        await asyncio.shield(telling)

    async def _post_in_time(self, path: str, content: dict[str, Any]) -> None:
        with contextlib.suppress(OSError, TimeoutError, MessageError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_SECONDS):
                await self._post(path, content)

    async def ask_test_process(
        self, method: bytes, url: bytes, fields: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[Response, bytes] | None:
        """Have the test process answer a request, whose URL stays as it was sent.

        Returns:
            The answer's head and its body; None where no test process is connected.
        """
        asked = _in_json(method, url, fields, body)
        try:
            status, content = await self._post("/direct", asked)
        except (OSError, MessageError, asyncio.IncompleteReadError):
            return None
        if status != _OK:
            return None
        answer = json.loads(content)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer["headers"]]
        return Response(_status_line(answer["status"]), headers), base64.b64decode(answer["body"])

    async def _post(self, path: str, content: dict[str, Any]) -> tuple[int, bytes]:
        body = json.dumps(content).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(head.encode() + body)
            response = Response.read(await reader.readuntil(END))
            return response.status, await read_body(response, reader, to_end=True)
        finally:
            writer.close()


def _status_line(status: int) -> bytes:
    """With the phrase that a server of the standard library has: clients show it in their errors."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:  # one that no standard knows
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}".encode()


def _in_json(method: bytes, url: bytes, fields: list[tuple[bytes, bytes]], body: bytes) -> dict[str, Any]:
    """A request in JSON: a character a byte."""
    return {
        "method": method.decode("latin-1"),
        # As a client of Python's writes it: what is not ASCII has no one meaning in a string.
        "url": _NOT_IN_A_URL.sub(lambda found: b"%%%02X" % found[0][0], url).decode(),
        "target": _ORIGIN.sub(b"", url).decode("latin-1"),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields],
        "body": base64.b64encode(body).decode(),
    }
