"""WireMock, as the front asks it: each request by its whole URL, in plain HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .http1 import LARGEST_HEAD


@dataclass
class Connection:
    """A connection to WireMock."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def is_usable(self) -> bool:
        """Whether WireMock has not closed it in the meantime."""
        return not (self.reader.at_eof() or self.writer.is_closing())

    def close(self) -> None:
        """Close it; returns at once."""
        self.writer.close()


class Upstream:
    """Opens connections to WireMock.

    Args:
        host: Its address.
        port: Its port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def connect(self) -> Connection:
        """A new connection.

        Raises:
            OSError: It does not listen, so the sandbox has ended.
        """
        return Connection(*await asyncio.open_connection(self._host, self._port, limit=LARGEST_HEAD))
