"""``ocean-sandbox debug``: resync once, and let a debugger into the integration."""

import sys
from typing import TYPE_CHECKING

import click

from harness.cli._common import run
from harness.cli._resync_options import SECTIONS, takes_asked
from sandbox.cli import output
from sandbox.cli.command import Command
from sandbox.cli.exit_codes import DONE, FOUND

if TYPE_CHECKING:
    from harness.running.directory_run import Asked


@click.command(
    cls=Command,
    done="all is well",
    found="there were errors, unmatched requests, refused entities, or kinds without entities",
    examples=["ocean-sandbox debug integrations/github", "ocean-sandbox debug . --debug-port 5678"],
    sections=SECTIONS,
)
@takes_asked
@click.option(
    "--debug-port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="Let an editor attach with debugpy, at this port of this machine's loopback; the integration waits for it.",
)
def command(asked: "Asked", *, debug_port: int | None) -> None:
    """Resync the integration in DIRECTORY once, in a sandbox, with a debugger.

    A breakpoint() in the integration opens pdb in this terminal; with --debug-port, an editor attaches instead. There are no
    time limits meanwhile. Then shows the outcome, as `ocean-sandbox run` does. DIRECTORY defaults to the working
    directory.
    """
    from harness.options import settings_in_force  # noqa: PLC0415 # see _work.run
    from harness.running import printing, summary  # noqa: PLC0415
    from harness.running.directory_run import DirectoryRun  # noqa: PLC0415
    from sandbox.resync import debugging  # noqa: PLC0415

    settings = settings_in_force(debugger="debugpy" if debug_port else "pdb", debug_port=debug_port)
    debugging.check(settings)
    done = run(DirectoryRun(asked, settings).run())
    printing.show(done, output.console())
    sys.exit(FOUND if summary.problems(done) else DONE)
