"""What a harness leases: one isolated sandbox, whichever process started it."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Protocol

from sandbox.errors import SandboxError
from sandbox.resync.report import Report
from sandbox.services.front import RESYNC_NAME
from sandbox.services.port import NAME as PORT_NAME
from sandbox.services.port import Port
from sandbox.services.wiremock import NAME as WIREMOCK_NAME
from sandbox.services.wiremock import WireMock
from sandbox.settings import Entry, Settings

# Where the integration is in its container, as in Ocean's own images.
DIRECTORY = "/app"
OWN_NAMES = [WIREMOCK_NAME, PORT_NAME, RESYNC_NAME]


class Resync(Protocol):
    """A resync container, as a harness uses it; see :class:`sandbox.resync.container.ResyncContainer`."""

    def boot(self, *, archive: bytes, config: dict[str, Any], source: Path, entry: Entry = "resync") -> None:
        """Put the integration in, and start it."""

    def resync(self, source: Path) -> Report:
        """Run the resync."""

    def listen(self, source: Path) -> dict[str, Any]:
        """Start ``ocean sail``, which runs on; return what it takes."""

    def live(self, order: dict[str, Any], source: Path) -> dict[str, Any]:
        """Have it deliver a webhook, or execute an action run."""

    @property
    def warning(self) -> str:
        """What somebody should know of it, once it has booted; empty where there is nothing to say."""

    @property
    def logs(self) -> list[str]:
        """What the integration wrote to stdout and stderr, one entry per line."""

    def stop(self) -> None:
        """Kill it, in the middle of whatever it does."""


class Sandbox(ABC):
    """One isolated place: a closed network, a WireMock, a Port mock. Leased from a pool.

    Attributes:
        wiremock: The third party.
        port: Port.
    """

    wiremock: WireMock
    port: Port

    @abstractmethod
    def resync_container(self, directory: Path, settings: Settings) -> Resync:
        """A started resync container on the closed network: one that was warmed ahead, if there is one.

        Args:
            directory: The integration's, or where the image stands in for its code: see ``Settings.image``.
            settings: Its limits.

        Raises:
            ImageError: The integration's dependencies cannot be installed.
        """

    @abstractmethod
    def finish(self, container: Any) -> None:
        """Take a resync container back after its resync: it is killed, or kept for another fork."""

    @abstractmethod
    def look(self) -> dict[str, str]:
        """What to type to look into it: a command each for WireMock, the Port mock and the resync container."""

    @abstractmethod
    def death(self) -> SandboxError | None:
        """Why it no longer works: a container of it that has died, or an engine that has gone; None where it works."""

    @abstractmethod
    def settle(self) -> None:
        """Have everything reported that the front has refused so far, before a result is made of it.

        Raises:
            EngineError: A container of it has died.
        """

    def restore_services(self, services: dict[str, Any]) -> dict[str, Any]:
        """Have services run beside it, as their ``seed`` left them; the containers of testcontainers, by name.

        Args:
            services: As :func:`sandbox.services.real.declared` makes them.

        Raises:
            SandboxError: One does not start, or the sandbox is the pool daemon's, which has none.
        """
        if not services:
            return {}
        raise SandboxError(
            f"A sandbox of `ocean-sandbox up` has no services, but this test wants {', '.join(services)}.",
            remedy="run it with sandboxes of its own: OCEAN_SANDBOX_STANDING_POOL=false, or standing_pool = false in "
            "[tool.ocean-sandbox].",
        )

    def begin_resync(self) -> None:
        """Begin the next resync's captures and refusals; what the one before left in Port stays there."""
        self.port.forget_captures()
