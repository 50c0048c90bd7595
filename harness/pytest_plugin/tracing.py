"""Decides whether a test gets a trace; :mod:`harness.trace`, which writes it, is imported only then."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness import options
from sandbox.errors import SandboxError


def written(item: pytest.Item, reports: Sequence[pytest.TestReport]) -> str:
    """Write a trace where the settings ask for one, and take away that of an earlier run where the test has passed.

    Args:
        item: The test.
        reports: What pytest has said of it: of its setup, its call, its teardown, as far as it is.

    Returns:
        What to say of it in the report of the test; nothing where there is nothing to say.

    Raises:
        SandboxError: The test has passed, yet there is still a trace of an earlier run that failed, or
            none where the settings ask for one of each test.
    """
    last, has_failed = reports[-1], any(report.failed for report in reports)
    if not last.failed and (last.when != "teardown" or has_failed):
        return ""
    in_force = options.settings_in_force()
    if in_force.trace == "off":
        return ""
    folder = item.config.rootpath / in_force.trace_folder
    # Imported only when needed: a start and a passing test must not pay for it.
    if not has_failed and in_force.trace == "on-failure":
        return _forgotten(item, folder)
    from harness.trace import of_test  # noqa: PLC0415

    try:
        file = of_test.write(item, reports, folder)
    except Exception as error:
        if has_failed:  # which is what the report is about
            return f"not written: {error or repr(error)}"
        raise SandboxError(
            f"The trace of a test cannot be written to {folder}: {error or repr(error)}",
            remedy="make sure that there is space, and that whoever runs pytest may write there; or set another "
            "trace_folder, or --sandbox-trace=on-failure.",
        ) from error
    return f"{_shown(file, item.config)} shows everything, in a browser" if file is not None and last.failed else ""


def _forgotten(item: pytest.Item, folder: Path) -> str:
    if folder.is_dir():
        from harness.trace.file import file_of  # noqa: PLC0415

        old = file_of(item.nodeid, folder)
        try:
            if old.exists():  # on a read-only file system, deleting what is not there is an error, too
                old.unlink(missing_ok=True)
        except OSError as error:
            raise SandboxError(
                f"The test passes, but the trace of an earlier run, in which it failed, cannot be deleted: {error}",
                remedy=f"delete {old} yourself, let whoever runs pytest write there, set another trace_folder, or turn "
                "traces off (--sandbox-trace=off).",
            ) from error
    return ""


def _shown(file: Path, config: pytest.Config) -> str:
    """A file as somebody types it who is where pytest was started."""
    here = config.invocation_params.dir
    return str(file.relative_to(here) if file.is_relative_to(here) else file)
