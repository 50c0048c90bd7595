"""Sandboxes that this process starts: leased, reset in between, and removed when this process ends."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from docker.models.networks import Network
from testcontainers.core.docker_client import DockerClient

from sandbox.engine import connection, engine, janitor, keep_alive, network, removal
from sandbox.engine.death import death_of
from sandbox.engine.owner import Owner
from sandbox.engine.parts import Parts
from sandbox.errors import EngineError, SandboxError
from sandbox.images import images
from sandbox.images.images import Image
from sandbox.pool import prefetch
from sandbox.pool.start_limit import turn
from sandbox.resync.container import ResyncContainer
from sandbox.resync.learned import Memory
from sandbox.resync.sandbox import Sandbox
from sandbox.services import containers as services
from sandbox.services import real
from sandbox.services.front import Front
from sandbox.settings import Settings

_DEATH_SECONDS = 5


class LocalSandbox(Sandbox):
    """A sandbox of this process.

    Args:
        client: The engine's.
        owner: The pool that it belongs to.
        settings: How it runs.
        directory: The integration that is to be resynced first, so that a container for it can start with the rest.
        memory: What is known of integrations.
        leftovers: Takes what may be left of it when it was stopped.
    """

    def __init__(
        self,
        client: DockerClient,
        owner: Owner,
        settings: Settings,
        directory: Path,
        memory: Memory,
        leftovers: removal.Leftovers,
    ) -> None:
        self._client = client
        self._leftovers = leftovers
        self._owner = owner
        self._settings = settings
        self._memory = memory
        self._same_code = False
        self._networks: list[Network] = []
        self._resyncs: list[ResyncContainer] = []
        self._leased: list[ResyncContainer] = []
        self._dying: list[ResyncContainer] = []
        self._parts = Parts(client.client)
        self._services: dict[str, real.Started] = {}
        self._one_at_a_time = threading.Lock()
        self._warm: Future[ResyncContainer] | None = None
        self._background = ThreadPoolExecutor(max_workers=4)
        # Until a container says that it does not: a lease may ask for forks where this pool itself does not.
        self._forks = True
        self._stopped = False
        warm = image_of(directory, settings)
        tags = images.ensure([images.wiremock(), images.port_mock(), images.front(), warm], settings, client)
        try:
            with turn(settings):
                self._begin(tags, warm, directory)
        except BaseException:
            self.stop()
            raise

    def _begin(self, tags: list[str], warm: Image, directory: Path) -> None:
        """Start all that can start together together."""
        client, settings, owner = self._client, self._settings, self._owner
        wiremock_image, port_image, front_image, _ = tags
        self._front_image = front_image
        with ThreadPoolExecutor(max_workers=3) as together:
            creating = [
                together.submit(create, client, owner, settings)
                for create in (network.create_closed, network.create_published)
            ]
            wait(creating)  # where one fails, the other is there to be removed all the same
            self._networks += [each.result() for each in creating if each.exception() is None]
            for each in creating:
                each.result()
            third_party, password = services.wiremock_container(wiremock_image, owner, settings, *self._networks)
            to_port, token = services.port_container(port_image, owner, settings, third_party)
            self._front = Front(front_image, owner, settings, self._networks[0], token)
            for part in (third_party, to_port, self._front.container):
                part.on_end = self._interrupt
                self._parts.add(part)
            fronted = together.submit(self._front.start, self._parts)
            third_party.start()
            wiremock = together.submit(services.rehearsed_wiremock_in, third_party, password, self._parts)
            port = together.submit(services.start_port, to_port, token, third_party, self._parts)
            fronted.result()
            self._warm = self._background.submit(self._start, warm, directory, settings)
        self.wiremock, self.port = wiremock.result(), port.result()
        self._warm.result()

    def resync_container(
        self, directory: Path, settings: Settings, *, same_code: bool | None = None
    ) -> ResyncContainer:
        """See :meth:`Sandbox.resync_container`. Where more tests are to come, the next one begins to warm at once.

        Args:
            directory: See there.
            settings: See there.
            same_code: Whether another test of the same code follows; None for what :mod:`sandbox.pool.prefetch` was told.
        """
        self._same_code = prefetch.expects_same_code() if same_code is None else same_code
        image = image_of(directory, settings)
        self._refuse_if_dead()
        self._see_them_dead()
        container = self._take_warm(image, directory, settings) or self._start(image, directory, settings)
        self._leased.append(container)
        self._interrupt()  # a part that has died since the look above told only those that were leased then
        if prefetch.more_to_come() and (settings.isolation == "container" or not self._forks):
            self._warm = self._background.submit(self._start, image, directory, settings, ahead=True)
        return container

    def _refuse_if_dead(self) -> None:
        if (dead := self._parts.dead()) is not None:
            raise death_of(dead)

    def death(self) -> SandboxError | None:
        """See :meth:`Sandbox.death`."""
        return self._parts.death()

    def settle(self) -> None:
        """See :meth:`Sandbox.settle`."""
        try:
            self._front.settle()
        except EngineError as error:
            raise self.death() or error from None

    def restore_services(self, services: dict[str, real.Service]) -> dict[str, Any]:
        """See :meth:`Sandbox.restore_services`. Those of the test before run on where this one declares them too."""
        closed, published = self._networks
        with self._one_at_a_time:
            for name, each in list(self._services.items()):
                if services.get(name) != each.service:
                    self._services.pop(name).stop()
            for name, service in services.items():
                if name not in self._services:
                    self._services[name] = real.Started(
                        name, service, self._owner, self._settings, self._client, closed, published, self._front_image
                    )
                self._services[name].restore()
                if self._stopped:  # in the meantime
                    self._services.pop(name).stop()
                    raise EngineError(f"The service {name} is not needed any more: its sandbox was stopped.")
            self._front.know_services(real.addresses(self._services))
            return {name: each.container for name, each in self._services.items()}

    def begin_resync(self) -> None:
        """See :meth:`Sandbox.begin_resync`."""
        try:
            self._front.forget()
        except EngineError as error:
            raise self.death() or error from None
        super().begin_resync()

    def _interrupt(self) -> None:
        """End the wait for a resync whose sandbox has died: its integration would retry for minutes."""
        if self._parts.dead() is not None:
            self._front.stop_waiting()
            for container in list(self._leased):
                container.interrupt()

    def _see_them_dead(self) -> None:
        """Wait until the resync containers that were thrown away are dead: then they ask nothing, and hold no port."""
        for container in self._dying:
            if not container.container.ended.wait(_DEATH_SECONDS):
                raise EngineError("A resync container does not stop.")
        self._dying.clear()

    def _take_warm(self, image: Image, directory: Path, settings: Settings) -> ResyncContainer | None:
        warm, self._warm = self._warm, None
        if warm is None or warm.exception() is not None:  # what failed in the background is tried again in the open
            return None
        container = warm.result()
        if container.serves(image, directory, settings) and not container.container.ended.is_set():
            self._background.submit(container.prefer)
            return container
        self._throw_away(container)
        return None

    def _start(self, image: Image, directory: Path, settings: Settings, *, ahead: bool = False) -> ResyncContainer:
        container = ResyncContainer(
            image,
            self._owner,
            settings,
            self._client,
            self._front,
            self._parts,
            directory=directory,
            memory=self._memory,
            refusals=self._refusals,
            ahead=ahead,
        )
        self._resyncs.append(container)
        container.start(same_code=self._same_code)
        if self._stopped:  # in the meantime
            container.stop()
        return container

    def _refusals(self) -> list[dict[str, Any]]:
        return self.port.refusals()  # there once a resync can run, and not when the first container starts

    def finish(self, container: ResyncContainer) -> None:
        """See :meth:`Sandbox.finish`."""
        self._leased.remove(container)
        self._forks = not container.warning
        if self._warm is None and container.end(same_code=self._same_code):
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
        """Whether no part of it was killed while it waited."""
        return not any(container.ended.is_set() for container in self._parts)

    def has_warm(self, image: Image, directory: Path, settings: Settings) -> bool:
        """Whether a resync container waits for such a resync."""
        warm = self._warm
        if warm is None or not warm.done() or warm.exception() is not None:
            return False
        return warm.result().serves(image, directory, settings)

    def reset(self) -> None:
        """Finish the resync containers that were used, and forget everything.

        Raises:
            EngineError: Something is left all the same; such a sandbox must not be used again.
        """
        for container in list(self._leased):
            self.finish(container)
        self._see_them_dead()
        self._refuse_if_dead()
        self._front.forget()
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

    def keep(self, address: str) -> None:
        """Let it outlive this process: for an hour at most, or until ``ocean-sandbox reap --kept``.

        Args:
            address: The engine's.

        Raises:
            EngineError: The connection to the engine cannot be handed over.
        """
        if self._warm is not None and self._warm.exception() is None:
            self._throw_away(self._warm.result())
        self._background.shutdown()
        containers = [*(each.container for each in self._resyncs), *self._parts]
        alive = [each for each in containers if not each.ended.is_set()]
        keep_alive.hold(
            [each.lifeline() for each in alive],
            address,
            containers=[
                *(str(each.get_container_id()) for each in alive),
                *(found for each in self._services.values() if (found := each.identifier)),
            ],
            networks=[str(network.id) for network in self._networks],
        )
        self._close_clients()

    def stop(self) -> None:
        """Remove all of it, or as much as an engine that may have gone lets us: the rest is for the leftovers."""
        self._stopped = True
        # An engine that was killed takes the containers' streams with it, and may not have removed them.
        is_certain = self.is_alive
        containers = [*(each.container for each in (*self._resyncs, *self._dying)), *self._parts]
        services = list(self._services.values())
        of_services = [found for each in services if (found := each.identifier)]
        # Not in the background's own threads: keep() has shut it down where it failed.
        with self._background, ThreadPoolExecutor(max_workers=4) as together:
            for each in (*self._resyncs, *self._parts, *services):
                together.submit(each.stop)
            self._close_clients()
        with ThreadPoolExecutor() as together:
            are_gone = list(together.map(network.remove, self._networks))
        if not (is_certain and all(are_gone)) or any(each.may_be_left for each in containers):
            self._leftovers.add(
                [*(found for each in containers if (found := each.identifier)), *of_services],
                [str(each.id) for each in self._networks],
            )

    def _close_clients(self) -> None:
        for api in (getattr(self, "wiremock", None), getattr(self, "port", None)):
            if api is not None:
                api.close()


def _done(container: ResyncContainer) -> Future[ResyncContainer]:
    """A container that has warmed already."""
    future: Future[ResyncContainer] = Future()
    future.set_result(container)
    return future


def image_of(directory: Path, settings: Settings) -> Image:
    """What a resync container for the integration in ``directory`` runs: the image the user names, or its own; with debugpy where it is wanted."""
    image = images.released(settings.image) if settings.image else images.integration(directory)
    return images.with_tools(image) if settings.debugger == "debugpy" else image


class LocalPool:
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
        # For the programs that outlive this one: `docker context use` may name another engine in mid-run.
        self._address = connection.address()
        self._janitor = janitor.watch(self.owner, self._address)
        self._free: list[LocalSandbox] = []
        self._all: list[LocalSandbox] = []
        self._emptying = 0
        # Whoever lives long would collect them.
        self._leftovers = removal.Leftovers()
        self._memory = Memory(settings.cache)
        self._closed = False
        self._lock = threading.Condition()

    def lease(self, directory: Path, settings: Settings) -> LocalSandbox:
        """See :meth:`sandbox.pool.pool.Pool.lease`."""
        self._refuse_if_closed()
        image = image_of(directory, settings)
        while (sandbox := self._take(image, directory, settings)) is not None:
            if sandbox.is_alive:
                return sandbox
            self._discard(sandbox)
        self._leftovers.remove(self._client.client)
        sandbox = LocalSandbox(self._client, self.owner, self._settings, directory, self._memory, self._leftovers)
        with self._lock:
            self._all.append(sandbox)
            if not self._closed:
                return sandbox
        self._discard(sandbox)
        self._refuse_if_closed()
        return sandbox

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise EngineError("The pool is closed: this process is about to exit and starts no more sandboxes.")

    def _take(self, image: Image, directory: Path, settings: Settings) -> LocalSandbox | None:
        """A free sandbox, if there is one: rather one in which a resync container of that image waits."""
        with self._lock:
            # One that is just being emptied is sooner there than a new one.
            self._lock.wait_for(lambda: self._free or not self._emptying, timeout=_DEATH_SECONDS)
            self._free.sort(key=lambda sandbox: sandbox.has_warm(image, directory, settings))
            return self._free.pop() if self._free else None

    def _forget(self, sandbox: LocalSandbox) -> None:
        with self._lock:
            self._all = [each for each in self._all if each is not sandbox]

    def _discard(self, sandbox: LocalSandbox) -> None:
        self._forget(sandbox)
        sandbox.stop()

    def release(self, sandbox: LocalSandbox) -> None:
        """See :meth:`sandbox.pool.pool.Pool.release`."""
        if self._begin_release(sandbox):
            self._empty(sandbox)

    def release_soon(self, sandbox: LocalSandbox) -> None:
        """The same, but return at once: who leases next waits for it rather than start another one."""
        if self._begin_release(sandbox):
            threading.Thread(target=self._empty, args=[sandbox], daemon=True).start()

    def _begin_release(self, sandbox: LocalSandbox) -> bool:
        if sandbox not in self._all:  # the pool was closed meanwhile, and the sandbox with it
            return False
        with self._lock:
            self._emptying += 1
        return True

    def _empty(self, sandbox: LocalSandbox) -> None:
        is_empty = False
        try:
            sandbox.reset()
            is_empty = True
        except EngineError:
            pass
        finally:
            if not is_empty:  # whatever went wrong, it is not leased again
                self._discard(sandbox)
            with self._lock:
                self._emptying -= 1
                self._free += [sandbox] if is_empty else []
                self._lock.notify_all()

    def keep(self, sandbox: LocalSandbox) -> None:
        """See :meth:`sandbox.pool.pool.Pool.keep`."""
        self._forget(sandbox)
        try:
            sandbox.keep(self._address)
        except BaseException:
            sandbox.stop()
            raise

    def close(self) -> None:
        """Remove all sandboxes of this process."""
        with self._lock:
            sandboxes, self._all, self._free, self._closed = self._all, [], [], True
        with ThreadPoolExecutor() as together:
            list(together.map(LocalSandbox.stop, sandboxes))
        if self._janitor.stdin:
            self._janitor.stdin.close()
        # It goes on for a while without being waited for, but a process that is never waited for is a ResourceWarning.
        threading.Thread(target=self._janitor.wait, name="end of the janitor", daemon=True).start()
