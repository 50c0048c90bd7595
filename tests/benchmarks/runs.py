"""Runs of pytest: in sandboxes or the naive way from here, in-process in a container; and what can be read off them."""

import contextlib
import io
import json
import os
import statistics
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath
from subprocess import Popen
from typing import Any

import docker.errors
from docker.models.containers import Container

from sandbox.engine import engine
from sandbox.engine.location import location
from sandbox.images import images
from sandbox.images.images import Image
from sandbox.settings import load

from .inside import clock

HERE = Path(__file__).resolve().parent
INTEGRATIONS = HERE / "integrations"
PYTEST = ["-m", "pytest", "-q", "-p", "stopwatch", "-p", "no:cacheprovider"]
# A user's environment has few plugins; .venv, where the bench's own test runs, has ours.
UNUSED = [f"no:{name}" for name in ("anyio", "faker", "hypothesispytest", "pytest_cov", "syrupy", "timeout")]
_CHECKOUT, _PYTHON = "OCEAN_SANDBOX_PUBLIC_OCEAN", "OCEAN_SANDBOX_PUBLIC_PYTHON"
_BENCH = PurePosixPath("/bench")
_RESULT = "/tmp/result.json"  # noqa: S108 # in the container
_END_OF_OUTPUT = 3000


class MeasureError(Exception):
    """What was to be measured failed, so there is no figure."""


@dataclass(frozen=True)
class Run:
    """One run of pytest that passed.

    Args:
        began: When the process was started; all times are seconds of one clock.
        ended: When it had ended.
        calls: The reports of the tests themselves, in the order in which they came in.
        most_memory: The largest resident set of one process, bytes.
    """

    began: float
    ended: float
    calls: list[dict[str, Any]]
    most_memory: int

    @classmethod
    def read(cls, result: dict[str, Any], tests: int | None) -> "Run":
        """What :func:`inside.clock.run` returned.

        Args:
            result: It.
            tests: How many tests there should be; None where any number but none will do.

        Raises:
            MeasureError: A test failed, or there were not as many as there should be.
        """
        calls = [report for report in result["reports"] if report["when"] == "call"]
        tests = max(len(calls), 1) if tests is None else tests
        if result["code"] or len(calls) != tests or any(each["outcome"] == "failed" for each in result["reports"]):
            raise MeasureError(
                f"pytest ended with code {result['code']} after {len(calls)} of {tests} tests:\n"
                f"{result['output'][-_END_OF_OUTPUT:]}"
            )
        return cls(result["began"], result["ended"], calls, result["most_memory"] * 1024)

    @property
    def total(self) -> float:
        """Seconds from the start of the process to its end."""
        return self.ended - self.began

    @property
    def first_result(self) -> float:
        """Seconds from the start of the process to the first test's result."""
        return float(self.calls[0]["at"]) - self.began

    def seconds_per_test(self) -> float:
        """Seconds between results once every worker has had one.

        Read off one run, not as the difference of two: the start, which varies more than what is sought, is in neither
        end of the interval. What a test costs before and after it (setup, teardown, the next sandbox) is in it.
        """
        workers = {each["worker"] for each in self.calls}
        seen: set[str] = set()
        for done, call in enumerate(self.calls, 1):
            seen.add(call["worker"])
            if seen == workers and done < len(self.calls):
                return (float(self.calls[-1]["at"]) - float(call["at"])) / (len(self.calls) - done)
        raise MeasureError("There were too few tests for each worker to reach its steady state.")

    def phases(self) -> dict[str, float]:
        """The medians of what the harness says of its phases, seconds; the in-process harness says nothing."""
        told = [each["properties"].get("phases", {}) for each in self.calls]
        return {
            name: statistics.median(each[name] for each in told if name in each) for name in sorted({*chain(*told)})
        }


def in_sandboxes(
    integration: str,
    *options: str,
    tests: int = 1,
    isolation: str = "container",
    file: str = "bench.py",
    meanwhile: Callable[["Popen[bytes]"], None] = lambda _: None,
    **environment: str,
) -> Run:
    """Run the tests of one of our integrations from here.

    Args:
        integration: The name of its folder.
        options: What else pytest is told.
        tests: How many tests there are to be.
        isolation: The sandbox's.
        file: Which of its files.
        meanwhile: Called while it runs, with its process.
        environment: What else the tests are to know.

    Raises:
        MeasureError: A test failed.
    """
    told = {"BENCH_TESTS": str(tests), "BENCH_PLACE": "sandbox", "OCEAN_SANDBOX_ISOLATION": isolation, **environment}
    plugins = [word for name in UNUSED for word in ("-p", name)]
    command = [sys.executable, *PYTEST, *plugins, "--ocean-sandbox", *options, f"tests/{file}"]
    return Run.read(clock.run(command, INTEGRATIONS / integration, _environment(told), meanwhile), tests)


