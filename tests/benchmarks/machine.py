"""The facts about the machine that figures depend on; no names."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sandbox.engine import engine

_GIB = 2**30


def facts() -> dict[str, Any]:
    """Cores and memory of this machine and of the engine's, versions, and the commit that was measured."""
    information = engine.client().client.info()
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB, 1),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "docker": information["ServerVersion"],
        "docker_cores": information["NCPU"],
        "docker_memory_gib": round(information["MemTotal"] / _GIB, 1),
        "storage_driver": information["Driver"],
        "pytest": version("pytest"),
        "commit": _commit(),
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
