"""The Debian images that ours stand on: named by the user, pulled, or bootstrapped."""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import docker.errors
import requests.exceptions
import yaml
from filelock import FileLock
from testcontainers.core.docker_client import DockerClient

from sandbox import engine
from sandbox.errors import ImageError
from sandbox.packages import debian_installs, install
from sandbox.process import output_of
from sandbox.progress import say
from sandbox.settings import Settings

_PACKAGE = Path(__file__).resolve().parent
# In a checkout beside this package, in a wheel within it.
DOCKER = next(
    folder
    for folder in (_PACKAGE.parent / "docker", _PACKAGE / "_docker")
    if (folder / "base" / "suites.yaml").is_file()
)
_SUITES = DOCKER / "base" / "suites.yaml"


@dataclass(frozen=True)
class BaseImage:
    """A Debian release without anything of ours.

    Args:
        suite: Its name, one of ``docker/base/suites.yaml``.
    """

    suite: str

    def tag(self, settings: Settings) -> str:
        """The image's full name: the user's own where one is set."""
        if chosen := self._chosen(settings):
            return chosen
        content = hashlib.sha256(_SUITES.read_bytes()).hexdigest()[:16]
        return f"ocean-sandbox/base-{self.suite}:{content}"

    def ensure(self, settings: Settings, client: DockerClient) -> str:
        """The tag of the image, which is there afterwards.

        Raises:
            ImageError: No registry answers, and this machine cannot bootstrap one.
        """
        tag = self.tag(settings)
        if exists(client, tag):
            return tag
        settings.cache.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.cache / f"base-{self.suite}.lock"):
            if not exists(client, tag):
                self._make(tag, settings, client)
        return tag

    def _chosen(self, settings: Settings) -> str | None:
        return settings.base_image if self.suite == "trixie" else settings.base_image_bookworm

    def _make(self, tag: str, settings: Settings, client: DockerClient) -> None:
        source = self._chosen(settings) or yaml.safe_load(_SUITES.read_text())[self.suite]["pull"]
        say("images", f"pulling {source}")
        try:
            _pull(source, settings)
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            if self._chosen(settings):
                raise ImageError(
                    f"The base image {source} is neither on the engine nor to be pulled: {error}",
                    remedy="mend OCEAN_SANDBOX_BASE_IMAGE, or pull or import the image by hand.",
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
                    f"No registry answers, and without mmdebstrap no Debian {self.suite} can be bootstrapped.",
                    remedy="`sudo apt-get install mmdebstrap`, or name a base image that the engine has: "
                    "OCEAN_SANDBOX_BASE_IMAGE (trixie) and OCEAN_SANDBOX_BASE_IMAGE_BOOKWORM.",
                )
            install(["mmdebstrap", "debian-archive-keyring"], settings)
        say("images", f"bootstrapping Debian {self.suite} with mmdebstrap")
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder, "base.tar")
            mirror = [settings.debian_mirror] if settings.debian_mirror else []
            output_of(
                ["mmdebstrap", "--variant=minbase", "--include=ca-certificates", self.suite, str(archive), *mirror],
                error=ImageError,
                remedy="see whether Debian's mirror answers; OCEAN_SANDBOX_DEBIAN_MIRROR names another.",
            )
            with archive.open("rb") as content:
                name, version = tag.split(":")
                client.client.api.import_image_from_data(content, repository=name, tag=version)


def exists(client: DockerClient, tag: str) -> bool:
    """Whether the engine has the image."""
    try:
        client.client.images.get(tag)
    except docker.errors.ImageNotFound:
        return False
    return True


def _pull(source: str, settings: Settings) -> None:
    # A client of its own: a registry behind a firewall that drops packets must not hang the build.
    with_limit = engine.connect(timeout=int(settings.pull_timeout))
    try:
        with_limit.images.pull(source)
    finally:
        with_limit.close()
