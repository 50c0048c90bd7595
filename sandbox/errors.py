"""What can go wrong in a sandbox: every error says what happened, where, and what to do."""


class SandboxError(Exception):
    """An error of the sandbox itself, not of the integration under test.

    Args:
        what: What happened, and where, in a sentence.
        remedy: What to do about it.
        detail: Output that explains it (an installer's error, the end of a log), shown below.
    """

    def __init__(self, what: str, *, remedy: str = "", detail: str = "") -> None:
        self.what = what
        self.remedy = remedy
        self.detail = detail.strip()
        parts = [what]
        if remedy:
            parts.append(f"What to do: {remedy}")
        if self.detail:
            parts.append("\n".join(f"  | {line}" for line in self.detail.splitlines()))
        super().__init__("\n".join(parts))


class EngineError(SandboxError):
    """No engine answers, or it cannot do what was asked."""


class EngineUnreachableError(EngineError):
    """The engine went away or does not answer: neither the integration nor the test is at fault."""


class ContainerDiedError(EngineError):
    """A container that a sandbox is made of died while the sandbox was in use."""


class ImageError(SandboxError):
    """An image could not be built or pulled."""


class IntegrationError(SandboxError):
    """The integration could not be started: its files, its configuration or its ``main.py``."""


class ResyncTimeoutError(SandboxError):
    """The resync did not finish in time."""


class ResyncCrashedError(SandboxError):
    """The resync container died before the resync ended."""


class EventTimeoutError(SandboxError):
    """A live event was not processed, or an action run not executed, in time."""


class EventPathError(SandboxError):
    """A webhook was delivered to a path that the integration does not serve."""


class ActionError(SandboxError):
    """An action run cannot be executed: there is no executor for the action."""
