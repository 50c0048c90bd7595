"""The pytest plugin, by the name that tests written by ``init`` import."""

import sys

from harness.pytest_plugin import plugin

# The module itself: pytest must not meet its hooks twice.
sys.modules[__name__] = plugin
