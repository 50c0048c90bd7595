"""``harness.testing.harness``, by the name that the in-process harness has for it."""

from harness.testing.harness import *  # noqa: F403 # whatever is public there
