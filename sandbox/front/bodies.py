"""Bodies of requests, which are bounded: nobody may fill WireMock's heap, or this container, by uploading.

Up to a limit, a body reaches routes and stubs whole. Past it, it is read to its end, and its length and hash stand for it,
in a header in place of the body; harness/routes/request_bodies.py reads that.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

LARGEST = 1_000_000
"""Bytes of a body that is passed on. The test process knows the number, too: harness/routes/request_bodies.py."""
_HEADER = b"X-Ocean-Sandbox-Body"
_FRAMING = frozenset((b"content-length", b"transfer-encoding"))


@dataclass
class Body:
    """A body, as far as it has come."""

    _content: bytearray = field(default_factory=bytearray)
    length: int = 0
    _hash: Any = None

    def add(self, data: bytes) -> None:
        """Take what comes next."""
        self.length += len(data)
        if self._hash is None:
            self._content += data
            if self.length > LARGEST:
                self._hash = hashlib.sha256(self._content)
                self._content.clear()
        else:
            self._hash.update(data)

    @property
    def content(self) -> bytes:
        """All of it; nothing where it is too large."""
        return bytes(self._content)

    def fields(self, fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers of its request, as they go on: those given, and where it is too large, what there is to say of it."""
        if self._hash is None:
            return fields
        framing = b"chunked" if any(name.lower() == b"transfer-encoding" for name, _ in fields) else b"length"
        told = b"%d %b %b" % (self.length, self._hash.hexdigest().encode(), framing)
        return [
            *(each for each in fields if each[0].lower() not in _FRAMING),
            (_HEADER, told),
            (b"Content-Length", b"0"),
        ]
