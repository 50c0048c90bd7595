"""The rows: what is measured, beside which peers, with which goals. Goals are for two cores."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import runs, sandboxes, watching
from .goals import Goal
from .runs import MeasureError, Run

SANDBOX, IN_PROCESS, NAIVE = "sandbox", "in-process", "naive"
_MB = 1e6
_LONG_SECONDS = 900
_UP_SECONDS = 300

# One measurement: its figures by name; "value" is the row's own.
Measurement = Callable[[], dict[str, float]]


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Args:
        name: How it is selected.
        title: What it says.
        unit: What its value counts.
        contenders: The sandbox first, then its peers, each with its measurement; in each round they run in turn.
        goals: What the sandbox is to reach.
        more_is_better: Whether it is a rate or a number, not a cost.
    """

    name: str
    title: str
    unit: str
    contenders: Mapping[str, Measurement]
    goals: tuple[Goal, ...]
    more_is_better: bool = False


@dataclass(frozen=True)
class Sizes:
    """How much each row does."""

    steady: int = 16
    naive: int = 4
    many: int = 40
    many_workers: int = 8
    entities: tuple[int, int] = (10_000, 100_000)
    at_once: tuple[int, ...] = (1, 4, 16)
    saves: int = 20
    public_workers: tuple[int, ...] = (1, 4)


FULL = Sizes()
# Enough to see that a row can be measured.
QUICK = Sizes(
    steady=4, naive=2, many=4, many_workers=2, entities=(200, 1000), at_once=(1, 2, 3), saves=3, public_workers=()
)


def rows(sizes: Sizes) -> list[Row]:
    """All rows, in the order of the table."""
    public = [] if runs.without_public_suite() else _public(sizes)
    return [*_start(), *_steady(sizes), *_many(sizes), *public, *_entities(sizes), *_standing(sizes), *_watch(sizes)]


def _start() -> list[Row]:
    def first_in_sandbox() -> dict[str, float]:
        return _first(runs.in_sandboxes("things"))

    def first_with_pool() -> dict[str, float]:
        with _standing_pool(runs.INTEGRATIONS / "things") as environment:
            return _first(runs.in_sandboxes("things", **environment))

    def first_in_process() -> dict[str, float]:
        return _first(runs.in_process("things"))

    return [
        Row(
            "start-cold",
            "pytest start to first result, images built, nothing running",
            "s",
            {SANDBOX: first_in_sandbox, IN_PROCESS: first_in_process},
            (Goal(2.5, "s"),),
        ),
        Row(
            "start-pool",
            "the same with a pool daemon",
            "s",
            {SANDBOX: first_with_pool, IN_PROCESS: first_in_process},
            (Goal(0.6, "s"),),
        ),
    ]


def _steady(sizes: Sizes) -> list[Row]:
    def in_process() -> Run:
        return runs.in_process("things", sizes.steady)

    def in_sandboxes(workers: int, isolation: str) -> Run:
        return runs.in_sandboxes("things", "-n", str(workers), tests=sizes.steady * workers, isolation=isolation)

    return [
        Row(
            "steady-1",
            "steady state, -n 1, container",
            "s/test",
            {
                SANDBOX: lambda: _per_test(in_sandboxes(1, "container")),
                NAIVE: lambda: _per_test(runs.naive(sizes.naive)),
                IN_PROCESS: lambda: _per_test(in_process()),
            },
            (Goal(0.6, "s/test"), Goal(11, "x", at_least=True, against=NAIVE)),
        ),
        Row(
            "steady-2",
            "steady state, -n 2, container",
            "tests/s",
            {SANDBOX: lambda: _rate(in_sandboxes(2, "container")), IN_PROCESS: lambda: _rate(in_process())},
            (Goal(2.0, "tests/s", at_least=True),),
            more_is_better=True,
        ),
        Row(
            "steady-fork",
            "steady state, -n 1, fork",
            "s/test",
            {SANDBOX: lambda: _per_test(in_sandboxes(1, "fork")), IN_PROCESS: lambda: _per_test(in_process())},
            (Goal(0.25, "s/test"),),
        ),
    ]


