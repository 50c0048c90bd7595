"""``harness.routes.transport``, by the name that the in-process harness has for it."""

from harness.routes.transport import *  # noqa: F403 # whatever is public there
