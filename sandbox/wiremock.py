"""The third party of a sandbox: WireMock's admin API."""

import contextlib
import ssl
import time
from typing import Any

import httpx

from sandbox.http import Control

NAME = "wiremock"
PORT = 8080
# Each stub takes longer to add than the one before: ten thousand in one call would take as long as a call may.
_AT_ONCE = 1_000
USER = "sandbox"
# A host that there is not, by RFC 2606.
_REHEARSAL = "rehearsal.invalid"
_REHEARSAL_SECONDS = 10
_POLL_SECONDS = 0.02


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
        """Add stub mappings, in WireMock's own JSON: of two that match, the first wins.

        Raises:
            EngineError: WireMock refused one.
        """
        # WireMock adds them from the last to the first, since a later one wins over an earlier.
        for start in reversed(range(0, len(mappings), _AT_ONCE)):
            some = mappings[start : start + _AT_ONCE]
            self._control.call("POST", "/__admin/mappings/import", {"mappings": some})

    @property
    def proxy(self) -> str:
        """Its address as a proxy for this process."""
        return f"http://{self._control.address}"

    def trust(self) -> ssl.SSLContext:
        """For a client in this process that uses it as a proxy: its CA, and no other."""
        trust = ssl.create_default_context(cadata=self.ca)
        trust.verify_flags &= ~ssl.VERIFY_X509_STRICT  # as in the resync container: see docker/resync/site
        return trust

    def rehearse(self) -> None:
        """Answer one request over TLS that no test sees, and forget it.

        WireMock's first one takes 0.4 s, while Java loads what it needs for it; a test would wait for that. In a sandbox
        that starts, a resync container is still importing meanwhile.
        """
        self.stub([{"request": {"host": {"equalTo": _REHEARSAL}}, "response": {"status": 200, "jsonBody": []}}])
        # Whatever is wrong here, a test will say it better.
        with (
            contextlib.suppress(httpx.HTTPError),
            httpx.Client(proxy=self.proxy, verify=self.trust(), trust_env=False, timeout=_REHEARSAL_SECONDS) as client,
        ):
            client.get(f"https://{_REHEARSAL}/")
            deadline = time.monotonic() + _REHEARSAL_SECONDS
            while not self.journal() and time.monotonic() < deadline:  # it may be noted after it was answered
                time.sleep(_POLL_SECONDS)
        self.reset()

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
