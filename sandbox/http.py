"""Talks HTTP to the control side of a container that we started."""

import time
from typing import Any

import httpx

from sandbox import engine
from sandbox.container import Container
from sandbox.errors import EngineError

_POLL_SECONDS = 0.02


class Control:
    """The control side of one container.

    Args:
        container: A started container.
        port: The container's port that was published for it.
        auth: What the container asks for: a user and a password, or a bearer token.
    """

    def __init__(self, container: Container, port: int, auth: tuple[str, str] | str) -> None:
        self._container = container
        self._role = container.image.split(":")[0].rsplit("/", 1)[-1]
        # Asking the engine for the port would cost a poll of testcontainers'; the port is there once it is started.
        host = "127.0.0.1" if engine.shares_loopback() else container.get_container_host_ip()
        published = container.get_docker_client().port(container.get_container_id(), port)
        self.address = f"{host}:{published}"
        headers = {"Authorization": f"Bearer {auth}"} if isinstance(auth, str) else {}
        self._client = httpx.Client(
            base_url=f"http://{self.address}",
            auth=auth if isinstance(auth, tuple) else None,
            headers=headers,
            timeout=30,
            trust_env=False,  # a company proxy has no business between this process and its own container
        )

    def wait_until_ready(self, path: str, seconds: float = 30) -> None:
        """Return when GET ``path`` answers 200.

        Raises:
            EngineError: It ended, or did not answer in time; the message holds the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not self._container.ended.is_set() and time.monotonic() < deadline:
            try:
                if self._client.get(path, timeout=5).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(_POLL_SECONDS)
        state = (
            self._container.why_it_ended() if self._container.ended.is_set() else f"no answer within {seconds:.0f} s"
        )
        raise EngineError(
            f"The {self._role} container did not start: {state}.",
            remedy="see the end of its log below; `ocean-sandbox images --rebuild` builds its image again.",
            detail=self._container.end_of_log(),
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
                detail=self._container.end_of_log(),
            ) from error
        if response.is_error:
            raise EngineError(
                f"The {self._role} container refused {method} {path}: {response.status_code} {response.text}"
            )
        return response

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
