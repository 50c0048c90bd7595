"""``harness.execution.port_mock``, by the name that the in-process harness has for it."""

from harness.execution.port_mock import *  # noqa: F403 # whatever is public there
