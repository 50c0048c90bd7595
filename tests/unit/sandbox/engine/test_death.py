"""Why a container ended, or whether it did, with an engine that has forgotten its events, or knows that it runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from docker.models.containers import Container as EngineContainer

from sandbox.engine import engine
from sandbox.engine.container import Container
from sandbox.engine.death import death_of, why_it_ended
from sandbox.engine.owner import Owner
from sandbox.errors import ContainerDiedError, EngineError, EngineUnreachableError
from tests.unit.sandbox.factories import engine_at, fake_engine

THERE: dict[str, tuple[int, object]] = {
    "GET /networks/bridge": (200, {"IPAM": {"Config": [{"Gateway": "127.0.0.1"}]}}),
    "GET /info": (200, {"SystemTime": "2026-01-01T00:00:00Z"}),
}
STARTED = {"Action": "start", "Actor": {"Attributes": {}}}
RUNS = {"Running": True, "ExitCode": 0, "OOMKilled": False}
GONE = (404, {"message": "No such container: c"})


@contextmanager
def container(**answers: tuple[int, object]) -> Iterator[Container]:
    """One of which the engine answers this."""
    with fake_engine({**THERE, **answers}, unix=True) as stand_in, engine_at(stand_in.address):
        found = Container("image", role="wiremock", owner=Owner(), memory="16m", pids_limit=1)
        found._container = EngineContainer({"Id": "c"}, client=engine.client().client)
        yield found


def knowing(state: dict[str, object] | None, *events: object) -> dict[str, tuple[int, object]]:
    inspected = GONE if state is None else (200, {"State": state})
    return {"GET /events": (200, events), "GET /containers/c/json": inspected}


@pytest.mark.parametrize("events", [(), (STARTED,)], ids=["forgotten", "remembered"])
def test_one_that_still_runs_has_only_lost_its_connection(events: tuple[object, ...]) -> None:
    with container(**knowing(RUNS, *events)) as found:
        death = death_of(found)

    assert isinstance(death, EngineUnreachableError)
    assert death.what.startswith(f"The connection to {found.name} broke; the container still runs at unix://")
    assert "run the test again" in death.remedy


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"Running": False, "ExitCode": 137, "OOMKilled": False}, "exit code 137 (killed, SIGKILL)"),
        ({"Running": False, "ExitCode": 137, "OOMKilled": True}, "it ran out of memory (its limit is 16m)"),
    ],
)
def test_the_state_of_one_says_what_the_events_no_longer_do(state: dict[str, object], why: str) -> None:
    with container(**knowing(state)) as found:
        death = death_of(found)

    assert isinstance(death, ContainerDiedError)
    assert f"({found.name}) died: {why}." in death.what


def test_one_of_which_the_engine_knows_nothing_ended_with_it() -> None:
    with (
        container(**knowing(None)) as found,
        pytest.raises(EngineUnreachableError, match=r"was restarted, and .* stopped"),
    ):
        why_it_ended(found)


NO_PORTS = {"GET /containers/c/json": (200, {"State": RUNS, "NetworkSettings": {"Ports": {"8080/tcp": None}}})}


def test_one_that_runs_without_its_port_is_not_said_to_have_died() -> None:
    with container(**NO_PORTS) as found, pytest.raises(EngineError, match="did not publish port 8080 of") as caught:
        found.address(8080)

    assert type(caught.value) is EngineError
    assert "died" not in str(caught.value)
    assert "publish ports on 127.0.0.1" in caught.value.remedy


def test_one_that_has_ended_has_no_port_because_it_died() -> None:
    died = {"Action": "die", "Actor": {"Attributes": {"exitCode": "1"}}}
    with container(**knowing(None, STARTED, died)) as found:
        threading.Timer(0.2, found.ended.set).start()
        with pytest.raises(ContainerDiedError, match="died: exit code 1"):
            found.address(8080)
