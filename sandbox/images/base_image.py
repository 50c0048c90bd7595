"""The Debian images that ours are based on: named by the user, pulled, or bootstrapped."""

import contextlib
import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker.errors
import yaml
from docker.utils import parse_repository_tag
from testcontainers.core.docker_client import DockerClient

from sandbox.engine import connection, full_disk
from sandbox.engine.apt import debian_installs, install
from sandbox.errors import EngineUnreachableError, ImageError
from sandbox.images import pruning
from sandbox.images.image_record import User
from sandbox.process import PACKAGE, output_of
from sandbox.progress import say
from sandbox.settings import Settings

# In a checkout beside this package, in a wheel within it.
DOCKER = next(
    folder for folder in (PACKAGE.parent / "docker", PACKAGE / "_docker") if (folder / "base" / "suites.yaml").is_file()
)
_SUITES = DOCKER / "base" / "suites.yaml"
# The tags of images, by their names and the folders that decide what they are.
Tags = dict[tuple[str, Path], str]


@dataclass(frozen=True)
class BaseImage:
    """A plain Debian release.

    Args:
        suite: Its name, one of ``docker/base/suites.yaml``.
    """

    suite: str

    def tag(self, settings: Settings, known: Tags | None = None) -> str:
        """The image's full name: the user's own where one is set; ``known`` as for an image of ours."""
        if chosen := self._chosen(settings):
            return chosen
        known = {} if known is None else known
        key = (f"base-{self.suite}", DOCKER)
        if key not in known:
            content = hashlib.sha256(_SUITES.read_bytes()).hexdigest()[:16]
            known[key] = f"ocean-sandbox/base-{self.suite}:{content}"
        return known[key]

    def users(self, settings: Settings, known: Tags | None = None) -> dict[User, str]:
        """Its tag, by what needs it; ``known`` as for an image of ours."""
        return {User(f"base-{self.suite}", str(DOCKER)): self.tag(settings, known)}

    def ensure(self, settings: Settings, client: DockerClient) -> str:
        """The tag of the image, which is there afterwards.

        Raises:
            ImageError: No registry answers, and this machine cannot bootstrap one.
        """
        tag = self.tag(settings)
        if exists(client, tag):
            return tag
        with pruning.building(f"base-{self.suite}", settings):
            if not exists(client, tag):
                self._make(tag, settings, client)
        return tag

    def _chosen(self, settings: Settings) -> str | None:
        return settings.base_image if self.suite == "trixie" else settings.base_image_bookworm

    def _make(self, tag: str, settings: Settings, client: DockerClient) -> None:
        source = self._chosen(settings) or yaml.safe_load(_SUITES.read_text())[self.suite]["pull"]
        say("images", f"pulling {source}")
        try:
            pull(source, settings)
        except (docker.errors.DockerException, EngineUnreachableError) as error:
            connection.check(client.client)  # where it is the engine that has gone, no registry is to blame
            if full_disk.is_full(error):
                raise _engine_is_full(source, error, settings, client) from error
            if self._chosen(settings):
                raise ImageError(
                    f"The base image {source} is not on the engine and cannot be pulled: {error}",
                    remedy="fix OCEAN_SANDBOX_BASE_IMAGE, or pull or import the image by hand.",
                ) from error
            say("images", "no registry answers")
            self._bootstrap(tag, settings, client)
        else:
            if source != tag:
                client.client.images.get(source).tag(tag)

    def _bootstrap(self, tag: str, settings: Settings, client: DockerClient) -> None:
        if not shutil.which("mmdebstrap"):
            if not (debian_installs() and settings.install_engine):
                raise ImageError(
                    f"No registry answers, and Debian {self.suite} cannot be bootstrapped without mmdebstrap.",
                    remedy="`sudo apt-get install mmdebstrap`, or name a base image that the engine has: "
                    "OCEAN_SANDBOX_BASE_IMAGE (trixie) and OCEAN_SANDBOX_BASE_IMAGE_BOOKWORM.",
                )
            install(["mmdebstrap", "debian-archive-keyring"], settings)
        say("images", f"bootstrapping Debian {self.suite} with mmdebstrap")
        try:
            with tempfile.TemporaryDirectory() as folder:
                archive = Path(folder, "base.tar")
                mirror = [settings.debian_mirror] if settings.debian_mirror else []
                output_of(
                    ["mmdebstrap", "--variant=minbase", "--include=ca-certificates", self.suite, str(archive), *mirror],
                    error=ImageError,
                    remedy="check whether Debian's mirror is reachable; OCEAN_SANDBOX_DEBIAN_MIRROR sets another.",
                )
                _import(archive, tag, settings, client)
        except (OSError, ImageError) as error:
            detail = error.detail if isinstance(error, ImageError) else str(error)
            if isinstance(error, _EngineIsFullError) or not full_disk.is_full(detail):
                raise
            where = Path(tempfile.gettempdir())
            raise ImageError(
                f"This machine's disk is full: {where} has no room to bootstrap Debian {self.suite}.",
                remedy=full_disk.host_remedy(where, "TMPDIR"),
                detail=detail,
            ) from error


def exists(client: DockerClient, tag: str) -> bool:
    """Whether the engine has the image."""
    with (
        connection.refusing(f"say whether it has the image {tag}"),
        contextlib.suppress(docker.errors.ImageNotFound),
    ):
        client.client.images.get(tag)
        return True
    return False


class _EngineIsFullError(ImageError):
    """There is no space for an image where the engine keeps its data."""


def _engine_is_full(what: str, error: Exception, settings: Settings, client: DockerClient) -> ImageError:
    return _EngineIsFullError(
        f"The engine's disk is full: there is no room for {what}.",
        remedy=pruning.remedy_of_full_disk(settings, client),
        detail=str(error),
    )


def _import(archive: Path, tag: str, settings: Settings, client: DockerClient) -> None:
    name, version = tag.split(":")
    with archive.open("rb") as content, connection.refusing(f"import the image {tag}"):
        try:
            said = client.client.api.import_image_from_data(content, repository=name, tag=version)
            for line in said.splitlines():
                _refuse_error(json.loads(line))
        except docker.errors.APIError as error:
            if full_disk.is_full(error):
                raise _engine_is_full(tag, error, settings, client) from error
            raise


def _refuse_error(event: dict[str, Any]) -> None:
    """Raise what went wrong after the engine had begun to answer: its client does not look at it."""
    if error := event.get("error"):
        raise docker.errors.APIError(str(error))


def pull(source: str, settings: Settings) -> None:
    """Pull an image, by its tag or its digest.

    Raises:
        APIError: The engine or the registry refuses it.
        EngineUnreachableError: It takes too long.
    """
    # A client of its own: a registry behind a firewall that drops packets must not hang the build.
    with_limit = connection.connect(timeout=int(settings.pull_timeout))
    try:
        name, version = parse_repository_tag(source)
        stream = with_limit.api.pull(name, tag=version or "latest", stream=True, decode=True)
        for event in connection.streamed(stream):
            _refuse_error(event)
    finally:
        with_limit.close()
