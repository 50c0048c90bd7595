"""The options of commands that resync a directory, the same in each."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click

from harness.cli._common import DIRECTORY, complete_stubs

# How the help groups them.
SECTIONS = {"The resync": ("mapping", "stubs", "config", "port", "entry")}
_OPTIONS = (
    click.argument("directory", default=".", type=DIRECTORY),
    click.option("--kind", metavar="KIND", help="Resync only the resources of this kind."),
    click.option(
        "--mapping",
        type=click.Path(dir_okay=False, path_type=Path),
        help="A mapping to use instead of .port/resources/port-app-config.yml.",
    ),
    click.option(
        "--stubs",
        multiple=True,
        metavar="FOLDER",
        shell_complete=complete_stubs,
        help="A stub folder; repeatable, later ones take precedence. Default: the one named after DIRECTORY.",
    ),
    click.option(
        "--config",
        multiple=True,
        metavar="NAME=VALUE",
        help="A setting of the integration, such as registryUrl=https://…; repeatable.",
    ),
    click.option(
        "--port",
        type=click.Choice(["strict", "lenient"]),
        help="Port's rules; default: strict if there are blueprints.",
    ),
    click.option(
        "--entry",
        type=click.Choice(["resync", "production"]),
        help="How to run the resync: driven by the runner (resync), or by `ocean sail`, as it ships (production).",
    ),
)


def takes_asked(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command DIRECTORY and these options, as one :class:`harness.running.directory_run.Asked`, its first argument."""

    @functools.wraps(command)
    def with_asked(
        *,
        directory: Path,
        kind: str | None,
        mapping: Path | None,
        stubs: tuple[str, ...],
        config: tuple[str, ...],
        port: Literal["strict", "lenient"] | None,
        entry: Literal["resync", "production"] | None,
        **others: Any,
    ) -> None:
        from harness.running.directory_run import Asked  # noqa: PLC0415 # see _work.run

        command(Asked(directory, kind, mapping, stubs or None, config, port, entry), **others)

    for option in reversed(_OPTIONS):
        with_asked = option(with_asked)
    return with_asked
