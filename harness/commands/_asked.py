"""What commands that resync a directory are told: the same words in each."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from harness.port_mock import Strictness
from harness.running.directory_run import Asked
from sandbox.settings import Entry

_OPTIONS = (
    click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path)),
    click.option("--kind", help="Only the resources of this kind."),
    click.option(
        "--mapping",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Instead of .port/resources/port-app-config.yml.",
    ),
    click.option(
        "--stubs",
        multiple=True,
        help="A stub folder; of several, the later is laid over the earlier. By default, DIRECTORY's name.",
    ),
    click.option(
        "--config",
        multiple=True,
        metavar="NAME=VALUE",
        help="A setting of the integration, such as registryUrl=https://…; can be repeated.",
    ),
    click.option(
        "--port",
        type=click.Choice(get_args(Strictness)),
        help="Port's rules: strict by default if there are blueprints.",
    ),
    click.option(
        "--entry",
        type=click.Choice(get_args(Entry)),
        help="How a resync is started: by the runner (resync), or as `ocean sail`, as it ships (production).",
    ),
)


def takes_asked(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command DIRECTORY and these options, as one :class:`Asked`, its first argument."""

    @functools.wraps(command)
    def with_asked(
        *,
        directory: Path,
        kind: str | None,
        mapping: Path | None,
        stubs: tuple[str, ...],
        config: tuple[str, ...],
        port: Strictness | None,
        entry: Entry | None,
        **others: Any,
    ) -> None:
        command(Asked(directory, kind, mapping, stubs or None, config, port, entry), **others)

    for option in reversed(_OPTIONS):
        with_asked = option(with_asked)
    return with_asked
