"""Has a Python that the integration starts tell what becomes of it; no more, and nothing that it would notice.

The runner watches its own processes; a variable tells another Python to do so, too. Another variable tells ``ocean sail``
to print its stacks when it is asked to, a third to tell what becomes of live events, a fourth to begin a debugger.
"""

import os

if "OCEAN_SANDBOX_EGRESS" in os.environ:
    from ocean_sandbox_runner.egress import watch_as_told

    watch_as_told()

if "OCEAN_SANDBOX_STACKS" in os.environ:
    from ocean_sandbox_runner.stacks import print_on_signal

    print_on_signal()

if "OCEAN_SANDBOX_NOTES" in os.environ:
    from ocean_sandbox_runner.event_probe import tell_as_told

    tell_as_told()

if "OCEAN_SANDBOX_TOOLS_HERE" in os.environ:
    from ocean_sandbox_runner.tools import begin_as_told

    begin_as_told()
