"""The Port of a sandbox: the Port mock's control API."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from sandbox.engine.http import Control
from sandbox.errors import SandboxError

NAME = "port-mock"
API_PORT = 8000
CONTROL_PORT = 8001
RELAY_PORT = 8002
URL = f"http://{NAME}:{API_PORT}"


class Port:
    """Answers for Port's API and keeps what the integration upserts.

    Args:
        control: The control API.
        token: What that asks for.
    """

    def __init__(self, control: Control, token: str) -> None:
        self._control = control
        self.token = token

    @classmethod
    def at(cls, address: str, token: str, *, death: Callable[[], SandboxError | None]) -> "Port":
        """One that another process started; see :class:`sandbox.engine.http.Control`."""
        return cls(Control(NAME, address, token, death=death), token)

    @property
    def address(self) -> str:
        """Host and port of the control API."""
        return self._control.address

    def seed(self, **seed: Any) -> None:
        """Say what Port has before the resync: each key is one of :func:`sandbox.port_mock.seeding.read_seed`."""
        self._control.call("PUT", "/seed", seed)

    def collected(self) -> dict[str, Any]:
        """All that a result is made of, each in order of arrival.

        Since the captures began: ``upserted_entities``, ``deleted_entities``, ``rejected_entities``, and the
        ``refusals`` of the front. Since the last reset, the ``third_party`` requests that never came to WireMock, as its
        journal has others: those that the test process answered (with their ``route``), since WireMock cannot read them,
        and those that the front ``refused`` (why). Since the last seed or reset: the ``calls`` that the integration made, and its
        ``metrics``, and the ``faults`` with how many calls each has met.
        """
        collected: dict[str, Any] = self._control.ask("GET", "/collected")
        return collected

    def refusals(self) -> list[dict[str, Any]]:
        """What the front has refused since the captures began: ``host``, ``port``, ``protocol``, ``reason``."""
        refusals: list[dict[str, Any]] = self._control.ask("GET", "/refusals")["refusals"]
        return refusals

    def captures(self, calls: Iterable[int] | None = None) -> dict[str, list[dict[str, Any]]]:
        """``upserted_entities``, ``deleted_entities`` and ``rejected_entities``, each in order of arrival.

        Args:
            calls: Only what these calls brought, by their number; None for all.
        """
        asked = "" if calls is None else f"?calls={','.join(map(str, calls))}"
        captures: dict[str, list[dict[str, Any]]] = self._control.ask("GET", f"/captures{asked}")
        return captures

    def entities(self) -> list[dict[str, Any]]:
        """The entities that are in Port, blueprint by blueprint."""
        entities: list[dict[str, Any]] = self._control.ask("GET", "/entities")["entities"]
        return entities

    def forget_captures(self) -> None:
        """Reset captures; what is in Port stays."""
        self._control.call("DELETE", "/captures")

    def state(self) -> dict[str, Any]:
        """What else it keeps: the integration, its resync states, metrics, logs, and what was created."""
        state: dict[str, Any] = self._control.ask("GET", "/state")
        return state

    def relay(self) -> tuple[str, str]:
        """Where to answer requests that WireMock hands over: the address of a websocket, and the token it asks for."""
        return f"ws://{self._control.address}/relay", self.token

    def add_run(self, kind: str, run: dict[str, Any]) -> None:
        """Have a run wait to be claimed: see :func:`sandbox.port_mock.runs.read_run`."""
        self._control.call("POST", "/runs", {"kind": kind, "run": run})

    def run(self, identifier: str) -> dict[str, Any]:
        """What became of a run: the ``run`` as it is in Port, whether it is ``claimed``, ``acknowledged``, its ``logs``."""
        run: dict[str, Any] = self._control.ask("GET", f"/runs/{quote(identifier, safe='')}")
        return run

    def add_fault(self, fault: dict[str, Any]) -> None:
        """Have calls fail from now on: see :class:`sandbox.port_mock.faults.Fault`."""
        self._control.call("POST", "/faults", fault)

    def clear_faults(self) -> None:
        """Forget all faults."""
        self._control.call("DELETE", "/faults")

    def expire_token(self) -> None:
        """Refuse the access token that the integration holds, or else the next one that it gets."""
        self._control.call("POST", "/expire-token")

    def reset(self) -> None:
        """Forget everything."""
        self._control.call("POST", "/reset")

    def is_empty(self) -> bool:
        """Whether it has neither seeds nor captures nor calls."""
        return bool(self._control.ask("GET", "/empty")["empty"])

    def look(self) -> str:
        """A command that shows what it has got."""
        return f"curl -H 'Authorization: Bearer {self.token}' http://{self.address}/captures  # or …/calls, …/state"

    def close(self) -> None:
        """Close the connections."""
        self._control.close()
