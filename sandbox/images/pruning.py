"""Removes our images that nothing needs any more: automatically after a build, or on request."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker.errors
from docker.utils import parse_bytes
from filelock import FileLock, Timeout
from testcontainers.core.docker_client import DockerClient

from sandbox.engine.full_disk import AGAIN, ENGINE_REMEDY, PRUNE
from sandbox.errors import EngineError, ImageError
from sandbox.images import retention
from sandbox.images.image_record import Engine, ImageRecord, User, Uses, engine_of, seconds_of
from sandbox.images.retention import DAY_SECONDS, NAMESPACE, NOTE_SECONDS, Limits, Plan, Removal, StoredImage
from sandbox.progress import say
from sandbox.settings import Settings
from sandbox.sizes import count, gigabytes

# After a build somebody waits for it. What is left over, the next one removes.
_LIMIT_SECONDS = 20.0
_BUILD_LOCK = "build-{name}.lock"
_LOCK = "prune.lock"
# Who asks for it waits so long for builds and for others who prune.
_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.1
_NOT_NOW = (docker.errors.DockerException, EngineError, OSError)

# When this process noted each use last, by the engine's record and the tag.
_noted: dict[tuple[Path, User, str], float] = {}


@dataclass(frozen=True)
class Pruned:
    """What became of it.

    Args:
        removed: What was removed, with the bytes that it freed.
        plan: What was found.
    """

    removed: list[Removal]
    plan: Plan

    @property
    def freed(self) -> int:
        """Bytes that were freed."""
        return sum(each.size for each in self.removed)


@contextlib.contextmanager
def building(name: str, settings: Settings) -> Iterator[None]:
    """A build of the image of that name: one at a time, and never while images are being removed.

    Raises:
        ImageError: The cache cannot be written to.
    """
    lock = FileLock(settings.cache / _BUILD_LOCK.format(name=name))
    try:
        settings.cache.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        with FileLock(settings.cache / _LOCK):  # whoever begins to prune from now on sees that this builds
            pass
    except OSError as error:
        lock.release()
        raise ImageError(
            f"No image can be built: {settings.cache} is not writable ({error.strerror or error}).",
            remedy="free some space there, make it writable for this user, or choose another folder with OCEAN_SANDBOX_CACHE.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def note_use(tags: Mapping[User, str], settings: Settings, client: DockerClient) -> None:
    """Note that these images are needed: in the record of what is needed here, and on the engine for all others.

    The engine knows when a tag was last given, and to give it again costs a millisecond. That is done once a
    minute. Where it cannot be done, nothing fails: such an image only looks older than it is.

    Args:
        tags: What each user needs.
        settings: Where the record is.
        client: The engine's.
    """
    with contextlib.suppress(*_NOT_NOW):
        engine = engine_of(client)
        record, now = ImageRecord(settings, engine), engine.now()
        due = {
            user: tag for user, tag in tags.items() if now - _noted.get((record.path, user, tag), 0.0) >= NOTE_SECONDS
        }
        there = {user: tag for user, tag in due.items() if _note_on_engine(tag, now, client)}
        if there:
            record.note(there, now)
            _noted.update({(record.path, user, tag): now for user, tag in there.items()})


def note_stages(tag: str, stages: Iterable[str], settings: Settings, client: DockerClient) -> None:
    """Note in which images the stages of a build ended; where that cannot be done, they look left over."""
    with contextlib.suppress(*_NOT_NOW):
        ImageRecord(settings, engine_of(client)).note_stages(tag, stages)


def _note_on_engine(tag: str, now: float, client: DockerClient) -> bool:
    """Whether the engine has the image; its use is noted then, if the image is ours. A user's base image is not."""
    if not tag.startswith(NAMESPACE):
        return False
    try:
        used = _used(client.client.images.get(tag).attrs)
        if used is None or now - used >= NOTE_SECONDS:
            _tag_again(tag, client)
    except docker.errors.APIError:  # it is not there, or the engine does not tag it: the others are noted all the same
        return False
    return True


def _tag_again(tag: str, client: DockerClient) -> None:
    name, _, version = tag.rpartition(":")
    client.client.api.tag(tag, name, version)


