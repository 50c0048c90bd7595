"""The Port mock in a container: the Port of a sandbox."""

import secrets
from typing import Any, Self

from docker.models.networks import Network

from sandbox.container import Container
from sandbox.http import Control
from sandbox.owner import Owner
from sandbox.settings import Settings

NAME = "port-mock"
API_PORT = 8000
CONTROL_PORT = 8001
RELAY_PORT = 8002
URL = f"http://{NAME}:{API_PORT}"


class Port:
    """Answers for Port's API and keeps what the integration upserts.

    Args:
        image: Tag of the image.
        owner: The process it belongs to.
        closed: The network of the resync container.
        front: The network with this machine.
    """

    def __init__(self, image: str, owner: Owner, settings: Settings, closed: Network, front: Network) -> None:
        self._token = secrets.token_urlsafe(16)
        self._container = Container(
            image,
            role=NAME,
            owner=owner,
            networks=[(front, None), (closed, NAME)],
            memory=settings.port_mock_memory,
            pids_limit=settings.pids_limit,
            environment={"PORT_MOCK_TOKEN": self._token},
            publish=[CONTROL_PORT],
        )

    def start(self) -> Self:
        """Start it; returns when it answers.

        Raises:
            EngineError: It did not start.
        """
        self._container.start()
        self._control = Control(self._container, CONTROL_PORT, self._token)
        self._control.wait_until_ready("/health")
        return self

    def seed(
        self,
        *,
        integration: dict[str, str],
        mapping: dict[str, Any],
        blueprints: dict[str, Any],
        search_entities_response: list[dict[str, Any]],
    ) -> None:
        """Say what Port has before the resync: the mapping, blueprints, and entities that exist already."""
        self._control.call(
            "PUT",
            "/seed",
            {
                "integration": integration,
                "mapping": mapping,
                "blueprints": blueprints,
                "search_entities_response": search_entities_response,
            },
        )

    def captures(self) -> dict[str, list[dict[str, Any]]]:
        """What was upserted and deleted: ``upserted_entities`` and ``deleted_entities``, in order of arrival."""
        captures: dict[str, list[dict[str, Any]]] = self._control.call("GET", "/captures").json()
        return captures

    def calls(self) -> list[dict[str, Any]]:
        """Every call that the integration made, in order."""
        calls: list[dict[str, Any]] = self._control.call("GET", "/calls").json()["calls"]
        return calls

    def state(self) -> dict[str, Any]:
        """What else it keeps: the integration, its resync states, metrics, logs, and what was created."""
        state: dict[str, Any] = self._control.call("GET", "/state").json()
        return state

    def relay(self) -> tuple[str, str]:
        """Where to answer requests that WireMock hands over: the address of a websocket, and the token it asks for."""
        return f"ws://{self._control.address}/relay", self._token

    def reset(self) -> None:
        """Forget everything."""
        self._control.call("POST", "/reset")

    def is_empty(self) -> bool:
        """Whether it has neither seeds nor captures nor calls."""
        return bool(self._control.call("GET", "/empty").json()["empty"])

    def stop(self) -> None:
        """Kill it."""
        if hasattr(self, "_control"):
            self._control.close()
        self._container.stop()
