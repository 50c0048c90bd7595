"""Keeps sandboxes: leased by one harness at a time, emptied in between, and thrown away when this process ends."""

import contextlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker.errors
from docker.models.networks import Network
from testcontainers.core.docker_client import DockerClient

from sandbox import engine, images, janitor, network
from sandbox.errors import EngineError
from sandbox.images import Image
from sandbox.owner import this_process
from sandbox.port import Port
from sandbox.resync import ResyncContainer
from sandbox.settings import Settings
from sandbox.wiremock import WireMock


class Sandbox:
    """One isolated place: a closed network, a WireMock, a Port mock. Leased from the pool.

    Attributes:
        wiremock: The third party.
        port: Port.
    """

    def __init__(self, client: DockerClient, settings: Settings, warm: Image) -> None:
        self._client = client
        self._settings = settings
        self._networks: list[Network] = []
        self._resyncs: list[ResyncContainer] = []
        self._parts: list[WireMock | Port] = []
        self._warm: ResyncContainer | None = None
        self._removals = ThreadPoolExecutor(max_workers=4)
        self._stopped = False
        self._seen: dict[str, int] = {}
        try:
            self._begin(warm)
        except BaseException:
            self.stop()
            raise

    def _begin(self, warm: Image) -> None:
        """Start all that can start together together."""
        client, settings, owner = self._client, self._settings, this_process()
        wiremock_image, port_image, _ = images.ensure([images.wiremock(), images.port_mock(), warm], settings, client)
        with ThreadPoolExecutor(max_workers=3) as together:
            for created in [
                together.submit(create, client, owner, settings)
                for create in (network.create_closed, network.create_front)
            ]:
                self._networks.append(created.result())
            self.wiremock = WireMock(wiremock_image, owner, settings, *self._networks)
            self.port = Port(port_image, owner, settings, *self._networks)
            self._parts += [self.wiremock, self.port]
            starts: list[Future[Any]] = [
                together.submit(self.wiremock.start),
                together.submit(self.port.start),
                together.submit(self._start, warm, settings),
            ]
        for start in starts:
            start.result()
        self._warm = self._resyncs[0]

    def resync_container(self, image: Image, settings: Settings) -> ResyncContainer:
        """A started resync container on the closed network of this sandbox.

        The place for warming ahead: whoever asks does not mind whether it has just been started or has waited.

        Args:
            image: What it runs, as :func:`image_of` says.
            settings: Its limits.

        Raises:
            ImageError: The integration's dependencies cannot be installed.
        """
        warm, self._warm = self._warm, None
        if warm is not None and warm.serves(image, settings):
            return warm
        if warm is not None:
            self._throw_away(warm)
        return self._start(image, settings)

    def _start(self, image: Image, settings: Settings) -> ResyncContainer:
        container = ResyncContainer(image, this_process(), settings, self._client, self._networks[0])
        self._resyncs.append(container)
        return container.start()

    def finish(self, container: ResyncContainer) -> None:
        """Take a resync container back after its resync: it is thrown away, or kept for another fork."""
        if container.end():
            self._warm = container
        else:
            self._throw_away(container)

    def _throw_away(self, container: ResyncContainer) -> None:
        """Remove it beside whatever comes next, which need not wait for the engine."""
        self._resyncs.remove(container)
        if self._stopped:
            container.stop()
        else:
            self._removals.submit(container.stop)

    def begin_resync(self) -> None:
        """Remember where the next resync's captures begin; those of the one before stay with Port."""
        self._seen = {name: len(found) for name, found in self.port.captures().items()}

    def captures(self) -> dict[str, list[dict[str, Any]]]:
        """What Port got since :meth:`begin_resync`: ``upserted_entities`` and ``deleted_entities``."""
        return {name: found[self._seen.get(name, 0) :] for name, found in self.port.captures().items()}

    def reset(self) -> None:
        """Throw away the resync containers that were used and forget everything.

        Raises:
            EngineError: Something is left all the same; such a sandbox must not be used again.
        """
        for container in [each for each in self._resyncs if each is not self._warm]:
            self.finish(container)
        self._seen = {}
        self.wiremock.reset()
        self.port.reset()
        if not (self.wiremock.is_empty() and self.port.is_empty()):
            raise EngineError("A sandbox was not empty after its reset.")

    def stop(self) -> None:
        """Remove all of it."""
        self._stopped = True
        with self._removals:
            for part in (*self._resyncs, *self._parts):
                self._removals.submit(part.stop)
        with ThreadPoolExecutor() as together:
            list(together.map(_remove, self._networks))


def image_of(directory: Path, settings: Settings) -> Image:
    """What a resync container for the integration in ``directory`` runs: the image the user names, or its own."""
    return images.released(settings.image) if settings.image else images.integration(directory)


class Pool:
    """The sandboxes of this process. What is not closed in the end, the janitor removes.

    Args:
        settings: How they run.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = engine.ensure(settings)
        janitor.reap(self._client.client)
        self._janitor = janitor.watch(this_process())
        self._free: list[Sandbox] = []
        self._all: list[Sandbox] = []
        self._lock = threading.Lock()

    def lease(self, image: Image) -> Sandbox:
        """A sandbox that is up and empty, for the caller alone until it is released.

        Args:
            image: What its resync containers will run, so that a new sandbox can start one at once.
        """
        with self._lock:
            if self._free:
                return self._free.pop()
        sandbox = Sandbox(self._client, self._settings, image)
        with self._lock:
            self._all.append(sandbox)
        return sandbox

    def release(self, sandbox: Sandbox) -> None:
        """Take a leased sandbox back; one that cannot be emptied is thrown away."""
        if sandbox not in self._all:  # the pool was closed meanwhile, and the sandbox with it
            return
        try:
            sandbox.reset()
        except EngineError:
            with self._lock:
                self._all = [each for each in self._all if each is not sandbox]
            sandbox.stop()
        else:
            with self._lock:
                self._free.append(sandbox)

    def close(self) -> None:
        """Remove all sandboxes of this process."""
        with self._lock:
            sandboxes, self._all, self._free = self._all, [], []
        with ThreadPoolExecutor() as together:
            list(together.map(Sandbox.stop, sandboxes))
        if self._janitor.stdin:
            self._janitor.stdin.close()


_pool: Pool | None = None
_pool_lock = threading.Lock()


def of_this_process(settings: Settings) -> Pool:
    """The pool of this process, made with ``settings`` at first use."""
    global _pool  # noqa: PLW0603 # one a process is the point
    with _pool_lock:
        _pool = _pool or Pool(settings)
        return _pool


def close_of_this_process() -> None:
    """Remove what the pool of this process has, if there is one."""
    global _pool  # noqa: PLW0603 # one a process is the point
    with _pool_lock:
        if _pool is not None:
            _pool.close()
        _pool = None


def _remove(each: Network) -> None:
    with contextlib.suppress(docker.errors.APIError):  # the janitor tries again
        each.remove()
