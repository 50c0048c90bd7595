"""The ``ocean-sandbox`` command."""

import json
import sys
from pathlib import Path

import click

from sandbox import ci, engine, images, janitor, kept, server, settings
from sandbox.errors import SandboxError
from sandbox.own import image_of

_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)


class Group(click.Group):
    """Shows our own errors as a message, without a traceback, and ends with code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; see :class:`click.Group`."""
        try:
            return super().invoke(ctx)
        except SandboxError as error:
            click.echo(f"ocean-sandbox: {error}", err=True)
            sys.exit(1)


@click.group(cls=Group)
@click.version_option(package_name="ocean-sandbox")
def main() -> None:
    """Runs resyncs of Port Ocean integrations in containers. Exit codes: 0 done, 1 failed, 2 wrong usage."""


@main.command("images")
@click.argument("integrations", nargs=-1, type=_DIRECTORY)
@click.option("--rebuild", is_flag=True, help="Build each image again, even where one of the same inputs is there.")
@click.option("--tags", is_flag=True, help="Say which images they are, and build none; needs no engine.")
def build_images(integrations: tuple[Path, ...], *, rebuild: bool, tags: bool) -> None:
    """Find or start the engine, and build what is missing: the sandbox's images, and those of INTEGRATIONS."""
    in_force = settings.load()
    wanted = [images.wiremock(), images.port_mock(), images.resync()]
    wanted += [image_of(directory.resolve(), in_force) for directory in integrations]
    if tags:
        for tag in dict.fromkeys(image.tag(in_force) for image in wanted):
            click.echo(tag)
        return
    client = engine.ensure(in_force)
    if rebuild:
        for image in wanted:
            images.remove(image, in_force, client)
    for tag in images.ensure(wanted, in_force, client, cache=not rebuild):
        click.echo(tag)


@main.command()
@click.option(
    "--kept", "and_kept", is_flag=True, help="Also every sandbox that `pytest --sandbox-keep` of this user has kept."
)
def reap(*, and_kept: bool) -> None:
    """Remove containers and networks that dead runs on this machine left."""
    client = engine.ensure(settings.load()).client
    if and_kept:
        click.echo(f"let go of {kept.let_go()} kept sandboxes, which are now being removed")
    click.echo(f"removed {janitor.reap(client)} containers and networks of dead runs")


@main.command()
@click.argument("integrations", nargs=-1, required=True, type=_DIRECTORY)
@click.option("--sandboxes", type=click.IntRange(min=1), default=1, show_default=True, help="How many to have up.")
def up(integrations: tuple[Path, ...], *, sandboxes: int) -> None:
    """Keep sandboxes warm for the tests of INTEGRATIONS; every pytest of this user leases them from then on.

    It ends with `ocean-sandbox down`, or when nobody has used it for four hours.
    """
    server.start(integrations, sandboxes, settings.load())


@main.command()
def down() -> None:
    """End what `ocean-sandbox up` started."""
    click.echo("down" if server.down(settings.load()) else "no standing pool was up")


@main.command("ci-matrix")
@click.argument("directories", nargs=-1, required=True, type=_DIRECTORY)
@click.option(
    "--target",
    type=click.FloatRange(min=0, min_open=True),
    default=300,
    show_default=True,
    help="Seconds that the tests of a shard should take together, by pytest-split's .test_durations.",
)
@click.option("--shards", type=click.IntRange(min=1), help="The shards of each integration, whatever was recorded.")
def ci_matrix(directories: tuple[Path, ...], *, target: float, shards: int | None) -> None:
    """Print a matrix for GitHub Actions: the integrations with tests below DIRECTORIES, times their shards."""
    click.echo(json.dumps(ci.matrix(list(directories), target=target, shards=shards)))
