"""What a sandbox has recorded, collected from both its containers when a run has ended."""

from dataclasses import dataclass
from typing import Any

from harness.routes.transport import RequestLog
from harness.stubs.answer_failures import AnswerFailedError, answer_failures
from harness.stubs.journal import PortCall, ThirdPartyCall, third_party_calls, with_direct
from sandbox.resync.sandbox import Sandbox


@dataclass(frozen=True)
class Gathered:
    """What the third party and Port were asked.

    Args:
        captured: What the Port mock kept, as :meth:`sandbox.services.port.Port.collected` says.
        journal: WireMock's own entries.
        calls: Third-party requests since the harness was started.
        unmatched: The unmatched ones, from a given number on.
        to_port: Calls to Port.
        failures: What WireMock failed on when it answered those requests.
    """

    captured: dict[str, Any]
    journal: list[dict[str, Any]]
    calls: list[ThirdPartyCall]
    unmatched: list[RequestLog]
    to_port: list[PortCall]
    failures: list[AnswerFailedError]


def merged_journal(sandbox: Sandbox, captured: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Every third-party request, those that never came to WireMock among them.

    Args:
        sandbox: Whose.
        captured: What its Port mock kept, where that was asked for already.
    """
    captured = captured or sandbox.port.collected()
    return with_direct(sandbox.wiremock.journal(), captured["third_party"])


def gather(sandbox: Sandbox, since: int, large: dict[str, bytes]) -> Gathered:
    """Ask both containers.

    Args:
        sandbox: Whose.
        since: From which third-party request on the unmatched ones and failures count.
        large: See :func:`harness.stubs.journal.third_party_calls`.
    """
    captured = sandbox.port.collected()
    journal = merged_journal(sandbox, captured)
    calls, unmatched = third_party_calls(journal, since, large)
    to_port = [PortCall(call) for call in captured["calls"]]
    return Gathered(captured, journal, calls, unmatched, to_port, answer_failures(journal, since))
