"""The outcome of a live event or action run, read from the runner's answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.errors import ActionError, EventPathError, EventTimeoutError, ResyncCrashedError, SandboxError
from sandbox.resync.report import RemoteFailure


@dataclass(frozen=True)
class Outcome:
    """What came of one event.

    Args:
        failures: What Ocean, or a processor, failed with.
        calls: The numbers of the calls to Port that were made for it, as the Port mock counts them.
        logs: What was logged about it, one entry per line.
        egress: As in :class:`sandbox.resync.report.Report`.
        status: The HTTP status of the answer to a webhook.
        body: Its body.
        was_queued: Whether it went to Ocean's queue; a route of the integration's own processes what it gets at once.
        succeeded: Whether Ocean calls it a success.
        not_taken: Why no processor took it; empty where one did.
    """

    failures: list[RemoteFailure]
    calls: list[int]
    logs: list[str]
    egress: list[tuple[str, int | None]]
    status: int = 0
    body: str = ""
    was_queued: bool = True
    succeeded: bool = True
    not_taken: str = ""


@dataclass(frozen=True)
class Asked:
    """What was asked of the integration, for messages.

    Args:
        what: Such as ``POST /integration/webhook``.
        doing: What it had to do, such as ``processed``.
        source: The integration's directory.
        seconds: How long it had.
        log: The end of the integration's log.
    """

    what: str
    doing: str
    source: Path
    seconds: float
    log: str = ""

    def outcome(self, answer: dict[str, Any]) -> Outcome:
        """What the runner answered.

        Raises:
            EventTimeoutError: It took too long; the message says where it stands.
            EventPathError: Nobody listens there.
            ActionError: Nobody executes that.
            ResyncCrashedError: The integration has ended.
        """
        match answer["event"]:
            case "delivered" | "executed":
                return Outcome(
                    failures=[RemoteFailure.read(error) for error in answer["errors"]],
                    calls=answer["calls"],
                    logs=answer["lines"],
                    egress=[(host, port) for host, port in answer.get("egress", [])],
                    status=answer.get("status", 0),
                    body=answer.get("body", ""),
                    was_queued=answer.get("queued", True),
                    succeeded=answer.get("succeeded", True),
                    not_taken=answer["not_taken"],
                )
            case "late":
                raise EventTimeoutError(
                    f"The integration at {self.source} had not {self.doing} {self.what} after {self.seconds:g} s: "
                    f"{answer['stage']}.",
                    remedy="it is still running; what it is waiting for is below. timeout=…, or OCEAN_SANDBOX_EVENT_TIMEOUT, gives it "
                    "more time.",
                    detail="\n".join([*answer["lines"], "", "The end of its log:", self.log]),
                )
            case "unknown path":
                there = ", ".join(answer["paths"]) or "none"
                raise EventPathError(
                    f"The integration at {self.source} does not serve {self.what}.",
                    remedy=f"deliver it to a path that it serves: {there}; or register one with "
                    "ocean.add_webhook_processor in its main.py.",
                )
            case "no executor":
                there = ", ".join(answer["executors"]) or "none"
                raise ActionError(
                    f"The integration at {self.source} has no executor for {self.what}; Ocean failed the run.",
                    remedy=f"run an action that it has an executor for: {there}; or register one with "
                    "ocean.register_action_executor in its main.py.",
                )
            case "landed":
                raise ResyncCrashedError(
                    f"The integration at {self.source} ended before it had {self.doing} {self.what}: exit code "
                    f"{answer['code']}.",
                    remedy="see the end of its log below.",
                    detail=self.log,
                )
            case _:
                raise SandboxError(
                    f"The runner could not have {self.what} {self.doing}.",
                    remedy="see what it says below.",
                    detail="\n".join(error["traceback"] for error in answer.get("errors", [])) or str(answer),
                )
