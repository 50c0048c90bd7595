"""Sees to it that nothing of a dead process is left.

The lifeline removes containers by itself. Networks have no lifeline, and a container that was made but not yet attached
has none either; so a process that makes sandboxes starts one small program beside it, which waits for that process to
end, however it ends, and removes what still bears its label.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker.errors
from testcontainers.core.docker_client import DockerClient

import docker
from sandbox import kept
from sandbox.owner import HOST, OWNER, Owner, is_gone

_PATIENCE_SECONDS = 8


def watch(owner: Owner) -> subprocess.Popen[bytes]:
    """Start the program. It ends by itself, when this process does or when it closes the program's stdin."""
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.janitor", owner.identifier],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # what kills the owner's process group must not kill its janitor
        cwd=Path(__file__).resolve().parent.parent,
    )


def remove_all_of(identifier: str, client: docker.DockerClient) -> int:
    """Remove each container and network of one owner, save what is kept; returns how many things there were."""
    return _remove(client, {"label": f"{OWNER}={identifier}"}, only_if_gone=False)


def reap(client: docker.DockerClient) -> int:
    """Remove what dead processes of this host left (a power cut takes the janitor too); returns how many things there were."""
    return _remove(client, {"label": HOST}, only_if_gone=True)


def leftovers(client: docker.DockerClient) -> int:
    """How many containers and networks :func:`reap` would remove."""
    filters = {"label": HOST}
    things = [*client.api.containers(all=True, filters=filters), *client.api.networks(filters=filters)]
    spared = kept.identifiers() if things else set()
    return sum(thing["Id"] not in spared and is_gone(thing["Labels"]) for thing in things)


def _remove(client: docker.DockerClient, filters: dict[str, str], *, only_if_gone: bool) -> int:
    containers, networks = client.api.containers(all=True, filters=filters), client.api.networks(filters=filters)
    spared = kept.identifiers() if containers or networks else set()
    found = 0
    for things, remove, options in (
        (containers, client.api.remove_container, {"force": True, "v": True}),
        (networks, client.api.remove_network, {}),
    ):
        for thing in things:
            if thing["Id"] not in spared and (not only_if_gone or is_gone(thing["Labels"])):
                found += 1
                _try(remove, thing["Id"], **options)
    return found


def _try(remove: Callable[..., Any], identifier: str, **options: bool) -> None:
    with contextlib.suppress(docker.errors.APIError):  # gone by itself meanwhile, or still in use: the next round sees
        remove(identifier, **options)


def main(identifier: str) -> None:
    """Wait for the owner's end, then clean up until nothing is left for a moment."""
    client = DockerClient().client
    sys.stdin.buffer.read()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    clean = 0
    while clean < 3 and time.monotonic() < deadline:  # noqa: PLR2004 # a create that was under way may still land
        clean = 0 if remove_all_of(identifier, client) else clean + 1
        time.sleep(0.2)


if __name__ == "__main__":
    main(Owner(sys.argv[1]).identifier)
