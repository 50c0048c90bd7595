"""The part of the ``ocean-sandbox`` command that runs things; :mod:`harness.cli` has the rest.

What a command needs is imported when it runs, so that help and completion need not wait for Docker's client.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sandbox.cli import output
from sandbox.cli.command import Group, json_option

if TYPE_CHECKING:
    from sandbox.images.images import Image
    from sandbox.settings import Settings

_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(cls=Group)
@click.version_option(package_name="ocean-sandbox")
def main() -> None:
    """Test integrations of Port Ocean in containers: each resync in one of its own."""


@main.command(
    "images",
    short_help="Build images ahead of time, list them, or remove old ones.",
    examples=["ocean-sandbox images integrations/github", "ocean-sandbox images --prune"],
)
@click.argument("integrations", nargs=-1, type=_DIRECTORY)
@click.option("--rebuild", is_flag=True, help="Rebuild every image, even one that is up to date.")
@click.option("--tags", is_flag=True, help="Print the image tags without building; needs no engine.")
@click.option(
    "--prune",
    is_flag=True,
    help="Instead of building, remove our images that nothing needs any more, and their leftover build stages.",
)
@click.option("--dry-run", is_flag=True, help="With --prune: show what would be removed without removing it.")
@json_option
def build_images(
    integrations: tuple[Path, ...], *, rebuild: bool, tags: bool, prune: bool, dry_run: bool, as_json: bool
) -> None:
    """Find or start the engine, and build missing images.

    Builds the sandbox's own images and those of INTEGRATIONS, and prints their tags.

    Superseded images are removed automatically after a build: see OCEAN_SANDBOX_IMAGES_DAYS and
    OCEAN_SANDBOX_IMAGES_SIZE. Images that are not ours, that a container uses, or that a recently used integration
    needs are never removed.
    """
    from sandbox import settings  # noqa: PLC0415
    from sandbox.engine import engine  # noqa: PLC0415
    from sandbox.images import images  # noqa: PLC0415
    from sandbox.pool.local_pool import image_of  # noqa: PLC0415

    if prune and (rebuild or tags):
        raise click.UsageError("--prune builds no images: leave out --rebuild and --tags.")
    if dry_run and not prune:
        raise click.UsageError("--dry-run goes with --prune.")
    in_force = settings.load()
    wanted = [images.wiremock(), images.port_mock(), images.front(), images.resync()]
    wanted += [image_of(directory.resolve(), in_force) for directory in integrations]
    if prune:
        _prune(wanted, in_force, dry_run=dry_run, as_json=as_json)
        return
    if tags:
        there = list(dict.fromkeys(image.tag(in_force) for image in wanted))
    else:
        client = engine.ensure(in_force)
        if rebuild:
            for image in wanted:
                images.remove(image, in_force, client)
        there = list(images.ensure(wanted, in_force, client, cache=not rebuild))
    output.show({"images": there}, "\n".join(there), as_json=as_json)


def _prune(wanted: list["Image"], in_force: "Settings", *, dry_run: bool, as_json: bool) -> None:
    from sandbox import sizes  # noqa: PLC0415
    from sandbox.engine import connection, engine  # noqa: PLC0415
    from sandbox.errors import EngineError  # noqa: PLC0415
    from sandbox.images import images, pruning, retention  # noqa: PLC0415

    if not engine.answers():  # without one, there is nothing to remove, and no reason to start one
        raise EngineError(
            "No Docker engine answers.", remedy="start it: images can only be removed while it is running."
        )
    client = engine.client()
    with connection.refusing("remove images"):
        images.note_use(wanted, in_force, client)  # what is needed now must not be taken for superseded, nor said to be
        pruner = pruning.Pruner(in_force, client)
        if dry_run:
            found = pruner.look()
            done = pruning.Pruned(list(found.removals), found)
        else:
            done = pruner.prune()
    left = done.plan.size - done.freed
    lines = [f"{sizes.gigabytes(each.size):>9}  {each.name}" for each in done.removed]
    lines.append(
        f"{'would free' if dry_run else 'freed'} {sizes.gigabytes(done.freed)}; our images use {sizes.gigabytes(left)}"
    )
    if done.plan.fresh:
        lines.append(
            f"{sizes.count(done.plan.fresh, 'image')} kept: no longer needed, but used or built in the last "
            f"{retention.FRESH_SECONDS // 60} minutes"
        )
    value = {
        "removed": [{"image": each.reference, "name": each.name, "bytes": each.size} for each in done.removed],
        "freed_bytes": done.freed,
        "left_bytes": left,
        "dry_run": dry_run,
    }
    output.show(value, "\n".join(lines), as_json=as_json)


@main.command(
    short_help="Remove what dead runs left behind.", examples=["ocean-sandbox reap", "ocean-sandbox reap --kept"]
)
@click.option(
    "--kept",
    "and_kept",
    is_flag=True,
    help="Also remove every sandbox that this user kept with `pytest --sandbox-keep`.",
)
@json_option
def reap(*, and_kept: bool, as_json: bool) -> None:
    """Remove containers and networks that dead runs on this machine left behind."""
    from sandbox import settings  # noqa: PLC0415
    from sandbox.engine import engine, janitor, keep_alive  # noqa: PLC0415

    client = engine.ensure(settings.load()).client
    let_go = keep_alive.let_go() if and_kept else 0
    removed = janitor.reap(client)
    said = [f"released {let_go} kept sandboxes, which are now being removed"] * and_kept
    said.append(f"removed {removed} containers and networks of dead runs")
    output.show({"removed": removed, "let_go": let_go}, "\n".join(said), as_json=as_json)


@main.command(
    short_help="Keep sandboxes warm so that tests start sooner.",
    examples=["ocean-sandbox up integrations/github", "ocean-sandbox up --sandboxes 4 integrations/*"],
)
@click.argument("integrations", nargs=-1, required=True, type=_DIRECTORY)
@click.option(
    "--sandboxes",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of sandboxes to keep warm.",
)
@json_option
def up(integrations: tuple[Path, ...], *, sandboxes: int, as_json: bool) -> None:
    """Keep sandboxes warm for the tests of INTEGRATIONS.

    From then on, every pytest run of this user leases them, until `ocean-sandbox down` or four hours
    without use.
    """
    from sandbox import settings  # noqa: PLC0415
    from sandbox.pool import pool_daemon  # noqa: PLC0415

    was_up = pool_daemon.start(integrations, sandboxes, settings.load())
    if as_json:
        named = [str(each.resolve()) for each in integrations]
        output.show_json({"sandboxes": sandboxes, "integrations": named, "was_up": was_up})


@main.command(short_help="Stop what `up` started.", examples=["ocean-sandbox down"])
@json_option
def down(*, as_json: bool) -> None:
    """Stop what `ocean-sandbox up` started."""
    from sandbox import settings  # noqa: PLC0415
    from sandbox.pool import pool_daemon  # noqa: PLC0415

    was_up = pool_daemon.down(settings.load())
    output.show({"was_up": was_up}, "down" if was_up else "no pool daemon was running", as_json=as_json)


@main.command(
    "ci-matrix",
    short_help="Print the jobs of a CI run, as JSON.",
    examples=["ocean-sandbox ci-matrix integrations", "ocean-sandbox ci-matrix --shards 3 integrations/github"],
)
@click.argument("directories", nargs=-1, required=True, type=_DIRECTORY)
@click.option(
    "--target",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=300,
    show_default=True,
    help="Target duration of a shard in seconds, going by pytest-split's .test_durations.",
)
@click.option(
    "--shards",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    help="Number of shards per integration, regardless of recorded durations.",
)
@click.option("--json", "as_json", is_flag=True, help="The output is always JSON; with this option, so are errors.")
def ci_matrix(directories: tuple[Path, ...], *, target: float, shards: int | None, as_json: bool) -> None:  # noqa: ARG001
    """Print a matrix for GitHub Actions, as JSON.

    It has one job for each shard of each integration with tests below DIRECTORIES.
    """
    import json  # noqa: PLC0415

    from sandbox.cli import ci_matrix as ci  # noqa: PLC0415

    # In one line: it becomes the value of a variable.
    click.echo(json.dumps(ci.matrix(list(directories), target=target, shards=shards)))


@main.command(
    short_help="Print a shell completion script for this command.",
    examples=[
        "ocean-sandbox completion bash > ~/.local/share/bash-completion/completions/ocean-sandbox",
        "ocean-sandbox completion zsh > ~/.zfunc/_ocean-sandbox",
        "ocean-sandbox completion fish > ~/.config/fish/completions/ocean-sandbox.fish",
    ],
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a shell script that completes commands, options, directories and stub folders.

    Install it with the line for your shell below, or for the current shell only, in bash or zsh:
    eval "$(ocean-sandbox completion bash)". zsh reads ~/.zfunc where ~/.zshrc says fpath+=~/.zfunc before compinit; bash
    needs the package bash-completion.
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    kind = get_completion_class(shell)
    if kind is None:  # not one of click's: the choice above has no such
        raise click.UsageError(f"{shell} is not supported.")
    root = ctx.find_root()
    click.echo(kind(root.command, {}, "ocean-sandbox", "_OCEAN_SANDBOX_COMPLETE").source())
