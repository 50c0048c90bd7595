"""What the runner reports about a resync, as read by the host."""

from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class RemoteFailure:
    """One error that the runner reported.

    Args:
        type: Qualified name of the exception's class.
        module: The class's module.
        message: ``str()`` of the exception.
        arguments: Its ``args`` where all are plain values, else None.
        traceback: As Python prints it, in the container.
        kind: The kind that was being resynced, where it is known.
        exchange: For an httpx error: ``method``, ``url``, ``status``, ``headers`` and ``body`` (base64) of what failed.
        cause: The error that it was raised from.
    """

    type: str
    module: str
    message: str
    arguments: list[Any] | None
    traceback: str
    kind: str | None
    exchange: dict[str, Any] | None = None
    cause: "RemoteFailure | None" = None

    @classmethod
    def read(cls, reported: dict[str, Any]) -> Self:
        """What the runner reported, as :func:`runner.report.describe` says it."""
        cause = reported["cause"]
        return cls(**{**reported, "cause": cls.read(cause) if cause else None})


@dataclass(frozen=True)
class Report:
    """What the runner says of a resync.

    Args:
        success: Whether reconciliation succeeded.
        failures: The errors that the resync raised.
        egress: Host and port of each attempt to reach the outside that the runner saw, since the boot.
        exit_code: Of ``ocean sail``; it says nothing of the resync (0 either way), and Port was told the rest. None for
            the entry ``resync``.
        most_memory: The largest resident set of the integration's largest process, bytes; None where it is not known.
    """

    success: bool
    failures: list[RemoteFailure] = field(default_factory=list)
    egress: list[tuple[str, int | None]] = field(default_factory=list)
    exit_code: int | None = None
    most_memory: int | None = None
