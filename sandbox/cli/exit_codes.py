"""How a command of ``ocean-sandbox`` exits: with which code, and with which message if it failed.

The codes are the same for all commands:

===  =====================================================================================
0    success; a comparison or check found nothing
1    what compares or checks found something: a difference, a drift, a mistake in a stub
2    wrong usage
3    it could not be done
130  stopped with Ctrl-C
===  =====================================================================================
"""

import contextlib
import os
import platform
import select
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import click
from platformdirs import user_cache_path

from sandbox.cli import output
from sandbox.engine import full_disk
from sandbox.errors import SandboxError

DONE, FOUND, USAGE, FAILED, STOPPED = 0, 1, 2, 3, 130
# What a shell says of a program that wrote to a pipe whose reader had gone.
_UNREAD = 128 + 13
_LOGS_KEPT = 20
_OURS = ("harness", "sandbox")


@dataclass
class Asked:
    """What is known of a command line when something goes wrong.

    Args:
        where: The command, as a person types it.
        as_json: Whether an error is a JSON object on stdout: ``{"error": {"what": …, "where": …, "remedy": …}}``.
        is_verbose: Whether its traceback is shown, too.
    """

    where: str
    as_json: bool = False
    is_verbose: bool = False


@contextlib.contextmanager
def of(asked: Asked) -> Iterator[None]:
    """Within the block, whatever is raised ends this process with a message and the code that goes with it.

    Wrong usage is click's to tell, or :func:`of_wrong_usage`'s.
    """
    try:
        yield
    except (click.ClickException, click.exceptions.Exit):
        raise
    except (KeyboardInterrupt, click.Abort):
        _say(asked, "stopped.")
        sys.exit(STOPPED)
    except SandboxError as error:
        if asked.is_verbose:
            traceback.print_exception(error)
        _say(asked, error.what, remedy=error.remedy, detail=error.detail)
        sys.exit(FAILED)
    except BrokenPipeError as error:
        if not _nobody_reads():
            _unforeseen(asked, error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes at its end
        sys.exit(_UNREAD)
    except OSError as error:
        if not full_disk.is_full(error):
            _unforeseen(asked, error)
        where = Path(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else None
        _say(
            asked,
            f"This machine's disk is full: {error.strerror}{f', at {where}' if where else ''}.",
            remedy=f"free some space {f'in {where.parent}' if where else 'in the folder that it writes to'}, in the cache or in "
            f"{tempfile.gettempdir()}: `ocean-sandbox doctor` shows what is used. {full_disk.AGAIN}",
        )
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001 # a bare traceback, or Python's own code 1 for it, must not show
        _unforeseen(asked, error)


def of_wrong_usage(asked: Asked, error: click.ClickException) -> NoReturn:
    """End this process as click does, or with a JSON object on stdout where that is asked for."""
    if asked.as_json:
        _say(asked, error.format_message(), remedy=f"see {asked.where} --help")
    else:  # which shows the usage, too
        error.show()
    # A file that cannot be opened is not a usage error; click uses 1 for it.
    sys.exit(USAGE if isinstance(error, click.UsageError) else FAILED)


def _unforeseen(asked: Asked, error: Exception) -> NoReturn:
    text = "".join(traceback.format_exception(error))
    if asked.is_verbose:
        sys.stderr.write(text)
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    file = _log(asked, text)
    _say(
        asked,
        f"Unexpected error in `{asked.where}`, at {_place(error)}: {name}: {error}",
        remedy=f"report it, with the traceback {f'in {file}' if file else 'that --verbose shows'}; read it first: it may "
        "contain values of yours.",
        traceback=str(file) if file else "",
    )
    sys.exit(FAILED)


def _say(asked: Asked, what: str, *, remedy: str = "", detail: str = "", **more: str) -> None:
    if asked.as_json:
        told = {"what": what, "where": asked.where, "remedy": remedy, **({"detail": detail} if detail else {}), **more}
        output.show_json({"error": told})
    # In any case: stdout may go to a program that looks for something else.
    click.echo(f"ocean-sandbox: {SandboxError(what, remedy=remedy, detail=detail)}", err=True)


def _place(error: Exception) -> str:
    """Where it was raised: our last line that led to it, or else anyone's."""
    frames = traceback.extract_tb(error.__traceback__)
    root = Path(__file__).resolve().parents[2]
    ours = [each for each in frames if any(Path(each.filename).is_relative_to(root / name) for name in _OURS)]
    frame = (ours or frames)[-1]
    file = Path(frame.filename)
    return f"{file.relative_to(root) if file.is_relative_to(root) else file}:{frame.lineno}"


def _log(asked: Asked, text: str) -> Path | None:
    """Write a traceback to this user's cache, beside those of before; None where that cannot be done."""
    folder = user_cache_path("ocean-sandbox") / "log"
    now = datetime.now(UTC)
    file = folder / f"{now:%Y-%m-%dT%H-%M-%S}-{os.getpid()}.txt"
    version = ""
    with contextlib.suppress(metadata.PackageNotFoundError):
        version = metadata.version("ocean-sandbox")
    # Not the arguments: they may hold a secret.
    head = f"{now:%Y-%m-%d %H:%M:%S} UTC: {asked.where} {version}, Python {platform.python_version()}, {platform.platform()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{head}\n\n{text}", encoding="utf-8")
        file.chmod(0o600)
        for old in sorted(folder.glob("*.txt"))[:-_LOGS_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return file


def _nobody_reads() -> bool:
    """Whether it is this command's own stdout that is no longer read, rather than some connection that broke."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLOUT)
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (OSError, ValueError):
        return False
