"""What can be wrong with a document that is to be imported."""

from sandbox.errors import SandboxError


class SourceError(SandboxError):
    """A file that is to be imported cannot be read, or is not of a kind that can be imported."""
