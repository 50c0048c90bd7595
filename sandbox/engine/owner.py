"""The owner of a container or network: the process that created it, by labels that survive that process."""

import os
import platform
import uuid
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

OWNER = "ocean-sandbox.owner"
HOST = "ocean-sandbox.host"
PROCESS = "ocean-sandbox.process"
ROLE = "ocean-sandbox.role"


@dataclass(frozen=True)
class Owner:
    """Whoever makes sandboxes: a pool of this process.

    Args:
        identifier: Unique for the owner.
    """

    identifier: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def labels(self, role: str) -> dict[str, str]:
        """The labels of something that it makes, ``role`` being what it is for."""
        return {
            OWNER: self.identifier,
            HOST: _host(),
            PROCESS: process_name(os.getpid()),
            ROLE: role,
        }


@lru_cache
def _host() -> str:
    """A name for what a pid counts in: this machine, and on Linux the pid namespace (a CI job's container has its own)."""
    try:
        return f"{platform.node()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return platform.node()


def process_name(pid: int) -> str:
    """A name for a process that no later process gets: its pid, and when it began where the system tells."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        began = "ended" if state == "Z" else fields[18]
    except OSError:
        began = ""
    return f"{pid}:{began}"


def is_gone(labels: dict[str, str]) -> bool:
    """Whether the process that made something, on this host, lives no more. Things of other hosts are not ours to judge."""
    if labels.get(HOST) != _host() or PROCESS not in labels:
        return False
    pid, _, began = labels[PROCESS].partition(":")
    if began:
        return process_name(int(pid)) != labels[PROCESS]
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
