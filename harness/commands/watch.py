"""``ocean-sandbox watch``: resync whenever a file is saved, and say what differs."""

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

import click

from harness.commands._asked import SECTIONS, takes_asked
from harness.commands._work import run
from sandbox import output
from sandbox.command import Command

if TYPE_CHECKING:
    from harness.running.directory_run import Asked


@click.command(
    cls=Command,
    done="quit",
    stopped="",
    examples=["ocean-sandbox watch integrations/github"],
    sections=SECTIONS,
)
@takes_asked
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document a line for each run; no keys.")
def command(asked: "Asked", *, as_json: bool) -> None:
    """Resync the integration in DIRECTORY now, and again whenever a file that the resync depends on is saved.

    Shown is what is different since the run before: entities property by property, calls to the third party; and what
    is wrong, as `ocean-sandbox run` shows it. A sandbox that `ocean-sandbox up DIRECTORY` keeps warm makes it quick.

    \b
    Keys, on a terminal:
      r  re-run
      s  write a stub for each request that lacks one: unanswered.yaml
      a  accept the entities as the snapshot, from which on what is other
         is shown: tests/snapshots/<stub folder>.json
      q  quit, as Ctrl-C does
    """  # noqa: D301 # click takes the escape for what it is
    from sandbox import demand  # noqa: PLC0415 # see _work.run

    demand.expect_more(more=True)
    with contextlib.suppress(KeyboardInterrupt):
        run(_watch(asked, as_json=as_json))


async def _watch(asked: "Asked", *, as_json: bool) -> None:
    from harness.watching import keys  # noqa: PLC0415
    from harness.watching.json_lines import JsonLines  # noqa: PLC0415
    from harness.watching.screen import Screen  # noqa: PLC0415
    from harness.watching.watcher import Watcher  # noqa: PLC0415

    has_keys = keys.are_there() and not as_json
    screen = JsonLines() if as_json else Screen(output.console(), has_keys=has_keys)
    watcher = Watcher(asked, screen, output.busy)
    with keys.pressed(watcher.press) if has_keys else contextlib.nullcontext():
        for number in (signal.SIGTERM, signal.SIGHUP):  # the terminal, too, is to be as it was
            asyncio.get_running_loop().add_signal_handler(number, watcher.press, keys.QUIT)
        await watcher.watch()
