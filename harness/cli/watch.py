"""``ocean-sandbox watch``: resync whenever a file is saved, and show what changed."""

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

import click

from harness.cli._common import run
from harness.cli._resync_options import SECTIONS, takes_asked
from sandbox.cli import output
from sandbox.cli.command import Command

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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document per run, each on one line; no keys.")
def command(asked: "Asked", *, as_json: bool) -> None:
    """Resync the integration in DIRECTORY now, and again whenever a file that the resync depends on is saved.

    Shows what has changed since the previous run: entities property by property, and calls to the third party; and
    problems, as `ocean-sandbox run` shows them. `ocean-sandbox up DIRECTORY` keeps a sandbox warm, which makes this faster.

    \b
    Keys, on a terminal:
      r  re-run
      s  write a stub for each unmatched request: unanswered.yaml
      a  accept the entities as the snapshot that later runs are
         compared with: tests/snapshots/<stub folder>.json
      q  quit, as Ctrl-C does
    """  # noqa: D301 # click takes the escape for what it is
    from sandbox.pool import prefetch  # noqa: PLC0415 # see _work.run

    prefetch.expect_more(more=True, same_code=False)
    with contextlib.suppress(KeyboardInterrupt):
        run(_watch(asked, as_json=as_json))


async def _watch(asked: "Asked", *, as_json: bool) -> None:
    from harness.cli.watching import keys  # noqa: PLC0415
    from harness.cli.watching.json_lines import JsonLines  # noqa: PLC0415
    from harness.cli.watching.screen import Screen  # noqa: PLC0415
    from harness.cli.watching.watcher import Watcher  # noqa: PLC0415

    has_keys = keys.are_there() and not as_json
    screen = JsonLines() if as_json else Screen(output.console(), has_keys=has_keys)
    watcher = Watcher(asked, screen, output.busy)
    with keys.pressed(watcher.press) if has_keys else contextlib.nullcontext():
        for number in (signal.SIGTERM, signal.SIGHUP):  # the terminal, too, is to be as it was
            asyncio.get_running_loop().add_signal_handler(number, watcher.press, keys.QUIT)
        await watcher.watch()
