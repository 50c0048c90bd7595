"""Talks HTTP to the control side of a container, whoever started it."""

import time
from typing import TYPE_CHECKING, Any

import httpx

from sandbox.errors import EngineError

if TYPE_CHECKING:
    from sandbox.container import Container

_POLL_SECONDS = 0.02


class Control:
    """The control side of one container.

    Args:
        role: What the container is, for messages.
        address: Where it listens for this machine: host and port.
        auth: What the container asks for: a user and a password, or a bearer token.
        container: The container, where this process started it: it knows how it ended.
    """

    def __init__(
        self, role: str, address: str, auth: tuple[str, str] | str, *, container: "Container | None" = None
    ) -> None:
        self._role = role
        self.address = address
        self._container = container
        headers = {"Authorization": f"Bearer {auth}"} if isinstance(auth, str) else {}
        self._client = httpx.Client(
            base_url=f"http://{self.address}",
            auth=auth if isinstance(auth, tuple) else None,
            headers=headers,
            timeout=30,
            trust_env=False,  # a company proxy has no business between this process and its own container
            verify=False,  # noqa: S501 # it is not TLS, and to read the CAs for it takes 15 ms
        )

    def wait_until_ready(self, path: str, seconds: float = 30) -> None:
        """Return when GET ``path`` answers 200.

        Raises:
            EngineError: It ended, or did not answer in time; the message holds the end of its log.
        """
        deadline = time.monotonic() + seconds
        ended = self._container.ended.is_set if self._container else lambda: False
        while not ended() and time.monotonic() < deadline:
            try:
                if self._client.get(path, timeout=5).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(_POLL_SECONDS)
        why = self._container.why_it_ended() if self._container and ended() else f"no answer within {seconds:.0f} s"
        raise EngineError(
            f"The {self._role} container did not start: {why}.",
            remedy="see the end of its log below; `ocean-sandbox images --rebuild` builds its image again.",
            detail=self._container.end_of_log() if self._container else "",
        )

    def call(self, method: str, path: str, json: Any = None) -> httpx.Response:
        """One call.

        Raises:
            EngineError: The container is gone, or refused the call; the message says what it answered.
        """
        try:
            response = self._client.request(method, path, json=json)
        except httpx.TransportError as error:
            raise EngineError(
                f"The {self._role} container does not answer {method} {path}: {error!r}",
                remedy="see the end of its log below.",
                detail=self._container.end_of_log() if self._container else "",
            ) from error
        if response.is_error:
            raise EngineError(
                f"The {self._role} container refused {method} {path}: {response.status_code} {response.text}"
            )
        return response

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