class Pruner:
    """Removes what nothing needs from one engine.

    Args:
        settings: What counts as needed, and where that is recorded.
        client: The engine's.
        engine: Which engine that is, and what its clock says; it is asked where this is not given.
        namespace: What our tags and labels begin with.
    """

    def __init__(
        self, settings: Settings, client: DockerClient, engine: Engine | None = None, namespace: str = NAMESPACE
    ) -> None:
        self._settings = settings
        self._client = client
        self._engine = engine or engine_of(client)
        self._namespace = namespace
        self._record = ImageRecord(settings, self._engine)

    def after_build(self) -> Pruned | None:
        """Remove what is due by its age or by the size of all; None where another process builds or prunes just now.

        It takes little longer than some seconds, since somebody waits; what is left then, the next build removes.
        """
        try:
            with _alone(self._settings, patience_seconds=0):
                return self._prune(at_once=False, deadline=time.monotonic() + _LIMIT_SECONDS)
        except Timeout:
            return None

    def prune(self) -> Pruned:
        """Remove all that nothing needs, whatever its age.

        Raises:
            ImageError: Another process builds images, or removes some, and has not finished in a minute.
        """
        try:
            with _alone(self._settings, patience_seconds=_PATIENCE_SECONDS):
                return self._prune(at_once=True)
        except Timeout as busy:
            raise ImageError(
                "Another process is building or removing images.", remedy="run this again when it has finished."
            ) from busy

    def look(self) -> Plan:
        """What is there, and what could be removed at once; changes nothing."""
        return self._plan(_stored(self._client, self._namespace), self._record.read(), at_once=True)

    def _plan(self, images: Sequence[StoredImage], uses: Uses, *, at_once: bool) -> Plan:
        return retention.plan(
            images,
            uses,
            in_use={str(each.get("ImageID")) for each in self._client.client.api.containers(all=True)},
            now=self._engine.now(),
            limits=limits(self._settings),
            at_once=at_once,
            namespace=self._namespace,
        )

    def _prune(self, *, at_once: bool, deadline: float | None = None) -> Pruned:
        images, uses = _stored(self._client, self._namespace), self._record.read()
        known = set(uses.last())
        for tag in (tag for image in images if image.used is None for tag in image.tags):
            if tag.startswith(f"{self._namespace}/") and tag not in known:
                with contextlib.suppress(
                    docker.errors.ImageNotFound
                ):  # it is unknown how old it is: its time begins now
                    _tag_again(tag, self._client)
        found = self._plan(images, uses, at_once=at_once)
        made = {image.id: image.created for image in images}
        used = {tag: image.used for image in images for tag in image.tags}
        sizes = _own_sizes(images)
        if at_once and found.removals:  # which may take a while
            say("images", f"removing {count(len(found.removals), 'image')}")
        removed: list[Removal] = []
        # What stands on another goes before it, or the other would only lose its name.
        for each in sorted(found.removals, key=lambda removal: -made[removal.image]):
            if deadline is not None and time.monotonic() > deadline:
                break
            if (freed := _remove(each, used.get(each.reference), sizes, self._client)) is not None:
                removed.append(replace(each, size=freed))
        there = {tag for image in images for tag in image.tags} - {each.reference for each in removed}
        with contextlib.suppress(OSError):
            before = self._engine.now() - self._settings.images_days * DAY_SECONDS
            self._record.forget((known | set(uses.stages)) - there, before)
        return Pruned(removed, found)


def after_build(settings: Settings, client: DockerClient) -> None:
    """Remove what is due, and say so; where that cannot be done, nothing fails: the next build will do it."""
    with contextlib.suppress(*_NOT_NOW):
        done = Pruner(settings, client).after_build()
        if done is not None and done.removed:
            number = count(len(done.removed), "image")
            say("images", f"removed {number} that nothing needed any more, freeing {gigabytes(done.freed)}")


