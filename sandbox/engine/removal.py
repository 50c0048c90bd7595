"""Removes containers and networks, even if the engine is away in between."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import docker.errors

import docker
from sandbox.engine.connection import connect
from sandbox.errors import EngineError

# For what an engine that answers cannot remove, or still makes.
_PATIENCE_SECONDS = 8.0
_ABSENCE_SECONDS = 600.0
_CALL_SECONDS = 60
_PAUSE_SECONDS = 0.2
_PAUSE_WHILE_AWAY_SECONDS = 1.0


def remove(containers: Iterable[str], networks: Iterable[str], client: docker.DockerClient) -> int:
    """Remove containers, then networks; returns how many of them were there.

    Args:
        containers: Their identifiers.
        networks: Likewise.
        client: The engine's.

    Raises:
        EngineUnreachableError: It does not answer.
    """
    return sum(
        _is_there(call, identifier, options)
        for call, identifiers, options in (
            (client.api.remove_container, containers, {"force": True, "v": True}),
            (client.api.remove_network, networks, {}),
        )
        for identifier in identifiers
    )


class Leftovers:
    """Containers and networks that an engine which was away may not have removed."""

    def __init__(self) -> None:
        self._containers: list[str] = []
        self._networks: list[str] = []
        self._lock = threading.Lock()

    def add(self, containers: Iterable[str], networks: Iterable[str]) -> None:
        """Take more of them, by their identifiers."""
        with self._lock:
            self._containers += containers
            self._networks += networks

    def remove(self, client: docker.DockerClient) -> None:
        """Remove them. They are forgotten once the engine has said of each that it is not there.

        Raises:
            EngineUnreachableError: It does not answer.
        """
        with self._lock:
            containers, self._containers = self._containers, []
            networks, self._networks = self._networks, []
        are_gone = False
        try:
            are_gone = not remove(containers, networks, client)
        finally:
            if not are_gone:
                self.add(containers, networks)


def _is_there(call: Callable[..., Any], identifier: str, options: dict[str, bool]) -> bool:
    """Remove it; whether it was there."""
    try:
        call(identifier, **options)
    except docker.errors.NotFound:
        return False
    except docker.errors.APIError:  # it is going, or still in use: the next attempt sees
        pass
    return True


def outlast(
    attempt: Callable[[docker.DockerClient], int],
    *,
    patience: float = _PATIENCE_SECONDS,
    absence: float = _ABSENCE_SECONDS,
) -> bool:
    """Remove things until nothing is left for a moment, however often the engine goes away meanwhile.

    Args:
        attempt: Removes what there is, and returns how many things there were.
        patience: Seconds that an engine which answers has, from when it first did.
        absence: Seconds, in all, in which an engine that is away may come back.

    Returns:
        Whether nothing is left.
    """
    client: docker.DockerClient | None = None
    began = time.monotonic()
    deadline, clean = began + patience, 0
    while clean < 3:  # noqa: PLR2004 # a create that was under way may still land
        try:
            client = client or connect(_CALL_SECONDS)
            clean = 0 if attempt(client) else clean + 1
        except EngineError:  # it is away, or has just come back and is still busy with that
            if time.monotonic() > began + absence:
                return False
            time.sleep(_PAUSE_WHILE_AWAY_SECONDS)
            deadline, clean = time.monotonic() + patience, 0
            continue
        if clean == 0 and time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True
