"""What a live event, or an action run, came to."""

from dataclasses import dataclass, field
from typing import Any

from harness.result import ResyncResult


class EventNotTakenError(Exception):
    """No processor took a webhook. Ocean answers it with 200 all the same, and logs a warning at most."""


class EventRefusedError(Exception):
    """The integration answered a webhook with an error, and did not process it."""


@dataclass
class LiveEventResult(ResyncResult):
    """What one webhook came to: the same as of a resync, of this event alone.

    ``upserted_entities``, ``deleted_entities``, ``rejected_entities`` and ``unknown_port_calls`` are exactly those of the
    calls to Port that were made for this event, and ``logs`` what was logged about it, however many events are under
    way. What the third party saw is not told apart like that: ``unmatched`` are the requests that nobody answered from
    the delivery on until the event was processed, be they of this event or of one that was processed meanwhile.
    ``errors`` has what a processor, or Ocean after it, failed with, and :class:`EventNotTakenError` where no processor
    took the event. ``reconciliation_success`` says whether Ocean calls it processed; where one of several processors
    fails, it does. ``kinds`` is empty: Ocean does not count live events.

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


@dataclass
class ActionResult(ResyncResult):
    """What one action run, or run of a workflow's node, came to; entities and logs as for :class:`LiveEventResult`.

    ``errors`` has what the executor raised, unless that was an ``ActionExecutionError``: with that an executor says, in
    Port's own terms, that the run failed.

    Attributes:
        action: The action's type, as the executor's ``ACTION_NAME`` says it.
        status: ``SUCCESS`` or ``FAILURE``, as the integration told Port; of a workflow's node its result, such as
            ``SUCCESS`` or ``FAILED``.
        run: The run, as it is in Port in the end.
        run_logs: What was logged about it in Port: a message each.
    """

    action: str = ""
    status: str = ""
    run: dict[str, Any] = field(default_factory=dict)
    run_logs: list[str] = field(default_factory=list)