def _many(sizes: Sizes) -> list[Row]:
    def total(integration: str, workers: int, **environment: str) -> dict[str, float]:
        ran = runs.in_sandboxes(integration, "-n", str(workers), tests=sizes.many, isolation="fork", **environment)
        return {"value": ran.total, "first": ran.first_result}

    def standing(workers: int) -> dict[str, float]:
        with _standing_pool(runs.INTEGRATIONS / "waiting", workers, OCEAN_SANDBOX_ISOLATION="fork") as environment:
            return total("waiting", workers, **environment)

    return [
        Row(
            "many",
            f"{sizes.many} tests, -n 2, fork, against in-process serial",
            "s",
            {
                SANDBOX: lambda: total("things", 2),
                IN_PROCESS: lambda: {"value": runs.in_process("things", sizes.many).total},
            },
            (Goal(1.0, "x", at_least=True, against=IN_PROCESS),),
        ),
        Row(
            "waiting",
            f"{sizes.many} tests that wait (3 calls of 300 ms), -n {sizes.many_workers}, fork, against in-process serial",
            "s",
            {
                SANDBOX: lambda: total("waiting", sizes.many_workers),
                IN_PROCESS: lambda: {"value": runs.in_process("waiting", sizes.many).total},
            },
            (Goal(4.0, "x", at_least=True, against=IN_PROCESS),),
        ),
        Row(
            "waiting-pool",
            "the same with a pool daemon",
            "s",
            {
                SANDBOX: lambda: standing(sizes.many_workers),
                IN_PROCESS: lambda: {"value": runs.in_process("waiting", sizes.many).total},
            },
            (Goal(4.0, "x", at_least=True, against=IN_PROCESS),),
        ),
    ]


def _public(sizes: Sizes) -> list[Row]:
    def cold(isolation: str, workers: int) -> dict[str, float]:
        options = ("--ocean-sandbox", "--sandbox-isolation", isolation, "-n", str(workers))
        return {"value": runs.public_suite(*options).total}

    def in_process() -> dict[str, float]:
        return {"value": runs.public_suite("-p", "no:ocean_sandbox").total}

    def standing() -> dict[str, float]:
        isolation = {"OCEAN_SANDBOX_ISOLATION": "fork"}
        with _standing_pool(runs.public_integration(), 2, **isolation) as environment:
            return {"value": runs.public_suite("--ocean-sandbox", "-n", "2", **environment).total}

    def row(isolation: str, goal: float) -> Row:
        return Row(
            f"public-{isolation}",
            f"the public tests of github, -n 2, {isolation}, against in-process serial",
            "s",
            {
                SANDBOX: lambda: cold(isolation, 2),
                **{f"-n {workers}": partial(cold, isolation, workers) for workers in sizes.public_workers},
                IN_PROCESS: in_process,
            },
            (Goal(goal, "x", at_least=True, against=IN_PROCESS),),
        )

    return [
        row("fork", 1 / 1.5),
        Row(
            "public-pool",
            "the same in fork with a pool daemon of two sandboxes",
            "s",
            {SANDBOX: standing, IN_PROCESS: in_process},
            (Goal(1.0, "x", at_least=True, against=IN_PROCESS),),
        ),
        row("container", 1 / 3),
    ]


def _entities(sizes: Sizes) -> list[Row]:
    def row(name: str, number: int) -> Row:
        def in_sandbox() -> dict[str, float]:
            timeout = str(_LONG_SECONDS)
            ran = runs.in_sandboxes("entities", BENCH_ENTITIES=str(number), OCEAN_SANDBOX_RESYNC_TIMEOUT=timeout)
            if (memory := ran.calls[0]["properties"]["most_memory"]) is None:
                raise MeasureError("The memory of the resync container's process is not known.")
            return _entities_a_second(ran, number, memory)

        def in_process() -> dict[str, float]:
            ran = runs.in_process("entities", BENCH_ENTITIES=str(number))
            return _entities_a_second(ran, number, ran.most_memory)

        return Row(
            name,
            f"{number:,} entities in one resync",
            "entities/s",
            {SANDBOX: in_sandbox, IN_PROCESS: in_process},
            (Goal(1.0, "x", at_least=True, against=IN_PROCESS), Goal(1.0, "x", key="MB", against=IN_PROCESS)),
            more_is_better=True,
        )

    small, large = sizes.entities
    return [row("entities-10k", small), row("entities-100k", large)]


