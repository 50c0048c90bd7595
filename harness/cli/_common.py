"""What commands that resync have in common."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from sandbox.errors import SandboxError

_T = TypeVar("_T")
DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
timeout_option = click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=3600,
    show_default=True,
    help="Time limit for the resync.",
)


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Do ``work``, and remove the sandboxes that it leased, however it ends."""
    import asyncio  # noqa: PLC0415 # so that help and completion need not wait for Docker's client

    from sandbox.pool import pool  # noqa: PLC0415

    try:
        return asyncio.run(work)
    finally:
        pool.close_of_this_process()


def write(file: Path, text: str) -> None:
    """Write a command's additional output.

    Raises:
        SandboxError: It cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SandboxError(f"{file} cannot be written: {error.strerror}.", remedy="fix --output.") from error


def complete_stubs(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the stub folders of the directory above, or of the working directory."""
    given = ctx.params.get("directory")
    start = Path(given or ".").resolve()
    for above in (start, *start.parents):
        if (root := above / "wiremock-mappings").is_dir():
            folders = {file.parent for kind in ("json", "yaml", "yml") for file in root.rglob(f"*.{kind}")}
            names = sorted(folder.relative_to(root).as_posix() for folder in folders if folder.name != "__files")
            return [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return []
