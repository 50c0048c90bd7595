"""What the integration tried to reach outside the sandbox, put together from the two places that see it.

The runner (``sandbox/runner/egress.py``) sees what Python connects to, with its port. The Port mock, which is the closed
network's name server (``sandbox/port_mock/names.py``), sees what anyone asks for by name, and knows no port.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class EgressAttempt:
    """One host outside the sandbox that the integration tried to reach, and did not.

    A request that goes through the proxy is none: WireMock answers it, and it is among the third-party calls.

    Attributes:
        host: A name in lower case, as DNS writes it (``xn--…`` for other scripts), or an address.
        port: The port, or None where only the name was seen: a look-up by itself, or by a client that is not Python's
            own (gRPC, librdkafka, a program that the integration started).
    """

    host: str
    port: int | None = None

    def __str__(self) -> str:
        """``db.example.org:5432``, ``[2001:db8::1]:443``, or the host alone."""
        if self.port is None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def merge(seen: Iterable[Sequence[str | int | None]], names: Iterable[str]) -> list[EgressAttempt]:
    """The attempts that the runner saw, then the names of which only the name server knows.

    Args:
        seen: Host and port of each, as the runner reports them.
        names: Names that were asked for.
    """
    attempts = [EgressAttempt(str(host), None if port is None else int(port)) for host, port in seen]
    known = {attempt.host for attempt in attempts}
    return attempts + [EgressAttempt(name) for name in dict.fromkeys(names) if name not in known]


def with_attempts(detail: str, runner: Iterable[Sequence[str | int | None]]) -> str:
    """``detail``, and what the integration had tried to reach before, which may well be why it ended.

    Args:
        detail: What else there is to say of its end.
        runner: As for :func:`merge`.
    """
    tried = ", ".join(map(str, merge(runner, [])))
    return f"{detail}\nIt had tried to reach, outside the sandbox: {tried}" if tried else detail
