"""``harness.pytest_plugin.base``, by the name that the in-process harness has for it."""

from harness.pytest_plugin.base import *  # noqa: F403 # whatever is public there
