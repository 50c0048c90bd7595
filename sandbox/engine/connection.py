"""The connection to the engine: whatever breaks it becomes one of our errors, as does each later call until it is back.

docker-py lets through what requests, urllib3, http.client, a socket or a JSON decoder raises. Here all of it becomes an
:class:`sandbox.errors.EngineUnreachableError`, so that no other module has to know these libraries' errors. What the engine
refuses with an answer of its own stays a :class:`docker.errors.APIError`: see :func:`refusing`.
"""

import contextlib
import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import docker.errors
import requests
import urllib3.exceptions
from requests.adapters import BaseAdapter

import docker
from sandbox.engine import full_disk
from sandbox.engine.address import LOCAL_SOCKET, engine_address
from sandbox.errors import EngineError, EngineUnreachableError

_T = TypeVar("_T")
_BROKEN = (
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    docker.errors.DockerException,
    docker.errors.StreamParseError,
    OSError,
)
_BROKE_OFF = "the connection broke in the middle of a response"
# The more telling one first: urllib3 calls a connection that was refused a timeout.
_REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((ConnectionRefusedError,), "connection refused"),
    ((FileNotFoundError,), "there is no such socket"),
    ((PermissionError,), "this user may not use its socket"),
    ((ConnectionError, http.client.IncompleteRead), _BROKE_OFF),
    ((http.client.BadStatusLine,), "what answers there does not speak HTTP"),
    ((socket.gaierror,), "there is no host of that name"),
    ((TimeoutError, requests.exceptions.Timeout, urllib3.exceptions.TimeoutError), "it took too long"),
    ((docker.errors.StreamParseError, urllib3.exceptions.ProtocolError), _BROKE_OFF),
)
# What a proxy says whose engine has gone. The engine itself has such answers for swarms only.
_GATEWAY = (502, 503, 504)
_BODILESS = (http.client.NO_CONTENT, http.client.NOT_MODIFIED)
_PING_SECONDS = 2.0
# One that is away is asked again after so long; until then each call fails at once.
_PAUSE_SECONDS = 1.0


def address() -> str:
    """Where the engine is, as a person would write it to DOCKER_HOST."""
    return engine_address() or LOCAL_SOCKET


def connect(timeout: int) -> docker.DockerClient:
    """A new client of the engine, with a time limit of its own.

    Args:
        timeout: Seconds that a call may take.

    Raises:
        EngineUnreachableError: It does not answer.
    """
    host = engine_address()
    environment = {**os.environ, **({"DOCKER_HOST": host} if host else {})}
    with answering():
        client = docker.from_env(
            timeout=timeout, environment=environment, use_ssh_client=bool(host and host.startswith("ssh:"))
        )
    watch(client)
    return client


def watch(client: docker.DockerClient) -> None:
    """Have each call of ``client`` raise an EngineUnreachableError where the engine does not answer it, or by half.

    After that, a call first sees whether the engine answers a ping within two seconds, at most once a second: one that
    hangs must not hold up each call for as long as a call may take.
    """
    api = client.api
    api.mount(api.base_url, _Watched(api.get_adapter(api.base_url), api.base_url))


