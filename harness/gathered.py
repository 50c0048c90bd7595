"""What a sandbox has seen, asked of both its containers once something has come to its end."""

from dataclasses import dataclass
from typing import Any

from harness.journal import PortCall, ThirdPartyCall, third_party_calls
from harness.transport import RequestLog
from sandbox.sandbox import Sandbox


@dataclass(frozen=True)
class Gathered:
    """What the third party and Port were asked.

    Args:
        captured: What the Port mock kept, as :meth:`sandbox.port.Port.collected` says.
        journal: WireMock's own entries.
        calls: Third-party requests since the harness was started.
        unmatched: Those of them that nobody answered, from a given number on.
        to_port: Calls to Port.
    """

    captured: dict[str, Any]
    journal: list[dict[str, Any]]
    calls: list[ThirdPartyCall]
    unmatched: list[RequestLog]
    to_port: list[PortCall]


def gather(sandbox: Sandbox, since: int, large: dict[str, bytes]) -> Gathered:
    """Ask both containers.

    Args:
        sandbox: Whose.
        since: From which third-party request on the unmatched ones count.
        large: See :func:`harness.journal.third_party_calls`.
    """
    captured, journal = sandbox.port.collected(), sandbox.wiremock.journal()
    calls, unmatched = third_party_calls(journal, since, large)
    return Gathered(captured, journal, calls, unmatched, [PortCall(call) for call in captured["calls"]])
