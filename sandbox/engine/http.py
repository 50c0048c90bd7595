"""HTTP client for the control side of a container, whoever started it."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx

from sandbox.engine.location import location
from sandbox.errors import EngineError, SandboxError

if TYPE_CHECKING:
    from sandbox.engine.container import Container
    from sandbox.engine.parts import Parts

_POLL_SECONDS = 0.02
_NOT_OURS = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
# After so long without a connection, it is asked whether the program listens; Java takes a second or two to begin.
_REACH_SECONDS = 3.0
_READY_TIMEOUT = httpx.Timeout(5, connect=2)


class Control:
    """The control side of one container.

    Args:
        role: What the container is, for messages.
        address: Where it listens for this machine: host and port.
        auth: What the container asks for: a user and a password, or a bearer token.
        death: Says why it no longer answers, if a container of its sandbox has died or the engine has gone.
    """

    def __init__(
        self,
        role: str,
        address: str,
        auth: tuple[str, str] | str,
        *,
        death: Callable[[], SandboxError | None] = lambda: None,
    ) -> None:
        self._role = role
        self.address = address
        self._death = death
        headers = {"Authorization": f"Bearer {auth}"} if isinstance(auth, str) else {}
        self._client = httpx.Client(
            base_url=f"http://{self.address}",
            auth=auth if isinstance(auth, tuple) else None,
            headers=headers,
            timeout=30,
            trust_env=False,  # a company proxy has no business between this process and its own container
            verify=False,  # noqa: S501 # it is not TLS, and to read the CAs for it takes 15 ms
        )

    def wait_until_ready(
        self,
        path: str,
        container: "Container",
        parts: "Parts",
        seconds: float = 30,
        *,
        listens: Callable[[], bool] = lambda: False,
    ) -> None:
        """Return when GET ``path`` answers 200.

        Args:
            path: What to ask for.
            container: The container, for the end of its log.
            parts: It, and those that it cannot do without.
            seconds: How long it may take.
            listens: Whether the program in it listens, as the container itself says.

        Raises:
            EngineError: It ended, or did not answer in time; the message holds the end of its log. Or it listens, and this
                process does not reach it.
        """
        deadline = time.monotonic() + seconds
        next_look = time.monotonic() + _REACH_SECONDS
        while parts.dead() is None and time.monotonic() < deadline:
            try:
                if self._client.get(path, timeout=_READY_TIMEOUT).status_code == httpx.codes.OK:
                    return
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if time.monotonic() > next_look:
                    if listens():
                        raise self._out_of_reach(error) from error
                    next_look = time.monotonic() + _REACH_SECONDS
            except httpx.TransportError:
                pass
            time.sleep(_POLL_SECONDS)
        raise self._death() or EngineError(
            f"The {self._role} container did not start: no answer within {seconds:.0f} s.",
            remedy="see the end of its log below; `ocean-sandbox images --rebuild` rebuilds its image.",
            detail=container.end_of_log(),
        )

    def _out_of_reach(self, error: httpx.TransportError) -> EngineError:
        where = location()
        return EngineError(
            f"The {self._role} container is listening, but this process cannot reach it at {self.address}, where the engine "
            f"published its port ({error}); that address was chosen because {where.why}.",
            remedy=where.remedy,
        )

    def call(self, method: str, path: str, json: Any = None, *, content: bytes | None = None) -> httpx.Response:
        """One call.

        Args:
            method: Its method.
            path: What it asks for.
            json: Its body, as a JSON value.
            content: Its body, where it is not JSON: bytes, of which a server makes no text but one of a character for each.

        Raises:
            ContainerDiedError: A container of the sandbox has died; the message says which, and why.
            EngineUnreachableError: The engine has gone.
            EngineError: The container does not answer, or refused the call; the message says what it answered.
        """
        headers = {} if content is None else {"Content-Type": "application/octet-stream; charset=iso-8859-1"}
        try:
            response = self._client.request(method, path, json=json, content=content, headers=headers)
        except httpx.TransportError as error:
            raise self._death() or EngineError(
                f"The {self._role} container does not answer {method} {path}: {type(error).__name__}: {error}",
                remedy="run the test again; the next one gets another sandbox.",
            ) from None
        if response.is_error:
            # Who refuses may be another's, at a port that was ours.
            raise (self._death() if response.status_code in _NOT_OURS else None) or EngineError(
                f"The {self._role} container refused {method} {path}: {response.status_code} {response.text}"
            )
        return response

    def ask(self, method: str, path: str) -> Any:
        """What comes of one call, as a JSON value.

        Raises:
            EngineError: As :meth:`call` says; or what was answered is not JSON.
        """
        response = self.call(method, path)
        try:
            return response.json()
        except ValueError:
            raise self._death() or EngineError(
                f"What answers {method} {path} at {self.address} is not the {self._role} container: {response.text[:200]!r}",
                remedy="run the test again; the next one gets another sandbox.",
            ) from None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
