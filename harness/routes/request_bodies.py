"""Bodies of requests that are too large to be kept: their length and hash stand for them.

The front reads such a body to its end, and has a header in its place (sandbox/front/bodies.py). So do WireMock's journal and
the Port mock, once they have kept enough.
"""

import re
from dataclasses import dataclass
from typing import Any

import httpx

LARGEST = 1_000_000
"""Bytes of a body up to which routes and stubs see it: as in sandbox/front/bodies.py."""
HEADER = b"x-ocean-sandbox-body"
_TOLD = re.compile(rb"(\d+) ([0-9a-f]{64}) (chunked|length)")
_EXTENSION = "ocean_sandbox_body"


@dataclass(frozen=True)
class LargeBody:
    """A body that was not kept.

    Attributes:
        length: Its length in bytes.
        sha256: Its SHA-256, in hexadecimal digits.
    """

    length: int
    sha256: str

    def __str__(self) -> str:
        return f"<{self.length:,} bytes that were not kept, SHA-256 {self.sha256}>"

    @property
    def is_unseen(self) -> bool:
        """Whether nothing that looks at bodies has seen it."""
        return self.length > LARGEST


def request_of(method: str, url: Any, headers: list[tuple[bytes, bytes]], content: bytes) -> httpx.Request:
    """A request as the integration sent it; where its body was not kept, its content says so, and :func:`large_body`."""
    told = next((found for name, value in headers if name.lower() == HEADER if (found := _TOLD.fullmatch(value))), None)
    if told is None:
        return httpx.Request(method, url, headers=headers, content=content)
    large = LargeBody(int(told[1]), told[2].decode())
    kept = [pair for pair in headers if pair[0].lower() not in (HEADER, b"content-length", b"transfer-encoding")]
    is_chunked = told[3] == b"chunked"
    kept.append((b"transfer-encoding", told[3]) if is_chunked else (b"content-length", told[1]))
    request = httpx.Request(method, url, headers=kept, content=str(large).encode(), extensions={_EXTENSION: large})
    if is_chunked:
        del request.headers["content-length"]  # httpx's own, of what stands for the body
    return request


def large_body(request: httpx.Request) -> LargeBody | None:
    """What there is to say of a body that was not kept; None where the request has its body, or none."""
    found = request.extensions.get(_EXTENSION)
    return found if isinstance(found, LargeBody) else None
