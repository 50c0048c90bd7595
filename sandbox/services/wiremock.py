"""The third party of a sandbox: WireMock's admin API."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from sandbox.engine.http import Control
from sandbox.errors import SandboxError

NAME = "wiremock"
PORT = 8080
# Each stub takes longer to add than the one before: ten thousand in one call would take as long as a call may.
_AT_ONCE = 1_000
# Characters of bodies in one call, unless one stub has more: WireMock holds a call several times over while it reads it.
_BODIES_AT_ONCE = 4_000_000
USER = "sandbox"
# A host that there is not, by RFC 2606.
_REHEARSAL = "rehearsal.invalid"
_REHEARSAL_SECONDS = 10
_POLL_SECONDS = 0.02


class WireMock:
    """Answers for any host, from stubs: each request reaches it with its whole URL.

    Its admin API asks for a password that only this process knows, so that the integration under test cannot change its
    own third party.

    Args:
        control: Its admin API.
        password: What that asks for.
    """

    def __init__(self, control: Control, password: str) -> None:
        self._control = control
        self.password = password

    @classmethod
    def at(cls, address: str, password: str, *, death: Callable[[], SandboxError | None]) -> "WireMock":
        """One that another process started; see :class:`sandbox.engine.http.Control`."""
        return cls(Control(NAME, address, (USER, password), death=death), password)

    @property
    def address(self) -> str:
        """Host and port."""
        return self._control.address

    def stub(self, mappings: list[dict[str, Any]]) -> None:
        """Add stub mappings, in WireMock's own JSON: of two that match, the first wins.

        Raises:
            EngineError: WireMock refused one.
        """
        # It would write what is to persist to its disk, which ends with it: what it recorded is marked so.
        mappings = [{key: value for key, value in each.items() if key != "persistent"} for each in mappings]
        # WireMock adds them from the last to the first, since a later one wins over an earlier.
        for some in _parts(mappings):
            self._control.call("POST", "/__admin/mappings/import", {"mappings": some})

    def addressed(self, request: httpx.Request) -> httpx.Request:
        """Have a request of this process go to WireMock, with its whole URL, as the front sends those of an integration.

        Args:
            request: For any host; it is changed.
        """
        # Over plain HTTP whatever the scheme: WireMock reads it in the URL.
        request.extensions["target"] = b"".join(
            [request.url.raw_scheme, b"://", request.url.netloc, request.url.raw_path]
        )
        request.url = httpx.URL(f"http://{self._control.address}/")
        return request

    def rehearse(self) -> None:
        """Answer one request that no test sees, and forget it.

        WireMock's first one takes long, while Java loads what it needs for it; a test would wait for that. In a sandbox
        that starts, a resync container is still importing meanwhile.
        """
        self.stub([{"request": {"host": {"equalTo": _REHEARSAL}}, "response": {"status": 200, "jsonBody": []}}])
        # Whatever is wrong here, a test will say it better.
        with (
            contextlib.suppress(httpx.HTTPError),
            # It is not TLS, and to read the CAs for it takes 30 ms.
            httpx.Client(trust_env=False, timeout=_REHEARSAL_SECONDS, verify=False) as client,  # noqa: S501
        ):
            client.send(self.addressed(client.build_request("GET", f"https://{_REHEARSAL}/")))
            self.first_journaled(_REHEARSAL_SECONDS)
        self.reset()

    def journal(self) -> list[dict[str, Any]]:
        """Every third-party request since the last reset, oldest first, as WireMock's ``/__admin/requests`` has them."""
        requests: list[dict[str, Any]] = []
        is_whole = False
        while not is_whole:  # a page at a time: see docker/wiremock/FailureJournal.java
            page = self._control.ask("GET", f"/__admin/ocean-sandbox/requests?from={len(requests)}")
            requests += page["requests"]
            is_whole = page["isLast"]
        return requests

    def first_journaled(self, seconds: float) -> list[dict[str, Any]]:
        """The journal after a first request was answered, which may be noted only then.

        Args:
            seconds: How long to wait; then it may still be empty.
        """
        deadline = time.monotonic() + seconds
        while not (journal := self.journal()) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return journal

    def take_journal(self) -> list[dict[str, Any]]:
        """The journal so far, which WireMock then forgets: it is kept in memory, which a long resync would fill.

        Each entry is removed by itself, so that none is lost that comes in the meantime.
        """
        journal = self.journal()
        for entry in journal:
            self._control.call("DELETE", f"/__admin/requests/{entry['id']}")
        return journal

    def mappings(self) -> list[dict[str, Any]]:
        """The stub mappings it has."""
        mappings: list[dict[str, Any]] = self._control.ask("GET", "/__admin/mappings")["mappings"]
        return mappings

    def reset(self) -> None:
        """Forget stubs, scenarios, journal and settings."""
        self._control.call("DELETE", "/__admin/mappings")  # the next call would load again what was to persist
        self._control.call("POST", "/__admin/reset")
        self._control.call("POST", "/__admin/settings", {})  # the call above leaves a delay for all answers in force

    def is_empty(self) -> bool:
        """Whether it has neither stubs nor a journal."""
        total = self._control.ask("GET", "/__admin/requests?limit=1")["meta"]["total"]
        return not total and not self.mappings()

    def look(self) -> str:
        """A command that shows what it has got."""
        return f"curl -u {USER}:{self.password} http://{self.address}/__admin/requests  # or …/mappings"

    def close(self) -> None:
        """Close the connections."""
        self._control.close()


def _parts(mappings: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """What goes in one call each, the last stubs first; in each part the stubs have their order."""
    part: list[dict[str, Any]] = []
    size = 0
    for mapping in reversed(mappings):
        response = mapping.get("response") or {}
        more = sum(len(body) for name in ("body", "base64Body") if isinstance(body := response.get(name), str))
        if part and (len(part) == _AT_ONCE or size + more > _BODIES_AT_ONCE):
            yield part[::-1]
            part, size = [], 0
        part.append(mapping)
        size += more
    if part:
        yield part[::-1]
