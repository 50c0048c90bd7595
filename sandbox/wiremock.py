"""WireMock in a container: the third party of a sandbox."""

import base64
import secrets
from typing import Any, Self

import httpx
from docker.models.networks import Network

from sandbox.container import Container
from sandbox.errors import EngineError
from sandbox.http import Control
from sandbox.owner import Owner
from sandbox.settings import Settings

NAME = "wiremock"
PORT = 8080


class WireMock:
    """A forward proxy that answers for any host, over TLS too, from stubs.

    Its admin API asks for a password that only this process knows, so that the integration under test cannot change its
    own third party.

    Args:
        image: Tag of the image.
        owner: The process it belongs to.
        closed: The network of the resync container.
        front: The network with this machine.
    """

    def __init__(self, image: str, owner: Owner, settings: Settings, closed: Network, front: Network) -> None:
        self._password = secrets.token_urlsafe(16)
        self._container = Container(
            image,
            role=NAME,
            owner=owner,
            networks=[(front, None), (closed, NAME)],
            memory=settings.wiremock_memory,
            pids_limit=settings.pids_limit,
            environment={"WIREMOCK_ADMIN": f"sandbox:{self._password}"},
            publish=[PORT],
        )
        self.ca = ""

    def start(self) -> Self:
        """Start it; returns when it answers and its CA can be had.

        Raises:
            EngineError: It did not start.
        """
        self._container.start()
        self._control = Control(self._container, PORT, ("sandbox", self._password))
        self._control.wait_until_ready("/__admin/health")
        self.ca = self._control.call("GET", "/__admin/certs/wiremock-ca.crt").text
        if "BEGIN CERTIFICATE" not in self.ca:
            raise EngineError(
                "WireMock has no CA, so nothing could be reached over TLS.",
                remedy="`ocean-sandbox images --rebuild` builds its image again.",
                detail=self._container.end_of_log(),
            )
        return self

    def stub(self, mappings: list[dict[str, Any]]) -> None:
        """Add stub mappings, in WireMock's own JSON, in one call.

        Raises:
            EngineError: WireMock refused one.
        """
        if mappings:
            self._control.call("POST", "/__admin/mappings/import", {"mappings": mappings})

    @property
    def proxy(self) -> str:
        """Its address as a proxy for this process."""
        return f"http://{self._control.address}"

    def journal(self) -> list[dict[str, Any]]:
        """Every third-party request since the last reset, oldest first, as WireMock's ``/__admin/requests`` has them."""
        requests: list[dict[str, Any]] = self._control.call("GET", "/__admin/requests").json()["requests"]
        return requests[::-1]

    def nearest(self, request: httpx.Request) -> list[dict[str, Any]]:
        """The stubs that come nearest to a request, best first; at most a few, and none that lacks all likeness."""
        asked = {
            "url": request.url.raw_path.decode(),
            "absoluteUrl": str(request.url),
            "method": request.method,
            "headers": dict(request.headers),
            "bodyAsBase64": base64.b64encode(request.content).decode(),
        }
        found = self._control.call("POST", "/__admin/near-misses/request", asked).json()["nearMisses"]
        return [near["stubMapping"] for near in found]

    def mappings(self) -> list[dict[str, Any]]:
        """The stub mappings it has."""
        mappings: list[dict[str, Any]] = self._control.call("GET", "/__admin/mappings").json()["mappings"]
        return mappings

    def reset(self) -> None:
        """Forget stubs, scenarios and journal."""
        self._control.call("POST", "/__admin/reset")

    def is_empty(self) -> bool:
        """Whether it has neither stubs nor a journal."""
        total = self._control.call("GET", "/__admin/requests?limit=1").json()["meta"]["total"]
        return not total and not self.mappings()

    def stop(self) -> None:
        """Kill it."""
        if hasattr(self, "_control"):
            self._control.close()
        self._container.stop()
