"""A sandbox of this process as far as it goes without its containers: what it does when one of them, or the engine, is gone."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker.models.containers import Container as EngineContainer
from docker.models.networks import Network

from sandbox.engine import engine
from sandbox.engine.container import Container
from sandbox.engine.owner import Owner
from sandbox.engine.removal import Leftovers
from sandbox.errors import ContainerDiedError, EngineUnreachableError
from sandbox.images import images
from sandbox.images.images import Image
from sandbox.pool.local_pool import LocalSandbox, image_of
from sandbox.resync.container import ResyncContainer
from sandbox.resync.learned import Memory
from sandbox.services.front import Front
from sandbox.settings import Settings
from tests.unit.sandbox.factories import CLOSED, FakeEngine, engine_at, fake_engine, make_integration, make_settings

DIED = (
    {"Action": "start", "Actor": {"Attributes": {}}},
    {"Action": "die", "Actor": {"Attributes": {"exitCode": "1"}}},
)
THERE: dict[str, tuple[int, object]] = {
    "GET /networks/bridge": (200, {"IPAM": {"Config": [{"Gateway": "127.0.0.1"}]}}),
    "GET /info": (200, {"SystemTime": "2026-01-01T00:00:00Z"}),
    "GET /events": (200, DIED),
}


def container(role: str) -> Container:
    """One that was made, and not started."""
    found = Container("image", role=role, owner=Owner(), memory="16m", pids_limit=1)
    found._container = EngineContainer({"Id": role}, client=engine.client().client)
    return found


def end(part: Container) -> None:
    """What its reader does when the program in it has ended."""
    part.ended.set()
    part.on_end()


class NotBegun(LocalSandbox):
    """A sandbox whose containers were never started."""

    def _begin(self, tags: list[str], warm: Image, directory: Path) -> None:  # noqa: ARG002 # another's signature
        self.part = container("wiremock")
        self.part.on_end = self._interrupt
        self._parts.add(self.part)
        self._networks.append(Network({"Id": "closed"}, client=self._client.client))
        self._warm = Future()
        self._front = Front("front", self._owner, self._settings, CLOSED, token="none")
        self._warm.set_result(
            ResyncContainer(
                warm,
                self._owner,
                self._settings,
                self._client,
                self._front,
                self._parts,
                directory=directory,
                memory=self._memory,
                refusals=self._refusals,
            )
        )


class DiesWhileItIsLeased(NotBegun):
    """One of whose parts dies when a lease has just seen that all are alive."""

    def _take_warm(self, image: Image, directory: Path, settings: Settings) -> ResyncContainer | None:
        end(self.part)
        return super()._take_warm(image, directory, settings)


@contextmanager
def there(directory: Path, settings: Settings, **more: tuple[int, object]) -> Iterator[FakeEngine]:
    """An engine that has all images."""
    tags = [
        each.tag(settings)
        for each in (images.wiremock(), images.port_mock(), images.front(), image_of(directory, settings))
    ]
    found = {f"GET /images/{tag}/json": (200, {"Id": "1"}) for tag in tags}
    with fake_engine({**THERE, **found, **more}, unix=True) as stand_in, engine_at(stand_in.address):
        yield stand_in


def make(kind: type[NotBegun], directory: Path, settings: Settings) -> NotBegun:
    return kind(engine.client(), Owner(), settings, directory, Memory(settings.cache), Leftovers())


def test_a_part_that_dies_while_a_resync_container_is_leased_interrupts_it(tmp_path: Path) -> None:
    directory, settings = make_integration(tmp_path / "it"), make_settings(tmp_path, boot_timeout=1)
    with there(directory, settings):
        sandbox = make(DiesWhileItIsLeased, directory, settings)
        leased = sandbox.resync_container(directory, settings)
        with pytest.raises(ContainerDiedError, match=r"The WireMock container .* died: exit code 1"):
            leased.boot(archive=b"", config={}, source=directory)
        sandbox.stop()


REMOVED = {"DELETE /networks/closed": (204, b""), "DELETE /containers/wiremock": (204, b"")}
AWAY = (503, {"message": "no upstream"})


@pytest.mark.parametrize("thing", REMOVED)
def test_what_an_engine_that_is_away_cannot_remove_is_removed_later(tmp_path: Path, thing: str) -> None:
    directory, settings = make_integration(tmp_path / "it"), make_settings(tmp_path)
    with there(directory, settings, **{**REMOVED, thing: AWAY}):
        sandbox = make(NotBegun, directory, settings)
        assert sandbox.is_alive
        sandbox.stop()
        left = sandbox._leftovers
        for _ in range(2):
            with pytest.raises(EngineUnreachableError, match="no upstream"):
                left.remove(engine.client().client)
    with there(directory, settings, **REMOVED) as its:
        left.remove(engine.client().client)
        assert sorted(call.split("?")[0] for call in its.calls if call.startswith("DELETE")) == sorted(REMOVED)
    with there(directory, settings) as its:  # where they are not
        for _ in range(2):
            left.remove(engine.client().client)
        assert sorted(call.split("?")[0] for call in its.calls if call.startswith("DELETE")) == sorted(REMOVED)


def test_what_was_removed_is_not_asked_for_again(tmp_path: Path) -> None:
    directory, settings = make_integration(tmp_path / "it"), make_settings(tmp_path)
    with there(directory, settings, **REMOVED) as its:
        sandbox = make(NotBegun, directory, settings)
        sandbox.stop()
        before = len(its.calls)
        sandbox._leftovers.remove(engine.client().client)
        assert len(its.calls) == before
