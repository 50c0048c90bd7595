"""``ocean-sandbox discover``: record a resync against the real API."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.commands._work import DIRECTORY, run, timeout_option
from sandbox import output
from sandbox.command import Command, json_option

if TYPE_CHECKING:
    from harness.discovery.discover import Discovery


@click.command(
    cls=Command,
    done="recorded; what the resync raised is told on stderr",
    examples=["ocean-sandbox discover integrations/github"],
)
@click.argument("directory", default=".", type=DIRECTORY)
@click.option("--keep-personal-data", is_flag=True, help="Write e-mail addresses and people's names as they are.")
@timeout_option
@json_option
def command(directory: Path, *, keep_personal_data: bool, timeout: float, as_json: bool) -> None:
    """Run a resync of the integration in DIRECTORY against the real API, and record it.

    It calls the real API, as `ocean-sandbox verify` does, and no other command. Credentials are those of DIRECTORY/.env
    and of the environment (OCEAN__INTEGRATION__CONFIG__…); without any, every request is answered with 404.

    What was said is written to .port/resources/discovery.json, without secrets, and whole or not at all. DIRECTORY is the
    working directory by default.
    """
    from harness.discovery.discover import discover  # noqa: PLC0415 # see _work.run
    from sandbox import settings  # noqa: PLC0415

    in_force = settings.load(resync_timeout=timeout)
    done = run(discover(directory.resolve(), in_force, keep_personal_data=keep_personal_data))
    if as_json:
        output.show_json(asdict(done))
    else:
        _show(done)


def _show(done: "Discovery") -> None:
    for kind in done.kinds:
        click.echo(f"  {kind}")
    for host, count in sorted(done.hosts.items()):
        click.echo(f"  {host}: {count} calls")
    for error in done.errors:
        click.echo(f"the resync raised {error}", err=True)
    for warning in done.warnings:
        click.echo(f"mind: {warning}", err=True)
    click.echo(
        f"{done.file}: {done.calls} calls, {done.entities} entities; {done.secrets} secrets replaced by placeholders, "
        f"{done.people} names and addresses of people by made-up ones"
    )
