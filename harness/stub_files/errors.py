"""What can be wrong with a stub file."""

from sandbox.errors import SandboxError


class StubFileError(SandboxError):
    """A stub file, or the folder it should be in, is not as it must be."""