def remedy_of_full_disk(settings: Settings, client: DockerClient) -> str:
    """What to do about a full disk of the engine, with the space that our images use there, as far as known."""
    with contextlib.suppress(*_NOT_NOW):
        root = client.client.info().get("DockerRootDir") or "its data root"
        found = Pruner(settings, client).look()
        size = gigabytes(found.size)
        ours = (
            f"{PRUNE} frees {gigabytes(found.freed)} of the {size} that our images use there"
            if found.removals
            else f"the {size} that our images use there is needed or was used recently"
        )
        return f"free some space in {root}: {ours}; `docker system df` shows what else uses it. {AGAIN}"
    return ENGINE_REMEDY


def limits(settings: Settings) -> Limits:
    """Age and size from the settings."""
    return Limits(settings.images_days, int(parse_bytes(settings.images_size)))


def _remove(removal: Removal, used: float | None, sizes: Mapping[str, int], client: DockerClient) -> int | None:
    """Bytes that its removal freed; None where it stays, since somebody has begun to use it."""
    try:
        if removal.reference != removal.image and _used(client.client.images.get(removal.reference).attrs) != used:
            return None
        # Not by force: what a container uses, the engine keeps.
        done = client.client.api.remove_image(removal.reference)
    except docker.errors.APIError:
        return None
    return sum(sizes.get(each.get("Deleted", ""), 0) for each in done)


@contextlib.contextmanager
def _alone(settings: Settings, *, patience_seconds: float) -> Iterator[None]:
    """While no process with the same cache builds or prunes.

    Raises:
        filelock.Timeout: Somebody does.
    """
    settings.cache.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience_seconds
    while True:
        with FileLock(settings.cache / _LOCK, timeout=max(0.0, deadline - time.monotonic())):
            try:
                for path in settings.cache.glob(_BUILD_LOCK.format(name="*")):
                    with FileLock(path, timeout=0):
                        pass
            except Timeout:
                if time.monotonic() >= deadline:
                    raise
            else:  # whoever begins to build from now on waits until the lock is free
                yield
                return
        time.sleep(_POLL_SECONDS)  # who builds may be waiting for the lock


def _stored(client: DockerClient, namespace: str) -> list[StoredImage]:
    """All images on the engine; for those with our names also when they were last used."""
    found, layers = [], {}
    for each in client.client.api.images(all=True):
        tags = tuple(tag for tag in each.get("RepoTags") or () if tag != "<none>:<none>")
        used = None
        if any(tag.startswith(f"{namespace}/") for tag in tags):
            try:
                details = client.client.images.get(each["Id"]).attrs
            except docker.errors.ImageNotFound:  # gone meanwhile
                continue
            used = _used(details)
            layers[each["Id"]] = tuple((details.get("RootFS") or {}).get("Layers") or ())
        found.append(
            StoredImage(
                each["Id"],
                each.get("ParentId") or "",
                tags,
                int(each.get("Size") or 0),
                float(each.get("Created") or 0),
                dict(each.get("Labels") or {}),
                used,
            )
        )
    return [_with_parent(image, layers) for image in found]


def _with_parent(image: StoredImage, layers: Mapping[str, tuple[str, ...]]) -> StoredImage:
    """Of an image that was loaded, the engine knows no parent: that is the one with the most of the same layers."""
    own = layers.get(image.id, ())
    if image.parent or not own:
        return image
    below = [
        other for other, theirs in layers.items() if theirs and len(theirs) < len(own) and own[: len(theirs)] == theirs
    ]
    parent = max(below, key=lambda other: len(layers[other]), default="")
    return StoredImage(image.id, parent, image.tags, image.size, image.created, image.labels, image.used)


def _used(details: Mapping[str, Any]) -> float | None:
    """When its tag was last given, which notes a use; None where that was never, as for an image that was loaded."""
    return seconds_of(str((details.get("Metadata") or {}).get("LastTagTime") or "")) or None


def _own_sizes(images: Iterable[StoredImage]) -> dict[str, int]:
    """What each image adds to the one below, in bytes."""
    by_id = {image.id: image for image in images}
    return {
        image.id: max(0, image.size - (by_id[image.parent].size if image.parent in by_id else 0))
        for image in by_id.values()
    }
