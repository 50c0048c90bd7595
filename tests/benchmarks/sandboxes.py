"""What sandboxes cost while they stand: memory of one at rest, and of many at once."""

import contextlib
import math
import os
import re
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from subprocess import Popen
from typing import Any

from sandbox.engine import engine
from sandbox.engine.owner import PROCESS, ROLE, process_name
from sandbox.images import images
from sandbox.pool.local_pool import LocalPool
from sandbox.progress import say
from sandbox.settings import load

from .runs import INTEGRATIONS, MeasureError, in_sandboxes

_SETTLED_SECONDS = 1.0
_SETTLE_LIMIT_SECONDS = 30
_UP_LIMIT_SECONDS = 600
_SAME = 0.01
_KIB = 1024
_MB = 1e6


def at_rest() -> dict[str, float]:
    """The memory of one sandbox that is up and does nothing.

    Returns:
        ``value``: the resident sets of all its processes, MB; ``rss <role>`` by container; ``cgroup <role>``: what the
        engine counts against each container's limit (its own pages, no page cache); ``overhead``: the engine's own
        processes for them (shims, port proxies), where they can be seen; ``image <name>``: what an image takes on disk.
    """
    in_force = load()
    sandboxes = LocalPool(in_force)
    try:
        sandboxes.lease(INTEGRATIONS / "things", in_force)
        owner = process_name(os.getpid())
        resident = _settled(owner)
        if missing := {"wiremock", "port-mock", "front", "resync"} - resident.keys():  # less would look like a saving
            raise MeasureError(f"A sandbox at rest lacks {', '.join(sorted(missing))}: it ended, or did not start.")
        containers = engine.client().client.containers.list(filters={"label": f"{PROCESS}={owner}"})
        charged = {f"cgroup {each.labels[ROLE]}": _charged(each) for each in containers}
        overhead = _overhead([str(each.id) for each in containers], [_addresses(each) for each in containers])
    finally:
        sandboxes.close()
    return {
        "value": sum(resident.values()),
        **{f"rss {role}": amount for role, amount in resident.items()},
        **charged,
        **({"overhead": overhead} if overhead else {}),
        **_images(),
    }


def at_once(numbers: Sequence[int]) -> dict[str, float]:
    """Have more and more sandboxes up at once, each with an integration booted, and then resync in all of them.

    Args:
        numbers: How many, in rising order, at least three of them.

    Returns:
        ``value``: the most that were up and resynced without a failure; ``MB each at <n>`` (resident sets of its
        containers), ``s each at <n>`` (until all were up); ``growth``: the dearest MB each over the first; ``growth of
        time``: what each of the last took more, over what each of the second lot did: the start of pytest is in none.

    Raises:
        MeasureError: Not even the smallest number went well.
    """
    found: dict[str, float] = {}
    costs: list[float] = []
    totals: list[float] = []
    failure = ""
    for number in numbers:
        try:
            megabytes, seconds = _together(number)
        except MeasureError as error:
            failure = str(error)
            say("bench", f"{number} sandboxes at once failed: {failure}")
            break
        found |= {"value": number, f"MB each at {number}": megabytes, f"s each at {number}": seconds}
        costs.append(megabytes)
        totals.append(seconds * number)
    if not costs:
        raise MeasureError(failure)
    each = [
        (after - before) / (more - fewer)
        for (before, after), (fewer, more) in zip(pairwise(totals), pairwise(numbers), strict=False)
    ]
    found["growth"] = max(costs) / costs[0]
    return found | ({"growth of time": each[-1] / each[0]} if not failure else {"growth of time": math.inf})


def _together(number: int) -> tuple[float, float]:
    """MB and seconds for each of ``number`` sandboxes that are up at once."""
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder)
        found: list[float] = []

        def measure(process: "Popen[bytes]") -> None:
            began = time.monotonic()
            while process.poll() is None and time.monotonic() - began < _UP_LIMIT_SECONDS:
                owners = [each.name for each in meeting.iterdir()]
                if len(owners) == number:
                    seconds = time.monotonic() - began
                    found.extend((sum(sum(_resident(owner).values()) for owner in owners) / number, seconds / number))
                    break
                time.sleep(0.05)
            (meeting / "go").touch()

        in_sandboxes(
            "things",
            *("-n", str(number), "--dist", "each"),
            tests=number,
            file="together.py",
            meanwhile=measure,
            BENCH_MEETING=folder,
            OCEAN_SANDBOX_BOOT_TIMEOUT="300",
        )
        if not found:
            raise MeasureError(f"{number} sandboxes were not up at once within {_UP_LIMIT_SECONDS} s.")
        return found[0], found[1]


def _settled(owner: str) -> dict[str, float]:
    """The resident sets of a process's containers by role, MB, once they no longer change."""
    deadline = time.monotonic() + _SETTLE_LIMIT_SECONDS
    before = _resident(owner)
    while time.monotonic() < deadline:
        time.sleep(_SETTLED_SECONDS)
        now = _resident(owner)
        if now.keys() == before.keys() and all(abs(now[role] - before[role]) <= _SAME * now[role] for role in now):
            return now
        before = now
    raise MeasureError(f"The memory of a sandbox at rest still changes after {_SETTLE_LIMIT_SECONDS} s: {before}")


def _resident(owner: str) -> dict[str, float]:
    """The resident sets of a process's containers by role, MB. A page that two processes share counts for both."""
    found: dict[str, float] = {}
    for container in engine.client().client.containers.list(filters={"label": f"{PROCESS}={owner}"}):
        processes = container.top(ps_args="-eo pid,rss")["Processes"] or []
        kib = sum(int(rss) for _, rss in processes)
        found[container.labels[ROLE]] = found.get(container.labels[ROLE], 0) + kib * _KIB / _MB
    if not found:
        raise MeasureError("A sandbox that should be up has no containers.")
    return found


def _charged(container: Any) -> float:
    """What the engine counts against a container's memory limit, MB, as ``docker stats`` shows it: without page cache."""
    memory = container.stats(stream=False)["memory_stats"]
    statistics = memory.get("stats", {})
    cache = statistics.get("inactive_file", statistics.get("total_inactive_file", 0))
    return float(memory.get("usage", 0) - cache) / _MB


def _addresses(container: Any) -> list[str]:
    return [each["IPAddress"] for each in container.attrs["NetworkSettings"]["Networks"].values() if each["IPAddress"]]


def _overhead(identifiers: list[str], addresses: list[list[str]]) -> float:
    """The engine's own processes for some containers, MB; 0 where they are not on this machine."""
    ours = {*identifiers, *(address for several in addresses for address in several)}
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            is_engines = Path(words[0]).name.startswith(("containerd-shim", "docker-proxy"))
            if is_engines and ours.intersection(words):
                resident = re.search(r"VmRSS:\s+(\d+) kB", (process / "status").read_text())
                total += int(resident.group(1)) if resident else 0
    return total * _KIB / _MB


def _images() -> dict[str, float]:
    client, in_force = engine.client().client, load()
    wanted = (images.wiremock(), images.port_mock(), images.front(), images.resync())
    return {f"image {each.name}": client.images.get(each.tag(in_force)).attrs["Size"] / _MB for each in wanted}
