"""The result of a live event or an action run."""

from dataclasses import dataclass, field
from typing import Any

from harness.execution.result import ResyncResult

# Of statuses.
_LEAST_ERROR = 400


class EventNotTakenError(Exception):
    """No processor accepted a webhook. Ocean still answers it with 200, and logs a warning at most."""


class EventRefusedError(Exception):
    """The integration answered a webhook with an error, and did not process it."""


@dataclass(repr=False)
class LiveEventResult(ResyncResult):
    """The result of one webhook: the same fields as for a resync, for this event only.

    ``upserted_entities``, ``deleted_entities``, ``rejected_entities`` and ``unknown_port_calls`` are exactly those of the
    calls to Port that were made for this event, and ``logs`` what was logged about it, however many events are in
    progress. Third-party requests cannot be attributed like that: ``unmatched`` are the unmatched requests from
    the delivery on until the event was processed, whether they belong to this event or to one that was processed meanwhile.
    ``errors`` has what a processor, or Ocean after it, failed with, and :class:`EventNotTakenError` if no processor
    accepted the event. ``reconciliation_success`` says whether Ocean considers it processed; it does even if one of several
    processors fails. ``kinds`` is empty: Ocean does not count live events.

    Attributes:
        path: Where it was delivered to.
        status: The HTTP status that the integration answered with, before it processed it.
        body: The body of that answer.
        was_queued: Whether it went through Ocean's queue to a processor; False for a route of the integration's own
            (``ocean.router``), which has processed it when it answers.
    """

    path: str = ""
    status: int = 0
    body: str = ""
    was_queued: bool = True

    def _problems(self) -> list[str]:
        answered = [f"answered with {self.status} {self.body!r:.100}"] if self.status >= _LEAST_ERROR else []
        return [*answered, *super()._problems()]


@dataclass(repr=False)
class ActionResult(ResyncResult):
    """The result of one action run, or run of a workflow node; entities and logs as for :class:`LiveEventResult`.

    ``errors`` has what the executor raised, unless that was an ``ActionExecutionError``: with that, an executor reports
    in Port's own terms that the run failed.

    Attributes:
        action: The action's type: the executor's ``ACTION_NAME``.
        status: ``SUCCESS`` or ``FAILURE``, as reported to Port; for a workflow node its result, such as
            ``SUCCESS`` or ``FAILED``.
        run: The final state of the run in Port.
        run_logs: Its log messages in Port.
    """

    action: str = ""
    status: str = ""
    run: dict[str, Any] = field(default_factory=dict)
    run_logs: list[str] = field(default_factory=list)

    def _problems(self) -> list[str]:
        ended = [f"{self.action or 'the action'}: {self.status}"] if self.status not in ("", "SUCCESS") else []
        return [*ended, *super()._problems()]
