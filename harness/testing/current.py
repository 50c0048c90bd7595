"""The harnesses of the running test, for who reports on them."""

from harness.testing import session
from harness.testing.harness import IntegrationTestHarness


def harnesses() -> list[IntegrationTestHarness]:
    """Those that the running test has started, and those still running from before (a class's, a module's)."""
    return [each for each in session.harnesses() if isinstance(each, IntegrationTestHarness)]
