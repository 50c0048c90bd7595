"""``ocean-sandbox discover``: record a resync against the real API."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli._common import DIRECTORY, run, timeout_option
from sandbox.cli import output
from sandbox.cli.command import Command, json_option
from sandbox.cli.exit_codes import DONE, FOUND
from sandbox.sizes import count as counted

if TYPE_CHECKING:
    from harness.recording.discover import Discovery

_PLACES = 4


@click.command(
    cls=Command,
    done="recorded; stderr shows any errors of the resync",
    found="recorded, but some requests could not be, which stderr shows",
    examples=["ocean-sandbox discover integrations/github"],
)
@click.argument("directory", default=".", type=DIRECTORY)
@click.option("--keep-personal-data", is_flag=True, help="Keep e-mail addresses and people's names.")
@click.option(
    "--allow",
    "allowed",
    metavar="PATH",
    multiple=True,
    help="The place of a value that the leak scan took for a secret by mistake; [*] matches any index. Repeatable.",
)
@click.option(
    "--har", "archive", type=click.Path(dir_okay=False, path_type=Path), help="Write the requests as HAR, too."
)
@click.option("--force", is_flag=True, help="Overwrite the file that --har names.")
@timeout_option
@json_option
def command(
    directory: Path,
    *,
    keep_personal_data: bool,
    allowed: tuple[str, ...],
    archive: Path | None,
    force: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Record a resync of the integration in DIRECTORY against the real API.

    This and `ocean-sandbox verify` are the only commands that call the real API. Credentials come from DIRECTORY/.env
    and the environment (OCEAN__INTEGRATION__CONFIG__…); without any, every request is answered with 404.

    The recording goes to .port/resources/discovery.json, without secrets, and is written whole or not at all. DIRECTORY defaults
    to the working directory.
    """
    from harness.recording.discover import discover  # noqa: PLC0415 # see _work.run
    from sandbox import settings  # noqa: PLC0415

    in_force = settings.load(resync_timeout=timeout)
    done = run(
        discover(
            directory.resolve(),
            in_force,
            keep_personal_data=keep_personal_data,
            allowed=allowed,
            archive_file=archive,
            force=force,
        )
    )
    if as_json:
        output.show_json(asdict(done))
    else:
        _show(done)
    sys.exit(FOUND if done.lost else DONE)


def _show(done: "Discovery") -> None:
    for kind in done.kinds:
        click.echo(f"  {kind}")
    for host, calls in sorted(done.hosts.items()):
        click.echo(f"  {host}: {counted(calls, 'call')}")
    for error in done.errors:
        click.echo(f"the resync raised {error}", err=True)
    for request in done.lost:
        click.echo(f"not recorded: {request}", err=True)
    for warning in done.warnings:
        click.echo(f"note: {warning}", err=True)
    for what, places in done.replaced.items():
        named = [f"{place} ({count})" for place, count in list(places.items())[:_PLACES]]
        more = [f"{len(places) - _PLACES} more places"] if len(places) > _PLACES else []
        click.echo(f"  {what}: {sum(places.values())} replaced, in {', '.join([*named, *more])}")
    click.echo(
        f"{done.file}: {counted(done.calls, 'call')}, {counted(done.entities, 'entity', 'entities')}; "
        f"{counted(done.secrets, 'secret')} replaced by placeholders, "
        f"{done.people} names and addresses of people by made-up ones"
    )
