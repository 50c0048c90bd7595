"""The jobs of a CI run: each integration below some folders, in as many shards as the duration of its tests requires."""

import json
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.images.archive import spec_of
from sandbox.images.contents import holds_no_code

# Where pytest-split keeps durations unless it is told otherwise: tests by their ids, with their seconds.
DURATIONS = ".test_durations"
# GitHub refuses a matrix with more: https://docs.github.com/en/actions/reference/limits
MOST_JOBS = 256
# Where `ocean-sandbox generate` and `init` write, and where Ocean's own in-process tests are.
_TESTS = ("tests", "integration_tests")

Job = dict[str, str | int]


def matrix(folders: list[Path], *, target: float, shards: int | None = None) -> dict[str, list[Job]]:
    """A matrix for GitHub Actions, an entry for each shard of each integration.

    Args:
        folders: Integrations, or folders with integrations somewhere below.
        target: Seconds that the tests of one shard should take together, by what was recorded.
        shards: How many shards each integration gets, whatever was recorded.

    Returns:
        ``include``, with ``integration`` (its directory, relative to the working directory), ``shard`` (from 1),
        ``shards``, and ``name``, which also does for a file.

    Raises:
        SandboxError: No integration has tests, there are too many jobs, or the recorded durations cannot be read.
    """
    found = sorted({Path(os.path.relpath(each)).as_posix() for folder in folders for each in _integrations(folder)})
    if not found:
        raise SandboxError(
            f"There is no integration with tests below {', '.join(map(str, folders))}.",
            remedy="name a folder that contains directories with a .port/spec.yaml and tests/test_*.py.",
        )
    names = [_file_name(each) for each in found]
    jobs: list[Job] = [
        {"name": f"{name}-{shard}-of-{count}", "integration": each, "shard": shard, "shards": count}
        for number, each in enumerate(found)
        # Of a/b and a-b, which would be one file, each gets a number.
        for name in [names[number] if names.count(names[number]) == 1 else f"{names[number]}.{number}"]
        for count in [shards or _shards(each, target)]
        for shard in range(1, count + 1)
    ]
    if len(jobs) > MOST_JOBS:
        raise SandboxError(
            f"The matrix has {len(jobs)} jobs, but GitHub allows {MOST_JOBS}.",
            remedy="raise --target so that shards take longer, or make one matrix per folder.",
        )
    return {"include": jobs}


def _integrations(folder: Path) -> Iterator[Path]:
    """The integrations with tests at and below ``folder``, but none that lies within another."""
    for current, folders, _ in os.walk(folder):
        here = Path(current)
        if spec_of(here) is not None:
            folders.clear()
            if any(any((here / name).rglob("test_*.py")) for name in _TESTS):
                yield here
        # A virtual environment holds integrations, too: those that Ocean makes new ones from.
        folders[:] = [name for name in folders if not holds_no_code(here / name)]


def _shards(integration: str, target: float) -> int:
    """As many as the target asks for, but none without a test; one where nothing was recorded."""
    durations = _durations(Path(integration))
    return max(1, min(len(durations), math.ceil(sum(durations) / target)))


def _durations(integration: Path) -> list[float]:
    """Seconds of each of its tests: recorded in its own directory, or in the working directory with others."""
    own = integration / DURATIONS
    recorded = _read(own if own.is_file() else Path(DURATIONS))
    prefix = "" if own.is_file() or integration == Path() else f"{integration.as_posix()}/"
    return [seconds for test, seconds in recorded.items() if test.startswith(prefix)]


def _read(path: Path) -> dict[str, float]:
    if not path.is_file():
        return {}
    try:
        return {test: float(seconds) for test, seconds in json.loads(path.read_bytes()).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise SandboxError(
            f"The durations in {path} cannot be read: {error}",
            remedy="remove the file and record them again: pytest --store-durations.",
        ) from error


def _file_name(path: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", path).strip("-.") or "integration"
