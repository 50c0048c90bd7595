"""Begins a debugger in the integration's process, where the host asks for one by a variable of the environment.

debugpy is in a folder of its own, which only images that were built for this have.
"""

import os
import sys

from . import bridge

DEBUGGER = "OCEAN_SANDBOX_DEBUGGER"
# In the environment of `ocean sail`, whose process is the integration's; others that have the variable above are not.
HERE = "OCEAN_SANDBOX_TOOLS_HERE"
_PACKAGES = "/opt/ocean-sandbox/tools"


def begin() -> None:
    """Begin in this process, which is about to load the integration; waits until an editor has attached, if one is to."""
    if os.environ.get(DEBUGGER) == "pdb":
        from .breakpoints import stop_here  # noqa: PLC0415 # pdb takes its time to import

        sys.breakpointhook = stop_here
    if os.environ.get(DEBUGGER) == "debugpy":
        _attach_editor()


def begin_as_told() -> None:
    """The same in a Python that was started for the integration."""
    if os.environ.pop(HERE, None):
        begin()


def _attach_editor() -> None:
    sys.path.append(_PACKAGES)
    # What is frozen into Python cannot be stopped in, and debugpy would say so on each start.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    import debugpy  # noqa: PLC0415, T100 # what was asked for

    # Ocean forks for JQ expressions; each fork would wait for an editor of its own.
    debugpy.configure(subProcess=False)
    debugpy.listen((bridge.HOST, bridge.EDITOR))  # noqa: T100
    debugpy.wait_for_client()  # noqa: T100