def check(client: docker.DockerClient) -> None:
    """See whether the engine of a client that is watched answers, within two seconds.

    Raises:
        EngineUnreachableError: It does not.
    """
    adapter = client.api.get_adapter(client.api.base_url)
    if isinstance(adapter, _Watched):
        adapter.check({"verify": client.api.verify, "cert": client.api.cert})


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Within the block, whatever breaks the connection to the engine is an EngineUnreachableError."""
    try:
        yield
    except docker.errors.APIError as error:
        if error.status_code in _GATEWAY:
            raise _unreachable(str(error.explanation or error)) from None
        raise
    except _BROKEN as error:
        raise _unreachable(_reason(error)) from None


def streamed(stream: Iterable[_T]) -> Iterator[_T]:
    """What comes out of a stream of the engine's, such as that of a build.

    Raises:
        EngineUnreachableError: It breaks off.
    """
    with answering():
        yield from stream


@contextlib.contextmanager
def refusing(what: str) -> Iterator[None]:
    """Within the block, what the engine refuses is an EngineError.

    Args:
        what: What it is asked to do, to follow "The engine does not".
    """
    try:
        yield
    except docker.errors.APIError as error:
        raise EngineError(
            f"The engine at {address()} does not {what}: {error.explanation or error}",
            remedy=full_disk.ENGINE_REMEDY
            if full_disk.is_full(error)
            else "run it again; if the error persists, see the engine's log.",
        ) from error


class _Watched(BaseAdapter):
    """Sends the requests of a client by another adapter, and remembers whether the engine was there.

    Args:
        adapter: Sends them.
        url: What each URL of the engine's begins with.
    """

    def __init__(self, adapter: BaseAdapter, url: str) -> None:
        super().__init__()
        self._adapter = adapter
        self._url = url
        self._lost: EngineUnreachableError | None = None
        self._looked_at = 0.0
        self._lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:  # type: ignore[override] # noqa: FBT001, FBT002 # requests' own signature
        """Send a request, and read the whole answer unless it is a stream."""
        if self._lost is not None:
            self.check({name: options.get(name) for name in ("verify", "cert")})
        try:
            with answering():
                response = self._adapter.send(request, stream=stream, **options)
                if not stream:
                    _read(response)
        except EngineUnreachableError as error:
            self._lost = error
            raise
        return response

    def check(self, options: dict[str, Any]) -> None:
        """See whether the engine is there, unless that was seen a moment ago."""
        with self._lock:
            if self._lost is None or time.monotonic() - self._looked_at > _PAUSE_SECONDS:
                self._look(options)
            if (lost := self._lost) is not None:
                raise EngineUnreachableError(lost.what, remedy=lost.remedy)

    def _look(self, options: dict[str, Any]) -> None:
        request = requests.Request("GET", f"{self._url}/_ping").prepare()
        try:
            with answering():
                _read(self._adapter.send(request, timeout=_PING_SECONDS, **options))
        except EngineUnreachableError as error:
            self._lost = error
        else:
            self._lost = None
        self._looked_at = time.monotonic()

    def close(self) -> None:
        """Close its connections."""
        self._adapter.close()


def _read(response: requests.Response) -> None:
    """Read an answer, which must be one of an engine's, and whole."""
    content, kind = response.content, response.headers.get("Content-Type", "")
    if response.status_code in _GATEWAY:
        raise _unreachable(f"{response.status_code} {response.reason}: {response.text.strip()[:200]}")
    if response.ok and kind.startswith("text/html"):
        raise _unreachable("what answers there is a web page, not an engine")
    # http.client takes a half head for a whole one. Names of headers are in any case: a proxy may write them small.
    says_its_length = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
    if response.ok and not content and not says_its_length:
        if response.status_code not in _BODILESS:
            raise _unreachable(_BROKE_OFF)
    elif response.ok and content and kind.startswith("application/json"):
        try:
            json.loads(content)
        except ValueError:
            raise _unreachable(_BROKE_OFF) from None


def _unreachable(reason: str) -> EngineUnreachableError:
    return EngineUnreachableError(
        f"The engine at {address()} does not answer: {reason}.",
        remedy="check whether it is running (`ocean-sandbox doctor`), and restart it. Tests that start once it answers get "
        "new sandboxes; the remains of the old ones are removed automatically.",
    )


def _reason(error: BaseException) -> str:
    """What broke the connection, in words; of a chain of exceptions, the most telling one says it."""
    met = list(_chain(error))
    for kinds, words in _REASONS:
        if any(isinstance(each, kinds) for each in met):
            return words
    return f"{type(met[-1]).__name__}: {met[-1]}".rstrip(": .")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """It, and whatever it was raised from, from the outside in."""
    found = [error]
    for each in found:
        yield each
        # urllib3 and requests hand on what they have met as an argument, too.
        inner = [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
        found += [one for one in inner if isinstance(one, BaseException) and one not in found]
