"""What the integration tried to reach that the sandbox does not answer, put together from the two places that see it.

The front (``sandbox/front``) gets every TCP connection, whoever the client, and refuses what is not HTTP. The runner
(``sandbox/runner/egress.py``) sees the datagrams that Python sends, which nothing receives.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EgressAttempt:
    """One host and port that the integration tried to reach, and that the sandbox does not answer.

    An HTTP request is none: WireMock answers it, and it is among the third-party calls.

    Attributes:
        host: A name in lower case, as DNS writes it (``xn--…`` for other scripts), or an address.
        port: The port; None where it is not known.
        protocol: What was spoken there, such as ``gRPC`` or ``PostgreSQL``; empty where that is not known.
        reason: What else there is to say, such as why a TLS handshake failed.
    """

    host: str
    port: int | None = None
    protocol: str = ""
    reason: str = ""

    def __str__(self) -> str:
        """``db.example.org:5432 (PostgreSQL)``, ``[2001:db8::1]:443``, or the host alone."""
        host = f"[{self.host}]" if ":" in self.host and self.port is not None else self.host
        place = host if self.port is None else f"{host}:{self.port}"
        what = ", ".join(filter(None, [self.protocol, self.reason]))
        return f"{place} ({what})" if what else place


def merge(seen: Iterable[Sequence[str | int | None]], refusals: Iterable[Mapping[str, Any]]) -> list[EgressAttempt]:
    """The attempts that the front refused, then those that only the runner saw.

    Args:
        seen: Host and port of each, as the runner reports them.
        refusals: As the front reports them.
    """
    refused = [EgressAttempt(str(each["host"]), each["port"], each["protocol"], each["reason"]) for each in refusals]
    sent = [EgressAttempt(str(host), None if port is None else int(port)) for host, port in seen]
    return refused + sent


def with_attempts(detail: str, attempts: Iterable[EgressAttempt]) -> str:
    """``detail``, and what the integration had tried to reach before, which may well be why it ended.

    Args:
        detail: What else there is to say of its end.
        attempts: What it tried.
    """
    tried = ", ".join(map(str, attempts))
    return f"{detail}\nIt had tried to reach what the sandbox does not answer: {tried}" if tried else detail
