"""The options that look into the integration: a debugger."""

import pytest

from harness import options
from harness.pytest_plugin import guard
from sandbox.resync import debugging


def add_options(group: pytest.OptionGroup) -> None:
    """``--sandbox-debug`` and ``--sandbox-debug-port``."""
    group.addoption(
        "--sandbox-debug",
        action="store_true",
        help="breakpoint() in the integration opens pdb in this terminal. Turns time limits off; not with pytest-xdist.",
    )
    group.addoption(
        "--sandbox-debug-port",
        type=int,
        metavar="PORT",
        help="Each integration that starts waits for an editor to attach with debugpy, at this port of the loopback.",
    )


def begin(config: pytest.Config) -> None:
    """Have integrations debugged, if the options say so; refuse what cannot be done before any test runs.

    Raises:
        pytest.UsageError: Several processes would do so.
        SandboxError: There is no terminal, or the port is in use.
    """
    port = config.getoption("sandbox_debug_port")
    if not (config.getoption("sandbox_debug") or port):
        return
    if guard.is_worker(config) or getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None):
        raise pytest.UsageError(
            "ocean-sandbox: a debugger has one terminal, and pytest-xdist starts several processes.\n"
            "What to do: add -n 0, and name the one test to debug."
        )
    options.set_options(debugger="debugpy" if port else "pdb", debug_port=port)
    debugging.check(options.settings_in_force())
