"""How an answer ends: what the test process wants done to the connection, which only the front holds.

WireMock sends the length that a body has, and breaks connections in its own ways only. So an answer says in headers of
ours what else is to happen, and the front takes these out and does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from .http1 import Response

_LENGTH, _FAULT = b"x-ocean-sandbox-length", b"x-ocean-sandbox-fault"
_TRUNCATED = b"truncated"


@dataclass
class Ending:
    """How one answer ends.

    Args:
        fault: ``connection_reset``, ``empty`` or ``garbage`` instead of the answer; empty for none.
        stated: What the answer says of its length; None where it says nothing.
        is_truncated: Whether it stops before that.
    """

    fault: bytes = b""
    stated: int | None = None
    is_truncated: bool = False

    @classmethod
    def of(cls, head: Response) -> Self:
        """What an answer says of its end, which is taken out of its headers."""
        number, _, word = head.take(_LENGTH).partition(b" ")
        return cls(head.take(_FAULT), int(number) if number.isdigit() else None, word == _TRUNCATED)

    def states_length(self, method: bytes) -> bool:
        """Whether the answer to a request with this method is to state a length of its own."""
        return self.stated is not None and (method == b"HEAD" or self.is_truncated)
