"""Sees to it that nothing of a dead process is left.

The lifeline removes containers by itself. Networks have no lifeline, and a container that was made but not yet attached
has none either; so a process that makes sandboxes starts one small program beside it, which waits for that process to
end, however it ends, and removes what still bears its label.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker.errors
from testcontainers.core.docker_client import DockerClient

import docker
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
    """Remove each container and network of one owner; returns how many things there were."""
    return _remove(client, {"label": f"{OWNER}={identifier}"}, only_if_gone=False)


def reap(client: docker.DockerClient) -> int:
    """Remove what dead processes of this host left (a power cut takes the janitor too); returns how many things."""
    return _remove(client, {"label": HOST}, only_if_gone=True)


def _remove(client: docker.DockerClient, filters: dict[str, str], *, only_if_gone: bool) -> int:
    removed = 0
    for container in client.api.containers(all=True, filters=filters):
        if not only_if_gone or is_gone(container["Labels"]):
            removed += _gone(client.api.remove_container, container["Id"], force=True, v=True)
    for network in client.api.networks(filters=filters):
        if not only_if_gone or is_gone(network["Labels"]):
            removed += _gone(client.api.remove_network, network["Id"])
    return removed


def _gone(remove: Callable[..., Any], identifier: str, **options: bool) -> int:
    try:
        remove(identifier, **options)
    except docker.errors.APIError:  # gone by itself meanwhile, or still in use: the next round sees
        return 0
    return 1


def main(identifier: str) -> None:
    """Wait for the owner's end, then clean up until nothing is left for a moment."""
    client = DockerClient().client
    sys.stdin.buffer.read()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    clean = 0
    while clean < 3 and time.monotonic() < deadline:  # noqa: PLR2004 # a create that was under way may still land
        left = client.api.networks(filters={"label": f"{OWNER}={identifier}"}) + client.api.containers(
            all=True, filters={"label": f"{OWNER}={identifier}"}
        )
        clean = 0 if left else clean + 1
        remove_all_of(identifier, client)
        time.sleep(0.2)


if __name__ == "__main__":
    main(Owner(sys.argv[1]).identifier)
