"""The ``ocean-sandbox`` command, as far as it runs things; :mod:`harness.commands` has the rest.

What a command needs is imported when it runs: nobody waits for Docker's client to see a help, or a completion.
"""

from pathlib import Path

import click

from sandbox import output
from sandbox.command import Group, json_option

_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(cls=Group)
@click.version_option(package_name="ocean-sandbox")
def main() -> None:
    """Test integrations of Port Ocean in containers: each resync in one of its own."""


@main.command(
    "images",
    short_help="Build the images ahead, or say which they are.",
    examples=["ocean-sandbox images integrations/github"],
)
@click.argument("integrations", nargs=-1, type=_DIRECTORY)
@click.option("--rebuild", is_flag=True, help="Build each image again, even where one of the same inputs is there.")
@click.option("--tags", is_flag=True, help="Say which images they are, and build none; needs no engine.")
@json_option
def build_images(integrations: tuple[Path, ...], *, rebuild: bool, tags: bool, as_json: bool) -> None:
    """Find or start the engine, and build what is missing.

    These are the sandbox's images, and those of INTEGRATIONS. Prints their tags.
    """
    from sandbox import engine, images, settings  # noqa: PLC0415
    from sandbox.own import image_of  # noqa: PLC0415

    in_force = settings.load()
    wanted = [images.wiremock(), images.port_mock(), images.resync()]
    wanted += [image_of(directory.resolve(), in_force) for directory in integrations]
    if tags:
        there = list(dict.fromkeys(image.tag(in_force) for image in wanted))
    else:
        client = engine.ensure(in_force)
        if rebuild:
            for image in wanted:
                images.remove(image, in_force, client)
        there = list(images.ensure(wanted, in_force, client, cache=not rebuild))
    output.show({"images": there}, "\n".join(there), as_json=as_json)


@main.command(short_help="Remove what dead runs left.", examples=["ocean-sandbox reap", "ocean-sandbox reap --kept"])
@click.option(
    "--kept", "and_kept", is_flag=True, help="Also every sandbox that `pytest --sandbox-keep` of this user has kept."
)
@json_option
def reap(*, and_kept: bool, as_json: bool) -> None:
    """Remove containers and networks that dead runs on this machine left."""
    from sandbox import engine, janitor, kept, settings  # noqa: PLC0415

    client = engine.ensure(settings.load()).client
    let_go = kept.let_go() if and_kept else 0
    removed = janitor.reap(client)
    said = [f"let go of {let_go} kept sandboxes, which are now being removed"] * and_kept
    said.append(f"removed {removed} containers and networks of dead runs")
    output.show({"removed": removed, "let_go": let_go}, "\n".join(said), as_json=as_json)


@main.command(
    short_help="Keep sandboxes warm: every test starts sooner.",
    examples=["ocean-sandbox up integrations/github", "ocean-sandbox up --sandboxes 4 integrations/*"],
)
@click.argument("integrations", nargs=-1, required=True, type=_DIRECTORY)
@click.option(
    "--sandboxes",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many to have up.",
)
@json_option
def up(integrations: tuple[Path, ...], *, sandboxes: int, as_json: bool) -> None:
    """Keep sandboxes warm for the tests of INTEGRATIONS.

    Every pytest of this user leases them from then on. The command `down` ends that, or four hours in which nobody has
    used them.
    """
    from sandbox import server, settings  # noqa: PLC0415

    server.start(integrations, sandboxes, settings.load())
    if as_json:
        output.show_json({"sandboxes": sandboxes, "integrations": [str(each.resolve()) for each in integrations]})


@main.command(short_help="End what `up` started.", examples=["ocean-sandbox down"])
@json_option
def down(*, as_json: bool) -> None:
    """End what `ocean-sandbox up` started."""
    from sandbox import server, settings  # noqa: PLC0415

    was_up = server.down(settings.load())
    output.show({"was_up": was_up}, "down" if was_up else "no standing pool was up", as_json=as_json)


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
    help="Seconds that the tests of a shard should take together, by pytest-split's .test_durations.",
)
@click.option(
    "--shards",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    help="The shards of each integration, whatever was recorded.",
)
@click.option("--json", "as_json", is_flag=True, help="It is JSON already; an error is then, too.")
def ci_matrix(directories: tuple[Path, ...], *, target: float, shards: int | None, as_json: bool) -> None:  # noqa: ARG001
    """Print a matrix for GitHub Actions, as JSON.

    It has the integrations with tests below DIRECTORIES, times their shards.
    """
    import json  # noqa: PLC0415

    from sandbox import ci  # noqa: PLC0415

    # In one line: it becomes the value of a variable.
    click.echo(json.dumps(ci.matrix(list(directories), target=target, shards=shards)))


@main.command(
    short_help="Print what makes a shell complete this command.",
    examples=[
        "ocean-sandbox completion bash > ~/.local/share/bash-completion/completions/ocean-sandbox",
        "ocean-sandbox completion zsh > ~/.zfunc/_ocean-sandbox",
        "ocean-sandbox completion fish > ~/.config/fish/completions/ocean-sandbox.fish",
    ],
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete commands, options, directories and stub folders.

    Install it with the line for your shell below, or for this one alone, in bash or zsh:
    eval "$(ocean-sandbox completion bash)". zsh reads ~/.zfunc where ~/.zshrc says fpath+=~/.zfunc before compinit; bash
    needs the package bash-completion.
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    kind = get_completion_class(shell)
    if kind is None:  # not one of click's: the choice above has no such
        raise click.UsageError(f"{shell} is not supported.")
    root = ctx.find_root()
    click.echo(kind(root.command, {}, "ocean-sandbox", "_OCEAN_SANDBOX_COMPLETE").source())
