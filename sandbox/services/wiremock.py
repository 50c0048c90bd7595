"""The third party of a sandbox: WireMock's admin API."""

import base64
import contextlib
import hashlib
import struct
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
# Characters of bodies in one call, unless one has more: WireMock holds a call several times over while it reads it.
_BODIES_AT_ONCE = 4_000_000
# Characters of a body above which WireMock gets it as a file, in the folder that docker/wiremock/FailureJournal.java names.
_LARGE_BODY = 20_000
_BODIES = "ocean-sandbox"
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
        mappings = self._with_bodies_as_files(mappings)
        # WireMock adds them from the last to the first, since a later one wins over an earlier.
        for some in _parts(mappings):
            self._control.call("POST", "/__admin/mappings/import", {"mappings": some})

    def _with_bodies_as_files(self, mappings: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same stubs, with the names of large bodies, which WireMock has got as files.

        Its heap would hold a body several times over, and each call that asks for the stub would hold it again.
        """
        made, part, size = [], bytearray(), 0
        sent: set[str] = set()
        for mapping in mappings:
            response = mapping.get("response") or {}
            if (content := _large_body(response)) is None:
                made.append(mapping)
                continue
            name = hashlib.sha256(content).hexdigest()
            kept = {key: value for key, value in response.items() if key not in ("body", "base64Body")}
            made.append({**mapping, "response": {**kept, "bodyFileName": f"{_BODIES}/{name}"}})
            if name in sent:
                continue
            sent.add(name)
            if part and size + len(content) > _BODIES_AT_ONCE:
                self._send_bodies(part)
                part, size = bytearray(), 0
            part += struct.pack(">H", len(name)) + name.encode() + struct.pack(">I", len(content)) + content
            size += len(content)
        if part:
            self._send_bodies(part)
        return made

    def _send_bodies(self, bodies: bytearray) -> None:
        self._control.call("POST", "/__admin/ocean-sandbox/bodies", content=bytes(bodies))

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
        self._read_bodies(requests)
        return requests

    def _read_bodies(self, journal: list[dict[str, Any]]) -> None:
        """Put back into the stubs that answered what :meth:`stub` made files of: the journal has the beginning of it."""
        known: dict[str, str] = {}
        for entry in journal:
            response = (entry.get("stubMapping") or {}).get("response") or {}
            name = str(response.get("bodyFileName"))
            if name.startswith(f"{_BODIES}/"):
                if name not in known:
                    content = self._control.call("GET", f"/__admin/files/{name}").content
                    known[name] = base64.b64encode(content).decode()
                response["base64Body"] = known[name]
                del response["bodyFileName"]

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


def _large_body(response: dict[str, Any]) -> bytes | None:
    """The body of an answer that is to be a file; not of one with templates, which WireMock compiles once for a stub."""
    if response.get("transformers") or response.get("jsonBody") is not None or "bodyFileName" in response:
        return None
    body, encoded = response.get("body"), response.get("base64Body")
    if isinstance(body, str) and encoded is None and len(body) > _LARGE_BODY:
        return body.encode("utf-8", "surrogatepass")
    if isinstance(encoded, str) and body is None and len(encoded) > _LARGE_BODY:
        with contextlib.suppress(ValueError):  # which WireMock is to refuse
            return base64.b64decode(encoded, validate=True)
    return None


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
