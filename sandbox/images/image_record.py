"""Remembers which of our images are needed here, and by what: the engine only knows that they exist.

A file for each engine, in the cache. It is an aid: where it is missing, or cannot be written, images are kept longer.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock
from testcontainers.core.docker_client import DockerClient

from sandbox.settings import Settings


@dataclass(frozen=True)
class User:
    """What needs an image: a part of one of our checkouts, or an integration.

    Args:
        name: The image's name.
        place: The folder whose inputs decide which image it is.
        variant: Where several images of that name are needed side by side for that folder, what tells them apart.
    """

    name: str
    place: str
    variant: str = ""


@dataclass(frozen=True)
class Uses:
    """What the record holds.

    Args:
        tags: By user, each tag that it has needed, and when last, in seconds of the engine's clock.
        stages: By tag, the images in which the stages of its build ended.
    """

    tags: dict[User, dict[str, float]] = field(default_factory=dict)
    stages: dict[str, list[str]] = field(default_factory=dict)

    def current(self, since: float) -> set[str]:
        """The tags that each user needed last, of those users that were seen ``since`` then and still have their folder."""
        return {
            max(tags, key=lambda tag: tags[tag])
            for user, tags in self.tags.items()
            if tags and max(tags.values()) >= since and Path(user.place).exists()
        }

    def last(self) -> dict[str, float]:
        """When each tag was needed last."""
        found: dict[str, float] = {}
        for tags in self.tags.values():
            for tag, at in tags.items():
                found[tag] = max(at, found.get(tag, 0.0))
        return found


@dataclass(frozen=True)
class Engine:
    """What tells an engine from others.

    Args:
        identity: The same as long as it keeps its images.
        ahead_seconds: How far its clock is ahead of ours.
    """

    identity: str
    ahead_seconds: float

    def now(self) -> float:
        """The time by its clock, in seconds."""
        return time.time() + self.ahead_seconds


@lru_cache(maxsize=4)
def engine_of(client: DockerClient) -> Engine:
    """Which engine that is.

    Raises:
        docker.errors.APIError: It does not say.
    """
    info = client.client.info()
    # Engines of one machine share an ID; each has a folder of its own.
    identity = hashlib.sha256(f"{info.get('ID')} {info.get('DockerRootDir')}".encode()).hexdigest()[:12]
    there = seconds_of(str(info.get("SystemTime") or ""))
    return Engine(identity, there - time.time() if there else 0.0)


def seconds_of(moment: str) -> float:
    """Seconds since 1970 of a time as the engine writes it, which may have nanoseconds; 0 if it is not a time, or not set yet."""
    try:
        return max(0.0, datetime.fromisoformat(moment).timestamp())
    except (ValueError, OverflowError):
        return 0.0


class ImageRecord:
    """The record of one engine.

    Args:
        settings: Where the cache is.
        engine: Which engine.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.path = settings.cache / f"images-{engine.identity}.json"
        self._lock = FileLock(self.path.with_suffix(".lock"))

    def read(self) -> Uses:
        """Its contents; nothing if there is none, or if it cannot be understood."""
        try:
            return _uses(json.loads(self.path.read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return Uses()

    def note(self, tags: Mapping[User, str], at: float) -> None:
        """Note what each user needs now.

        Raises:
            OSError: It cannot be written.
        """
        with self._changing() as uses:
            for user, tag in tags.items():
                uses.tags.setdefault(user, {})[tag] = at

    def note_stages(self, tag: str, stages: Iterable[str]) -> None:
        """Note in which images the stages of a tag's build ended.

        Raises:
            OSError: It cannot be written.
        """
        with self._changing() as uses:
            uses.stages[tag] = sorted(set(stages))

    def forget(self, tags: Iterable[str], before: float) -> None:
        """Forget tags that are no longer there, and users that were not seen since ``before``.

        Raises:
            OSError: It cannot be written.
        """
        gone = set(tags)
        with self._changing() as uses:
            for tag in gone & set(uses.stages):
                del uses.stages[tag]
            for user, theirs in list(uses.tags.items()):
                current = max(theirs, key=lambda tag: theirs[tag], default="")
                for tag in (gone & set(theirs)) - {current}:
                    del theirs[tag]
                if current in gone | {""} and theirs.get(current, 0.0) < before:
                    del uses.tags[user]

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Uses]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            uses = self.read()
            yield uses
            content = {
                "tags": [[user.name, user.place, user.variant, tags] for user, tags in uses.tags.items()],
                "stages": uses.stages,
            }
            # Whole or not at all: a disk may be full.
            descriptor, temporary = tempfile.mkstemp(prefix=".images-", dir=self.path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(content, file, indent=1)
                Path(temporary).replace(self.path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise


def _uses(content: dict[str, Any]) -> Uses:
    return Uses(
        {
            User(str(name), str(place), str(variant)): {str(tag): float(at) for tag, at in tags.items()}
            for name, place, variant, tags in content["tags"]
        },
        {str(tag): [str(stage) for stage in stages] for tag, stages in content["stages"].items()},
    )
