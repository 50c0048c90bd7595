"""Removes whatever a dead process left behind.

The lifeline removes containers on its own. Networks have no lifeline, and a container that was made but not yet attached
has none either; so a process that makes sandboxes starts one small program beside it, which waits for that process to
end, however it ends, and removes what still bears its label.

An engine that is away then (stopped, restarted, unreachable) is waited for, for ten minutes. What is left after that, or
when the machine itself went down, the next run removes as it starts (:func:`reap`), as ``ocean-sandbox reap`` does.
"""

import os
import subprocess
import sys
from typing import Any

import docker
from sandbox.engine import keep_alive, removal
from sandbox.engine.connection import refusing
from sandbox.engine.owner import HOST, OWNER, Owner, is_gone
from sandbox.process import program_of


def watch(owner: Owner, address: str) -> subprocess.Popen[bytes]:
    """Start the program. It ends when this process does, or when this process closes the program's stdin.

    Args:
        owner: Whose things it removes.
        address: The engine's, as it is now: the docker context may be another one when the program needs it.
    """
    return subprocess.Popen(
        program_of("sandbox.engine.janitor", owner.identifier),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # what kills the owner's process group must not kill its janitor
        cwd="/",
        env={**os.environ, "DOCKER_HOST": address},
    )


def remove_all_of(identifier: str, client: docker.DockerClient) -> int:
    """Remove each container and network of one owner, save what is kept; returns how many things there were."""
    return _remove(client, {"label": f"{OWNER}={identifier}"}, only_if_gone=False)


def reap(client: docker.DockerClient) -> int:
    """Remove what dead processes of this host left (a power cut takes the janitor too); returns how many things there were."""
    return _remove(client, {"label": HOST}, only_if_gone=True)


def leftovers(client: docker.DockerClient) -> int:
    """How many containers and networks :func:`reap` would remove."""
    containers, networks = _listed(client, {"label": HOST})
    things = [*containers, *networks]
    spared = keep_alive.identifiers() if things else set()
    return sum(thing["Id"] not in spared and is_gone(thing["Labels"]) for thing in things)


def _remove(client: docker.DockerClient, filters: dict[str, str], *, only_if_gone: bool) -> int:
    things = _listed(client, filters)
    spared = keep_alive.identifiers() if any(things) else set()
    containers, networks = (
        [
            thing["Id"]
            for thing in listed
            if thing["Id"] not in spared and (not only_if_gone or is_gone(thing["Labels"]))
        ]
        for listed in things
    )
    # What the engine lists but does not know, as may happen when it was killed, is gone when it restarts.
    return removal.remove(containers, networks, client)


def _listed(client: docker.DockerClient, filters: dict[str, str]) -> tuple[list[Any], list[Any]]:
    """The containers and the networks with a label."""
    with refusing("list its containers and networks"):
        return client.api.containers(all=True, filters=filters), client.api.networks(filters=filters)


def main(identifier: str) -> None:
    """Wait for the owner's end, then clean up."""
    sys.stdin.buffer.read()
    removal.outlast(lambda client: remove_all_of(identifier, client))


if __name__ == "__main__":
    main(Owner(sys.argv[1]).identifier)
