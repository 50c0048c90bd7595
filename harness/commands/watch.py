"""``ocean-sandbox watch``: resyncs a directory again whenever something changes, and says what is different then."""

import asyncio
import contextlib
import signal
import sys

import click

from harness import output
from harness.commands._asked import takes_asked
from harness.commands._work import run
from harness.running.directory_run import Asked
from harness.watching import keys
from harness.watching.screen import Screen
from harness.watching.watcher import Watcher
from sandbox import demand
from sandbox.errors import SandboxError

NOT_WATCHED = 3


@click.command()
@takes_asked
def command(asked: Asked) -> None:
    """Resync the integration in DIRECTORY now, and again whenever a file that the resync depends on is saved.

    Shown is what is different since the run before: entities property by property, calls to the third party; and what
    is wrong, as `ocean-sandbox run` shows it. A sandbox that `ocean-sandbox up DIRECTORY` keeps warm makes it quick.

    \b
    Keys, on a terminal:
      r  re-run
      s  write a stub for each request that lacks one into the stub folder, as unanswered.yaml
      a  accept the entities as the snapshot, tests/snapshots/<stub folder>.json: what is other than that is shown
         from then on
      q  quit, as Ctrl-C does

    Exit codes: 0 quit, 2 wrong usage, 3 it could not watch.
    """  # noqa: D301 # click takes the escape for what it is
    demand.expect_more(more=True)
    try:
        run(_watch(asked))
    except SandboxError as error:
        click.echo(f"ocean-sandbox: {error}", err=True)
        sys.exit(NOT_WATCHED)
    except KeyboardInterrupt:
        pass


async def _watch(asked: Asked) -> None:
    has_keys = keys.are_there()
    watcher = Watcher(asked, Screen(output.console(), has_keys=has_keys), output.busy)
    with keys.pressed(watcher.press) if has_keys else contextlib.nullcontext():
        for number in (signal.SIGTERM, signal.SIGHUP):  # the terminal, too, is to be as it was
            asyncio.get_running_loop().add_signal_handler(number, watcher.press, keys.QUIT)
        await watcher.watch()
