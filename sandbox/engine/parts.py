"""The containers of a sandbox, and which of them has died."""

import time
from collections.abc import Iterator

import docker
from sandbox.engine import connection
from sandbox.engine.container import Container
from sandbox.engine.death import death_of
from sandbox.errors import EngineError, EngineUnreachableError

# A connection breaks a moment before the stream of the container at its other end does.
_STREAM_SECONDS, _POLL_SECONDS = 1.0, 0.05


class Parts:
    """The containers that a sandbox is made of, from its start to its end.

    Args:
        client: The engine's.
    """

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client
        self._containers: list[Container] = []

    def add(self, *containers: Container) -> None:
        """Take more of them."""
        self._containers += containers

    def __iter__(self) -> Iterator[Container]:
        return iter(list(self._containers))

    def dead(self) -> Container | None:
        """The one that died first, if one has."""
        return min((each for each in self if each.has_died), key=lambda each: each.ended_at, default=None)

    def death(self) -> EngineError | None:
        """Why it no longer answers: what to tell of the container that died, or of an engine that has gone.

        Returns:
            The error, or None where all is well with both.
        """
        deadline = time.monotonic() + _STREAM_SECONDS
        while (dead := self.dead()) is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if dead is not None:
            return death_of(dead)
        try:
            connection.check(self._client)
        except EngineUnreachableError as error:
            return error
        return None
