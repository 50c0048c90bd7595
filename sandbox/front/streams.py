"""Connections of clients as asyncio's streams, and how to break one off."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from dataclasses import dataclass

from .http1 import LARGEST_HEAD, copy_to_end

_HANDSHAKE_SECONDS = 30.0


@dataclass
class Client:
    """A connection of a client, decrypted where it speaks TLS.

    Args:
        reader: What it sends.
        writer: What it gets.
        first: Resolves to the first bytes that it sends, which the reader has as well; to nothing where it hangs up.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    first: asyncio.Future[bytes]

    @classmethod
    async def accept(cls, connection: socket.socket, context: ssl.SSLContext | None) -> Client:
        """Take over an accepted socket.

        Args:
            connection: The socket.
            context: For TLS; None for none.

        Raises:
            OSError: The client has gone, or the handshake has failed (``ssl.SSLError``).
        """
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LARGEST_HEAD, loop=loop)
        protocol = _Protocol(reader, loop)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            connection,
            ssl=context,
            ssl_handshake_timeout=None if context is None else _HANDSHAKE_SECONDS,
        )
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop), protocol.first)

    def reset(self) -> None:
        """Break it off as a peer that refuses it does: with RST, not FIN."""
        end = self.writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class _Protocol(asyncio.StreamReaderProtocol):
    """Tells what comes first, besides putting it into the reader."""

    def __init__(self, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(reader, loop=loop)
        self.first: asyncio.Future[bytes] = loop.create_future()

    def data_received(self, data: bytes) -> None:
        self._tell(data)
        super().data_received(data)

    def eof_received(self) -> bool | None:
        self._tell(b"")
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tell(b"")
        super().connection_lost(exc)

    def _tell(self, data: bytes) -> None:
        if not self.first.done():
            self.first.set_result(data)


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, up to its end."""
    with contextlib.suppress(OSError):
        await copy_to_end(reader, writer)
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof() if writer.can_write_eof() else writer.close()
