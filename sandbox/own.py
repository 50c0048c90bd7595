"""Sandboxes that this process starts: leased, emptied in between, and thrown away when this process ends."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import docker.errors
from docker.models.networks import Network
from testcontainers.core.docker_client import DockerClient

from sandbox import engine, images, janitor, kept, network, services
from sandbox.anchor import Anchor
from sandbox.container import Container
from sandbox.demand import more_to_come
from sandbox.errors import EngineError
from sandbox.images import Image
from sandbox.owner import Owner
from sandbox.resync import ResyncContainer
from sandbox.sandbox import Sandbox
from sandbox.settings import Settings
from sandbox.turns import turn

_DEATH_SECONDS = 5
_NETWORK_TRIES = 50
_NETWORK_SECONDS = 0.02


class OwnSandbox(Sandbox):
    """A sandbox of this process.

    Args:
        client: The engine's.
        owner: The pool that it belongs to.
        settings: How it runs.
        warm: What its resync containers will run, so that one can start with it.
    """

    def __init__(self, client: DockerClient, owner: Owner, settings: Settings, warm: Image) -> None:
        self._client = client
        self._owner = owner
        self._settings = settings
        self._networks: list[Network] = []
        self._resyncs: list[ResyncContainer] = []
        self._leased: list[ResyncContainer] = []
        self._dying: list[ResyncContainer] = []
        self._containers: list[Container] = []
        self._warm: Future[ResyncContainer] | None = None
        self._background = ThreadPoolExecutor(max_workers=4)
        # Until a container says that it does not: a lease may ask for forks where this pool itself does not.
        self._forks = True
        self._stopped = False
        tags = images.ensure([images.wiremock(), images.port_mock(), warm], settings, client)
        try:
            with turn(settings):
                self._begin(tags[0], tags[1], warm)
        except BaseException:
            self.stop()
            raise

    def _begin(self, wiremock_image: str, port_image: str, warm: Image) -> None:
        """Start all that can start together together."""
        client, settings, owner = self._client, self._settings, self._owner
        with ThreadPoolExecutor(max_workers=3) as together:
            creating = [
                together.submit(create, client, owner, settings)
                for create in (network.create_closed, network.create_front)
            ]
            wait(creating)  # where one fails, the other is there to be removed all the same
            self._networks += [each.result() for each in creating if each.exception() is None]
            for each in creating:
                each.result()
            third_party, password = services.wiremock_container(wiremock_image, owner, settings, *self._networks)
            to_port, token = services.port_container(port_image, owner, settings, third_party)
            self._anchor = Anchor(port_image, owner, settings, self._networks[0])
            self._containers += [third_party, to_port, self._anchor.container]
            anchored = together.submit(self._anchor.start)
            third_party.start()
            wiremock = together.submit(services.wiremock_in, third_party, password)
            port = together.submit(services.start_port, to_port, token, third_party)
            anchored.result()
            self._warm = self._background.submit(self._start, warm, settings)
        self.wiremock, self.port = wiremock.result(), port.result()
        self._warm.result()

    def resync_container(self, directory: Path, settings: Settings) -> ResyncContainer:
        """See :meth:`Sandbox.resync_container`. Where more tests are to come, the next one begins to warm at once."""
        image = image_of(directory, settings)
        self._see_them_dead()
        container = self._take_warm(image, settings) or self._start(image, settings)
        self._leased.append(container)
        if more_to_come() and (settings.isolation == "container" or not self._forks):
            self._warm = self._background.submit(self._start, image, settings, ahead=True)
        return container

    def _see_them_dead(self) -> None:
        """Wait until the resync containers that were thrown away are dead: then they ask nothing, and hold no port."""
        for container in self._dying:
            if not container.container.ended.wait(_DEATH_SECONDS):
                raise EngineError("A resync container does not end.")
        self._dying.clear()

    def _take_warm(self, image: Image, settings: Settings) -> ResyncContainer | None:
        warm, self._warm = self._warm, None
        if warm is None or warm.exception() is not None:  # what failed in the background is tried again in the open
            return None
        container = warm.result()
        if container.serves(image, settings) and not container.container.ended.is_set():
            self._background.submit(container.prefer)
            return container
        self._throw_away(container)
        return None

    def _start(self, image: Image, settings: Settings, *, ahead: bool = False) -> ResyncContainer:
        container = ResyncContainer(image, self._owner, settings, self._client, self._anchor, ahead=ahead)
        self._resyncs.append(container)
        container.start()
        if self._stopped:  # in the meantime
            container.stop()
        return container

    def finish(self, container: ResyncContainer) -> None:
        """See :meth:`Sandbox.finish`."""
        self._leased.remove(container)
        self._forks = not container.warning
        if self._warm is None and container.end():
            self._warm = _done(container)
        else:
            self._throw_away(container)

    def _throw_away(self, container: ResyncContainer) -> None:
        """Kill it, and remove it beside whatever comes next, which need not wait for the engine."""
        self._resyncs.remove(container)
        container.cut()
        self._dying.append(container)
        self._background.submit(container.stop)

    @property
    def is_alive(self) -> bool:
        """Whether nobody has killed a part of it while it waited."""
        return not any(container.ended.is_set() for container in self._containers)

    def has_warm(self, image: Image, settings: Settings) -> bool:
        """Whether a resync container waits for such a resync."""
        warm = self._warm
        if warm is None or not warm.done() or warm.exception() is not None:
            return False
        return warm.result().serves(image, settings)

    def reset(self) -> None:
        """Finish the resync containers that were used, and forget everything.

        Raises:
            EngineError: Something is left all the same; such a sandbox must not be used again.
        """
        for container in list(self._leased):
            self.finish(container)
        self._see_them_dead()
        if not self.is_alive:
            raise EngineError("A part of a sandbox has ended.")
        self.wiremock.reset()
        self.port.reset()
        if not (self.wiremock.is_empty() and self.port.is_empty()):
            raise EngineError("A sandbox was not empty after its reset.")

    def look(self) -> dict[str, str]:
        """See :meth:`Sandbox.look`."""
        inside = (
            f"docker exec -it {self._leased[-1].container.name} sh" if self._leased else "(no resync container is up)"
        )
        return {"WireMock": self.wiremock.look(), "Port mock": self.port.look(), "inside": inside}

    def keep(self) -> None:
        """Let it outlive this process: for an hour at most, or until ``ocean-sandbox reap --kept``.

        Raises:
            EngineError: The connection to the engine cannot be handed over.
        """
        if self._warm is not None and self._warm.exception() is None:
            self._throw_away(self._warm.result())
        self._background.shutdown()
        containers = [*(each.container for each in self._resyncs), *self._containers]
        alive = [each for each in containers if not each.ended.is_set()]
        kept.hold(
            [each.lifeline() for each in alive],
            containers=[str(each.get_container_id()) for each in alive],
            networks=[str(network.id) for network in self._networks],
        )

    def stop(self) -> None:
        """Remove all of it."""
        self._stopped = True
        # Not in the background's own threads: keep() has shut it down where it failed.
        with self._background, ThreadPoolExecutor(max_workers=4) as together:
            for stop in [each.stop for each in self._resyncs] + [each.stop for each in self._containers]:
                together.submit(stop)
            for api in (getattr(self, "wiremock", None), getattr(self, "port", None)):
                if api is not None:
                    api.close()
        with ThreadPoolExecutor() as together:
            list(together.map(_remove, self._networks))


def _done(container: ResyncContainer) -> Future[ResyncContainer]:
    """A container that has warmed already."""
    future: Future[ResyncContainer] = Future()
    future.set_result(container)
    return future


def image_of(directory: Path, settings: Settings) -> Image:
    """What a resync container for the integration in ``directory`` runs: the image the user names, or its own."""
    return images.released(settings.image) if settings.image else images.integration(directory)


class OwnPool:
    """The sandboxes of this process. What is not closed in the end, the janitor removes.

    Args:
        settings: How they run.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Of this pool, not of the process: closing one pool must not take another's sandboxes away.
        self.owner = Owner()
        self._client = engine.ensure(settings)
        janitor.reap(self._client.client)
        self._janitor = janitor.watch(self.owner)
        self._free: list[OwnSandbox] = []
        self._all: list[OwnSandbox] = []
        self._emptying = 0
        self._closed = False
        self._lock = threading.Condition()

    def lease(self, directory: Path, settings: Settings) -> OwnSandbox:
        """See :meth:`sandbox.pool.Pool.lease`."""
        self._refuse_if_closed()
        image = image_of(directory, settings)
        while (sandbox := self._take(image, settings)) is not None:
            if sandbox.is_alive:
                return sandbox
            self._discard(sandbox)
        sandbox = OwnSandbox(self._client, self.owner, self._settings, image)
        with self._lock:
            self._all.append(sandbox)
            if not self._closed:
                return sandbox
        self._discard(sandbox)
        self._refuse_if_closed()
        return sandbox

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise EngineError("The pool was closed: this process is about to end, and starts no sandbox any more.")

    def _take(self, image: Image, settings: Settings) -> OwnSandbox | None:
        """A free sandbox, if there is one: rather one in which a resync container of that image waits."""
        with self._lock:
            # One that is just being emptied is sooner there than a new one.
            self._lock.wait_for(lambda: self._free or not self._emptying, timeout=_DEATH_SECONDS)
            self._free.sort(key=lambda sandbox: sandbox.has_warm(image, settings))
            return self._free.pop() if self._free else None

    def _forget(self, sandbox: OwnSandbox) -> None:
        with self._lock:
            self._all = [each for each in self._all if each is not sandbox]

    def _discard(self, sandbox: OwnSandbox) -> None:
        self._forget(sandbox)
        sandbox.stop()

    def release(self, sandbox: OwnSandbox) -> None:
        """See :meth:`sandbox.pool.Pool.release`."""
        if self._begin_release(sandbox):
            self._empty(sandbox)

    def release_soon(self, sandbox: OwnSandbox) -> None:
        """The same, but return at once: who leases next waits for it rather than start another one."""
        if self._begin_release(sandbox):
            threading.Thread(target=self._empty, args=[sandbox], daemon=True).start()

    def _begin_release(self, sandbox: OwnSandbox) -> bool:
        if sandbox not in self._all:  # the pool was closed meanwhile, and the sandbox with it
            return False
        with self._lock:
            self._emptying += 1
        return True

    def _empty(self, sandbox: OwnSandbox) -> None:
        is_empty = False
        try:
            sandbox.reset()
            is_empty = True
        except EngineError:
            pass
        finally:
            if not is_empty:  # whatever went wrong, nobody gets it any more
                self._discard(sandbox)
            with self._lock:
                self._emptying -= 1
                self._free += [sandbox] if is_empty else []
                self._lock.notify_all()

    def keep(self, sandbox: OwnSandbox) -> None:
        """See :meth:`sandbox.pool.Pool.keep`."""
        self._forget(sandbox)
        try:
            sandbox.keep()
        except BaseException:
            sandbox.stop()
            raise

    def close(self) -> None:
        """Remove all sandboxes of this process."""
        with self._lock:
            sandboxes, self._all, self._free, self._closed = self._all, [], [], True
        with ThreadPoolExecutor() as together:
            list(together.map(OwnSandbox.stop, sandboxes))
        if self._janitor.stdin:
            self._janitor.stdin.close()


def _remove(each: Network) -> None:
    # A container's stream ends a moment before the engine takes it off the network.
    for _ in range(_NETWORK_TRIES):
        try:
            each.remove()
        except docker.errors.NotFound:
            return
        except docker.errors.APIError:  # the janitor tries after us
            time.sleep(_NETWORK_SECONDS)
        else:
            return
