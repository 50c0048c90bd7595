"""Decides whether a test gets a trace; what makes one (:mod:`harness.trace`) is imported when one does."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness import options


def written(item: pytest.Item, reports: Sequence[pytest.TestReport]) -> str:
    """Write a trace where the settings ask for one, and take away that of an earlier run where the test has passed.

    Args:
        item: The test.
        reports: What pytest has said of it: of its setup, its call, its teardown, as far as it is.

    Returns:
        What to say of it in the report of the test; nothing where there is nothing to say.
    """
    last, has_failed = reports[-1], any(report.failed for report in reports)
    if not last.failed and (last.when != "teardown" or has_failed):
        return ""
    in_force = options.settings_in_force()
    if in_force.trace == "off":
        return ""
    folder = item.config.rootpath / in_force.trace_folder
    # What it takes, nobody else is to pay for: a start, and a test that passes.
    if not has_failed and in_force.trace == "on-failure":
        return _forgotten(item, folder)
    from harness.trace import of_test  # noqa: PLC0415

    try:
        file = of_test.write(item, reports, folder)
    except Exception as error:  # noqa: BLE001 # a report must not fail, least of all on what made the test fail
        return f"not written: {error or repr(error)}"
    return f"{_shown(file, item.config)} shows all of it in a browser" if file is not None and last.failed else ""


def _forgotten(item: pytest.Item, folder: Path) -> str:
    if folder.is_dir():
        from harness.trace.file import file_of  # noqa: PLC0415

        file_of(item.nodeid, folder).unlink(missing_ok=True)
    return ""


def _shown(file: Path, config: pytest.Config) -> str:
    """A file as somebody types it who is where pytest was started."""
    here = config.invocation_params.dir
    return str(file.relative_to(here) if file.is_relative_to(here) else file)
