"""``ocean-sandbox report``: write what happened in a resync to an HTML file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli._common import run
from harness.cli._resync_options import SECTIONS, takes_asked
from sandbox.cli import output
from sandbox.cli.command import Command, json_option
from sandbox.cli.exit_codes import DONE, FOUND
from sandbox.errors import SandboxError
from sandbox.sizes import count

if TYPE_CHECKING:
    from harness.running.directory_run import Asked, DirectoryRun, Run


@click.command(
    cls=Command,
    done="written; no problems",
    found="written; there were errors, unmatched requests, refused entities, kinds without entities, or differences from the accepted snapshot",
    examples=[
        "ocean-sandbox report integrations/github",
        "ocean-sandbox report . --kind repository --output trace.html",
    ],
    sections=SECTIONS,
)
@takes_asked
@click.option(
    "--output",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; default: .sandbox-traces/<name of DIRECTORY>.html.",
)
@click.option("--open", "opens", is_flag=True, help="Open it in the default browser.")
@json_option
def command(asked: "Asked", *, file: Path | None, opens: bool, as_json: bool) -> None:
    """Resync the integration in DIRECTORY in a sandbox, and write what happened to an HTML file.

    It shows the calls to the third party and to Port and the log on one timeline, each entity with the response it
    came from and its mapping step by step, and all problems. Open it in a browser; it needs no network. A second
    resync fetches the raw items. DIRECTORY defaults to the working directory.
    """
    from harness.diagnosis.accepted import Accepted  # noqa: PLC0415
    from harness.diagnosis.outcome import outcome_of  # noqa: PLC0415 # see _work.run
    from harness.options import settings_in_force  # noqa: PLC0415
    from harness.running import summary  # noqa: PLC0415
    from harness.running.directory_run import DirectoryRun  # noqa: PLC0415
    from harness.trace import file as files  # noqa: PLC0415
    from harness.trace import of_directory  # noqa: PLC0415

    directory = asked.directory.resolve()
    with output.busy(f"resyncing {directory.name}"):
        done, items = run(_resynced(DirectoryRun(asked)))
        accepted = Accepted(directory, done.read.folders, asked)
        html = of_directory.page_of(done, items, accepted)
    is_ours, file = file is None, file or settings_in_force().trace_folder / f"{directory.name}.html"
    try:
        files.keep(html, file, is_ours=is_ours)
    except OSError as error:
        raise SandboxError(f"{file} cannot be written: {error.strerror}.", remedy="fix --output.") from error
    found = summary.problems(done)
    if accepted.difference(outcome_of("now", done.result)):
        found.append(f"different from the snapshot {accepted.file.name}")
    entities = count(len(done.result.upserted_entities), "entity", "entities")
    calls = count(len(done.calls), "call", "calls")
    text = (
        f"{directory.name}: {', '.join([entities, calls, *(found or ['all is well'])])}\n"
        f"{file} shows everything, in a browser"
    )
    said = {"ok": not found, "problems": found, "file": str(file.resolve()), "bytes": len(html.encode())}
    output.show(said, text, as_json=as_json)
    if opens and click.launch(str(file.resolve())) != 0:
        click.echo(f"no browser could be started; open {file.resolve()} in one", err=True)
    sys.exit(FOUND if found else DONE)


async def _resynced(directory: "DirectoryRun") -> "tuple[Run, list[list[object]] | None]":
    """The resync that is shown, and one more for the raw items, which Ocean does not keep."""
    from harness.diagnosis.explain import raw_items  # noqa: PLC0415
    from harness.diagnosis.explained_run import explained  # noqa: PLC0415

    done = await directory.run()
    try:
        items = await raw_items(directory, done.read)
    except SandboxError:  # what there is to show is there; the items are looked for in the answers then
        return done, None
    return await explained(directory, done, items), items
