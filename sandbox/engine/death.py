"""Why a container has died, according to the engine."""

import contextlib
import time
from datetime import datetime
from typing import Any, Protocol

import docker.errors
from testcontainers.core.docker_client import DockerClient

from sandbox.engine import connection
from sandbox.errors import ContainerDiedError, EngineError, EngineUnreachableError

# The engine tells of a death a moment after the stream has ended, and of the memory that ran out after that.
_EVENT_SECONDS, _MEMORY_SECONDS, _POLL_SECONDS = 2.0, 0.3, 0.05
_CALL_SECONDS = 5
_DAY_SECONDS = 24 * 3600
_AGAIN = "run the test again; later tests get another sandbox."
_NEW_SANDBOXES = (
    "run the test again. Tests that start now get new sandboxes; the remains of the old ones are removed automatically."
)
_SIGNALS = {"137": "killed, SIGKILL", "139": "segmentation fault, SIGSEGV", "134": "aborted, SIGABRT"}
_KILLED = "137"
_HEAP = "java.lang.OutOfMemoryError"
_MEMORY = "it ran out of memory"
_TITLES = {
    "wiremock": "WireMock container",
    "port-mock": "Port mock container",
    "front": "front container",
    "resync": "resync container",
}
_MEMORY_REMEDIES = {
    "wiremock": "OCEAN_SANDBOX_WIREMOCK_MEMORY raises its limit; it keeps the requests and answers of a test in memory.",
    "port-mock": "OCEAN_SANDBOX_PORT_MOCK_MEMORY raises its limit; it keeps the calls and entities of a test in memory.",
    "resync": "OCEAN_SANDBOX_RESYNC_MEMORY raises its limit.",
}


class Dead(Protocol):
    """What is asked of a container that has ended: see :class:`sandbox.engine.container.Container`."""

    @property
    def role(self) -> str:
        """What it was for."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def memory(self) -> str:
        """Its memory limit."""

    @property
    def started_at(self) -> float:
        """When it started, by the clock of this machine."""

    def end_of_log(self) -> str:
        """The last lines that it wrote."""

    def get_container_id(self) -> str:
        """What the engine calls it."""

    def get_docker_client(self) -> DockerClient:
        """The engine's client."""


def death_of(container: Dead) -> EngineError:
    """What to tell of a container that has died: which it is, why, what to do, and the end of its log.

    Returns:
        A ContainerDiedError, or what is wrong with the engine where that is to blame.
    """
    try:
        why = why_it_ended(container)
    except EngineUnreachableError as error:
        return error
    memory = _MEMORY_REMEDIES.get(container.role, "") if why.startswith(_MEMORY) else ""
    return ContainerDiedError(
        f"The {_TITLES.get(container.role, container.role)} of this sandbox ({container.name}) died: {why}.",
        remedy=f"{memory} {_AGAIN.capitalize()}" if memory else _AGAIN,
        detail=container.end_of_log(),
    )


def why_it_ended(container: Dead) -> str:
    """How the program in a container ended, in words: its exit code, and whether memory ran out.

    Raises:
        EngineUnreachableError: The engine has gone, or was restarted, and the container with it; or the container has not
            ended, and only the connection to it broke.
    """
    connection.check(container.get_docker_client().client)
    events = _settled(container)
    if any(event.get("Action") == "oom" for event in events or []):
        return _in_words(container, "", ran_out=True)
    if codes := _exit_codes(events or []):
        return _in_words(container, codes[-1])
    # The engine keeps its last few hundred events only: that it tells of none proves nothing.
    if (state := _state(container)) is not None:
        if state.get("Running"):
            raise EngineUnreachableError(
                f"The connection to {container.name} broke; the container still runs at {connection.address()}.",
                remedy=_NEW_SANDBOXES,
            )
        return _in_words(container, str(state.get("ExitCode")), ran_out=bool(state.get("OOMKilled")))
    if events == []:
        raise EngineUnreachableError(
            f"The engine at {connection.address()} was restarted, and {container.name} stopped with it.",
            remedy=_NEW_SANDBOXES,
        )
    return "the engine does not say why"


def _in_words(container: Dead, code: str, *, ran_out: bool = False) -> str:
    if ran_out:
        return f"{_MEMORY} (its limit is {container.memory})"
    if _HEAP in container.end_of_log():
        return f"{_MEMORY} (two thirds of its limit of {container.memory} are Java's heap)"
    return f"exit code {code}" + (f" ({_SIGNALS[code]})" if code in _SIGNALS else "")


def _state(container: Dead) -> dict[str, Any] | None:
    """The engine's present state of a container; None where it has no such container."""
    with connection.refusing("report how a container ended"):
        try:
            found = container.get_docker_client().client.api.inspect_container(container.get_container_id())
        except docker.errors.NotFound:
            return None
    return dict(found["State"])


def _settled(container: Dead) -> list[dict[str, Any]] | None:
    """What the engine remembers of a container's life, once it has told of its death; None where it does not say in time."""
    deadline = time.monotonic() + _EVENT_SECONDS
    while True:
        events = _events(container)
        codes = _exit_codes(events or [])
        if codes and codes[-1] == _KILLED and deadline - time.monotonic() > _MEMORY_SECONDS:
            deadline = time.monotonic() + _MEMORY_SECONDS
        if events is None or time.monotonic() > deadline or (codes and codes[-1] != _KILLED):
            break
        if any(event.get("Action") == "oom" for event in events):
            break
        time.sleep(_POLL_SECONDS)
    return events


def _exit_codes(events: list[dict[str, Any]]) -> list[str]:
    return [str(event["Actor"]["Attributes"].get("exitCode")) for event in events if event.get("Action") == "die"]


def _events(container: Dead) -> list[dict[str, Any]] | None:
    """What the engine remembers of a container's life so far; None where it does not say in time."""
    with (
        contextlib.closing(connection.connect(timeout=_CALL_SECONDS)) as client,
        connection.refusing("report how a container ended"),
    ):
        # By its own clock: where that is behind ours, it would answer when it has caught up.
        now: Any = f"{datetime.fromisoformat(client.api.info()['SystemTime']).timestamp():.6f}"
        stream = client.api.events(
            since=max(1, int(container.started_at) - _DAY_SECONDS),
            until=now,
            filters={"container": container.get_container_id(), "event": ["start", "die", "oom"]},
            decode=True,
        )
        try:
            return list(connection.streamed(stream))
        except EngineUnreachableError:
            return None
