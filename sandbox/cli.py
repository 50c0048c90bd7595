"""The ``ocean-sandbox`` command."""

import sys
from pathlib import Path

import click

from sandbox import engine, images, janitor, pool, settings
from sandbox.errors import SandboxError


class _Errors(click.Group):
    """Shows our own errors as a message, without a traceback, and ends with code 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SandboxError as error:
            click.echo(f"ocean-sandbox: {error}", err=True)
            sys.exit(1)


@click.group(cls=_Errors)
@click.version_option(package_name="ocean-sandbox")
def main() -> None:
    """Runs resyncs of Port Ocean integrations in containers. Exit codes: 0 done, 1 failed, 2 wrong usage."""


@main.command("images")
@click.argument("integrations", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rebuild", is_flag=True, help="Build each image again, even where one of the same inputs is there.")
def build_images(integrations: tuple[Path, ...], *, rebuild: bool) -> None:
    """Find or start the engine, and build what is missing: the sandbox's images, and those of INTEGRATIONS."""
    in_force = settings.load()
    client = engine.ensure(in_force)
    wanted = [images.wiremock(), images.port_mock(), images.resync()]
    wanted += [pool.image_of(directory.resolve(), in_force) for directory in integrations]
    if rebuild:
        for image in wanted:
            images.remove(image, in_force, client)
    for tag in images.ensure(wanted, in_force, client, cache=not rebuild):
        click.echo(tag)


@main.command()
def reap() -> None:
    """Remove containers and networks that dead runs on this machine left."""
    removed = janitor.reap(engine.ensure(settings.load()).client)
    click.echo(f"removed {removed} containers and networks")
