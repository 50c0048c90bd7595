"""``ocean-sandbox discover``: records a resync against the real API."""

from pathlib import Path

import click

from harness.commands._work import run
from harness.discovery.discover import Discovery, discover
from sandbox import settings


@click.command()
@click.argument("directory", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--keep-personal-data", is_flag=True, help="Write e-mail addresses and people's names as they are.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=3600,
    show_default=True,
    help="Seconds that the resync may take.",
)
def command(directory: Path, *, keep_personal_data: bool, timeout: float) -> None:
    """Run a resync of the integration in DIRECTORY against the real API, and record it.

    It calls the real API, as `ocean-sandbox verify` does, and no other command. Credentials are those of DIRECTORY/.env and of the environment
    (OCEAN__INTEGRATION__CONFIG__…); without any, every request is answered with 404. What was said is written to
    .port/resources/discovery.json, without secrets, and whole or not at all.
    """
    in_force = settings.load(resync_timeout=timeout)
    _show(run(discover(directory.resolve(), in_force, keep_personal_data=keep_personal_data)))


def _show(done: Discovery) -> None:
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
