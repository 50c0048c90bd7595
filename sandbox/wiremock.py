"""The third party of a sandbox: WireMock's admin API."""

from typing import Any

from sandbox.http import Control

NAME = "wiremock"
PORT = 8080
USER = "sandbox"


class WireMock:
    """A forward proxy that answers for any host, over TLS too, from stubs.

    Its admin API asks for a password that only this process knows, so that the integration under test cannot change its
    own third party.

    Args:
        control: Its admin API.
        password: What that asks for.
        ca: The CA of its certificates, as PEM.
    """

    def __init__(self, control: Control, password: str, ca: str) -> None:
        self._control = control
        self.password = password
        self.ca = ca

    @classmethod
    def at(cls, address: str, password: str, ca: str) -> "WireMock":
        """One that another process started."""
        return cls(Control(NAME, address, (USER, password)), password, ca)

    @property
    def address(self) -> str:
        """Host and port."""
        return self._control.address

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

    def forget_journal(self) -> None:
        """Begin the journal anew; stubs stay. It is kept in memory, which a long resync would fill."""
        self._control.call("DELETE", "/__admin/requests")

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

    def look(self) -> str:
        """A command that shows what it has got."""
        return f"curl -u {USER}:{self.password} {self.proxy}/__admin/requests  # or …/mappings"

    def close(self) -> None:
        """Close the connections."""
        self._control.close()