def _standing(sizes: Sizes) -> list[Row]:
    largest = sizes.at_once[-1]
    return [
        Row(
            "memory",
            "memory of one sandbox at rest, all its containers",
            "MB",
            {SANDBOX: sandboxes.at_rest, IN_PROCESS: lambda: {"value": runs.in_process("things").most_memory / _MB}},
            (Goal(220, "MB"),),
        ),
        Row(
            "sandboxes",
            "sandboxes at once, without a failure",
            "sandboxes",
            {SANDBOX: lambda: sandboxes.at_once(sizes.at_once)},
            # A tenth more is noise of three processes' memory; what grows with the number would be far more.
            (
                Goal(largest, "sandboxes", at_least=True),
                Goal(1.1, "x", key="growth"),
                Goal(1.1, "x", key="growth of time"),
            ),
            more_is_better=True,
        ),
    ]


def _watch(sizes: Sizes) -> list[Row]:
    def save_to_screen() -> dict[str, float]:
        with _standing_pool(runs.INTEGRATIONS / "things") as environment:
            return watching.save_to_screen(sizes.saves, environment)

    return [
        Row(
            "watch",
            "watch: from a save to the difference on the screen, with a pool daemon",
            "s",
            {SANDBOX: save_to_screen},
            (Goal(1.0, "s"),),
        )
    ]


def _first(run: Run) -> dict[str, float]:
    return {"value": run.first_result, "total": run.total, **run.phases()}


def _per_test(run: Run) -> dict[str, float]:
    return {"value": run.seconds_per_test(), "first": run.first_result, "total": run.total, **run.phases()}


def _rate(run: Run) -> dict[str, float]:
    return {"value": 1 / run.seconds_per_test(), "first": run.first_result, "total": run.total, **run.phases()}


def _entities_a_second(run: Run, number: int, memory: int) -> dict[str, float]:
    """Figures of one run, with the memory of the integration's process: in process, that is pytest's, captures and all."""
    seconds = float(run.calls[0]["properties"]["resync_seconds"])
    return {"value": number / seconds, "seconds": seconds, "MB": memory / _MB, "total": run.total, **run.phases()}


@contextmanager
def _standing_pool(integration: Path, sandboxes: int = 1, **environment: str) -> Iterator[dict[str, str]]:
    """A pool of its own that stands, and the environment in which it is found; the developer's is left alone.

    ``ocean-sandbox up`` returns once it does, ``ocean-sandbox down`` removes it.
    """
    with tempfile.TemporaryDirectory() as cache:
        told = {"OCEAN_SANDBOX_CACHE": cache, "OCEAN_SANDBOX_STANDING_POOL": "1", **environment}
        up = _command("up", "--sandboxes", str(sandboxes), str(integration), environment=told)
        if up.returncode:
            raise MeasureError(f"`ocean-sandbox up` failed with code {up.returncode}:\n{up.stderr}")
        try:
            yield told
        finally:
            down = _command("down", environment=told)
        if down.returncode:
            raise MeasureError(f"`ocean-sandbox down` failed with code {down.returncode}:\n{down.stderr}")


def _command(*words: str, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "ocean-sandbox"), *words]
    told = {**os.environ, **environment}
    try:
        return subprocess.run(command, env=told, capture_output=True, text=True, check=False, timeout=_UP_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise MeasureError(f"`{' '.join(command[1:])}` did not return within {_UP_SECONDS} s.") from error