def without_public_suite() -> str:
    """Why :func:`public_suite` cannot run; empty where it can."""
    if not os.environ.get(_CHECKOUT):
        return f"{_CHECKOUT} names no checkout of Ocean's public repository"
    if not os.environ.get(_PYTHON):
        return f"{_PYTHON} names no Python that has the packages of integrations/github in that checkout, and this one"
    return ""


def public_suite(*options: str, **environment: str) -> Run:
    """Run github's public tests, which nobody here wrote, in that integration's own environment.

    Args:
        options: What pytest is told; ``--ocean-sandbox`` for sandboxes, or it is the in-process harness that runs them.
        environment: What else the tests are to know.

    Raises:
        MeasureError: A test failed, or it cannot run.
    """
    if why := without_public_suite():
        raise MeasureError(why)
    # Its own options would have xdist run the in-process harness.
    command = [os.environ[_PYTHON], *PYTEST, "-o", "addopts=", *options, "integration_tests"]
    return Run.read(clock.run(command, public_integration(), _environment(environment)), None)


def public_integration() -> Path:
    """The directory of the integration that :func:`public_suite` tests."""
    return Path(os.environ[_CHECKOUT]).resolve() / "integrations" / "github"


def _environment(told: Mapping[str, str]) -> dict[str, str]:
    # Without bytecode, each start would compile our modules anew, as no installed package is compiled.
    drop = {"PYTHONPATH", "PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE"}
    inherited = {name: value for name, value in os.environ.items() if name not in drop}
    # A pool that happens to stand would make "nothing running" untrue.
    return {**inherited, "OCEAN_SANDBOX_STANDING_POOL": "0", "PYTHONPATH": str(HERE / "inside"), **told}


def naive(tests: int) -> Run:
    """Run small tests with a network, a WireMock, a Port mock and a resync container for each.

    Raises:
        MeasureError: A test failed.
    """
    in_force, client = load(), engine.client()
    wanted = [images.wiremock(), images.port_mock(), images.resync()]
    tags = dict(zip((each.name for each in wanted), images.ensure(wanted, in_force, client), strict=True))
    return in_sandboxes(
        "things",
        tests=tests,
        file="naive.py",
        BENCH_IMAGES=json.dumps(tags),
        BENCH_HOST=location().host,
        TESTCONTAINERS_RYUK_DISABLED="true",  # it would have to be pulled, and would cost the naive way more
    )


def in_process(integration: str, tests: int = 1, **environment: str) -> Run:
    """Run the same tests in the in-process harness, in a container of the resync image, where ``port_ocean`` is at home.

    Args:
        integration: The name of its folder.
        tests: How many tests there are to be.
        environment: What else the tests are to know.

    Raises:
        MeasureError: A test failed.
    """
    folder = str(_BENCH / "integrations" / integration)
    clock_program = str(_BENCH / "inside" / "clock.py")
    pytest = ["/opt/venv/bin/python", *PYTEST, "-p", "no:anyio", "tests/bench.py"]
    told = {
        "BENCH_TESTS": str(tests),
        "BENCH_PLACE": "in-process",
        "PYTHONPATH": f"/opt/bench:{_BENCH}/inside",
        **environment,
    }
    with _container([clock_program, _RESULT, folder, *pytest], told) as container:
        container.put_archive("/", _packed())
        container.start()
        container.wait(timeout=clock.LIMIT_SECONDS)
        try:
            chunks, _ = container.get_archive(_RESULT)
        except docker.errors.NotFound:
            raise MeasureError(f"The in-process peer did not run:\n{container.logs().decode()}") from None
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
            result = tar.extractfile(PurePosixPath(_RESULT).name)
            return Run.read(json.loads(result.read() if result else b"{}"), tests)


def in_process_image() -> Image:
    """The resync image with what the in-process harness needs besides."""
    resync = images.resync()
    return Image("bench", HERE / "docker", parents={"BUILDER": resync.parents["BUILDER"], "RESYNC": resync})


def build_images() -> None:
    """Find or start the engine, and build what is missing, ahead of any measurement."""
    in_force = load()
    wanted = [images.wiremock(), images.port_mock(), images.front(), images.resync(), in_process_image()]
    images.ensure(wanted, in_force, engine.ensure(in_force))


@contextmanager
def _container(command: list[str], environment: Mapping[str, str]) -> Iterator[Container]:
    client = engine.client()
    (tag,) = images.ensure([in_process_image()], load(), client)
    container = client.client.containers.create(
        tag, command, environment=dict(environment), network_mode="none", labels={"ocean-sandbox.bench": ""}
    )
    try:
        yield container
    finally:
        with contextlib.suppress(docker.errors.APIError):
            container.remove(force=True)


def _packed() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("inside", "integrations"):
            tar.add(HERE / folder, str(_BENCH / folder)[1:], filter=_without_caches)
    return buffer.getvalue()


def _without_caches(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    info.mode |= 0o444 if info.isfile() else 0o555
    return None if PurePosixPath(info.name).name == "__pycache__" else info
