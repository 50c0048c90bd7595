"""Builds each image once, tagged by a hash of all its inputs."""

import contextlib
import hashlib
import io
import os
import re
import tarfile
import time
import tomllib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path, PurePosixPath

import docker.errors
from testcontainers.core.docker_client import DockerClient

from sandbox.engine import full_disk
from sandbox.engine.connection import streamed
from sandbox.errors import ImageError
from sandbox.images import base_image, build_environment, pruning
from sandbox.images.base_image import Tags
from sandbox.images.image_record import User
from sandbox.images.retention import front_label, image_label, stage_label
from sandbox.process import PACKAGE
from sandbox.progress import say
from sandbox.settings import Settings

RELEASED = "released"
FRONT = "front"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NO_INPUT = ("__pycache__", "*.pyc", "requirements.in")


@dataclass(frozen=True)
class Image:
    """What an image is made of.

    Args:
        name: The last part of its repository name, ``ocean-sandbox/<name>``.
        folder: The folder with its Dockerfile.
        parents: The images it stands on, by the build argument that names each in the Dockerfile.
        extra: Files and folders beside the Dockerfile's own, by their name in the build context.
        arguments: Other build arguments that are inputs.
        place: The folder whose inputs decide which image it is, if that is not ``folder``.
    """

    name: str
    folder: Path
    parents: Mapping[str, "Image | base_image.BaseImage"] = field(default_factory=dict)
    extra: Mapping[str, Path] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    place: Path | None = None

    def users(self, settings: Settings, known: Tags | None = None) -> dict[User, str]:
        """The tags of this image and of all that it stands on, by what needs each; ``known`` as for :meth:`tag`."""
        known = {} if known is None else known
        found: dict[User, str] = {}
        for parent in self.parents.values():
            found |= parent.users(settings, known)
        variant = " ".join(self.arguments.values())
        return found | {User(self.name, str(self.place or self.folder), variant): self.tag(settings, known)}

    @property
    def brings_code(self) -> bool:
        """Whether it has an integration's code in it, as a released image does."""
        below = self.parents.get("INTEGRATION", self)
        return isinstance(below, Image) and below.name == RELEASED

    @property
    def front(self) -> "Image | None":
        """The front whose CA it trusts; None for one that trusts none."""
        if isinstance(found := self.parents.get("FRONT"), Image):
            return found
        return next((each.front for each in self.parents.values() if isinstance(each, Image) and each.front), None)

    def files(self) -> dict[str, bytes]:
        """Each file of the build context, by its path there."""
        found = dict(_files_below(self.folder, PurePosixPath()))
        for name, path in self.extra.items():
            found.update(_files_below(path, PurePosixPath(name)) if path.is_dir() else {name: _content(path)})
        return found

    def tag(self, settings: Settings, known: Tags | None = None) -> str:
        """The image's full name; it changes when any input does, and only then.

        Args:
            settings: Where base images come from.
            known: Tags that were found in the same look, so that an image on which several stand is looked at once.
        """
        known = {} if known is None else known
        key = (" ".join([self.name, *self.arguments.values()]), self.place or self.folder)
        if key not in known:
            digest = hashlib.sha256()
            for name, parent in sorted(self.parents.items()):
                digest.update(f"{name}={parent.tag(settings, known)}\0".encode())
            for name, value in sorted(self.arguments.items()):
                digest.update(f"{name}={value}\0".encode())
            for path, content in sorted(self.files().items()):
                digest.update(f"{path}\0{len(content)}\0".encode() + content)
            known[key] = f"ocean-sandbox/{self.name}:{digest.hexdigest()[:16]}"
        return known[key]


def wiremock() -> Image:
    """WireMock, with its class data archive."""
    return Image(
        "wiremock",
        base_image.DOCKER / "wiremock",
        parents={"BUILDER": _builder(), "BASE": base_image.BaseImage("bookworm")},
    )


def port_mock() -> Image:
    """The Port mock."""
    return Image(
        "port-mock",
        base_image.DOCKER / "port-mock",
        parents={"BUILDER": _builder(), "BASE": base_image.BaseImage("trixie")},
        extra={"port_mock": PACKAGE / "port_mock"},
    )


def postgres() -> Image:
    """PostgreSQL from Debian's packages, for an engine that reaches no registry."""
    return Image("postgres", base_image.DOCKER / "postgres", parents={"BASE": base_image.BaseImage("trixie")})


def front() -> Image:
    """The front, with the CA that the images of integrations trust."""
    return Image(
        FRONT,
        base_image.DOCKER / "front",
        parents={"BUILDER": _builder(), "BASE": base_image.BaseImage("trixie")},
        extra={"front": PACKAGE / "front"},
    )


def resync() -> Image:
    """What resync containers run where an integration pins no dependencies of its own."""
    return Image(
        "resync",
        base_image.DOCKER / "resync",
        parents={"BUILDER": _builder(), "BASE": base_image.BaseImage("trixie"), "FRONT": front()},
        extra={"runner": PACKAGE / "runner"},
    )


def integration(directory: Path) -> Image:
    """The image with the locked dependencies of the integration in ``directory``; its code is not part of it.

    Args:
        directory: The integration's directory; where no ``pyproject.toml`` there names dependencies, :func:`resync`
            serves.
    """
    project = [path for name in ("pyproject.toml", "poetry.lock", "uv.lock") if (path := directory / name).is_file()]
    if not project or project[0].name != "pyproject.toml" or not _names_dependencies(project[0]):
        return resync()
    return Image(
        f"integration-{_repository_name(directory.name)}",
        base_image.DOCKER / "integration",
        parents={"BUILDER": _builder(), "RESYNC": resync()},
        extra={f"project/{path.name}": path for path in project},
        place=directory,
    )


def released(image: str) -> Image:
    """A released image of an integration, with our runner beside its code."""
    return Image(
        RELEASED,
        base_image.DOCKER / "released",
        parents={"FRONT": front()},
        extra={
            "runner": PACKAGE / "runner",
            "site": base_image.DOCKER / "resync" / "site",
            "trust.py": base_image.DOCKER / "resync" / "trust.py",
        },
        arguments={"RELEASED": image},
    )


def with_tools(image: Image) -> Image:
    """An integration's image with debugpy in a folder of its own."""
    return Image(
        "tools",
        base_image.DOCKER / "tools",
        parents={"BUILDER": _builder(), "INTEGRATION": image},
        place=image.place or image.folder,
    )


def ensure(images: list[Image], settings: Settings, client: DockerClient, *, cache: bool = True) -> list[str]:
    """Build what is missing of ``images`` and all they stand on, several at once, each at most once.

    Args:
        images: What is wanted.
        settings: Where base images come from.
        client: The engine's.
        cache: Whether a build may take over layers of an earlier one.

    Returns:
        The tags of ``images``, in their order.

    Raises:
        ImageError: One could not be built; the message holds the end of the build's output. Or the cache, which has the
            locks, cannot be written to.
    """
    note_use(images, settings, client)  # before they are looked for: from then on they are not removed
    built: list[str] = []
    try:
        for front in _lost_fronts(images, settings, client):
            _ensure(front, settings, client, built, cache=cache)
        with ThreadPoolExecutor(max_workers=max(1, len(images))) as executor:
            tags = list(executor.map(lambda image: _ensure(image, settings, client, built, cache=cache), images))
    finally:
        if built:
            note_use(images, settings, client)
    if built:
        pruning.after_build(settings, client)
    return tags


def _lost_fronts(images: list[Image], settings: Settings, client: DockerClient) -> list[Image]:
    """The fronts that are missing although images that trust their CA are there, which a new front makes useless."""
    fronts = {
        each.front.tag(settings): each.front
        for each in images
        if each.front and base_image.exists(client, each.tag(settings))
    }
    return [front for tag, front in fronts.items() if not base_image.exists(client, tag)]


def note_use(images: Iterable[Image], settings: Settings, client: DockerClient) -> None:
    """Note that ``images``, and all that they stand on, are needed; see :func:`sandbox.images.pruning.note_use`."""
    needed: dict[User, str] = {}
    for image in images:
        needed |= image.users(settings)
    pruning.note_use(needed, settings, client)


def remove(image: Image, settings: Settings, client: DockerClient) -> None:
    """Remove one of our images, so that it is rebuilt; one that is in use only loses its name."""
    with contextlib.suppress(docker.errors.ImageNotFound):
        client.client.images.remove(image.tag(settings), force=True)


def _names_dependencies(pyproject: Path) -> bool:
    try:
        content = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return True  # the build says what is wrong with it
    return "dependencies" in content.get("project", {}) or "dependencies" in content.get("tool", {}).get("poetry", {})


def _builder() -> Image:
    return Image("builder", base_image.DOCKER / "builder", parents={"BASE": base_image.BaseImage("trixie")})


def _ensure(image: Image, settings: Settings, client: DockerClient, built: list[str], *, cache: bool) -> str:
    tag = image.tag(settings)
    if base_image.exists(client, tag):
        return tag
    parents = {
        name: parent.ensure(settings, client)
        if isinstance(parent, base_image.BaseImage)
        else _ensure(parent, settings, client, built, cache=cache)
        for name, parent in image.parents.items()
    }
    with pruning.building(image.name, settings):
        if not base_image.exists(client, tag):  # another worker may have built it while this one waited for the lock
            stages = _build(image, tag, {**parents, **image.arguments}, client, settings, use_layers=cache)
            pruning.note_stages(tag, stages, settings, client)
            built.append(tag)
            if image.name == FRONT:
                _forget_those_that_trust(tag, client)
    return tag


def _forget_those_that_trust(front: str, client: DockerClient) -> None:
    """Remove the images that trust the CA of the front that had this tag before: a new build has another CA."""
    for found in client.client.images.list(filters={"label": f"{front_label()}={front}"}):
        for tag in found.tags:
            with contextlib.suppress(docker.errors.ImageNotFound):
                client.client.images.remove(tag, force=True)


def _build(
    image: Image, tag: str, arguments: Mapping[str, str], client: DockerClient, settings: Settings, *, use_layers: bool
) -> list[str]:
    """Build it; gives the images in which the stages of the build ended, each by its first digits."""
    # How long it took the last time is the best estimate there is: it depends on the machine and on the network.
    record = settings.cache / f"{image.name}.build-seconds"
    expected = _seconds_in(record)
    say("images", f"building {tag}{f' (about {expected:.0f} s)' if expected else ''}")
    started = time.monotonic()
    output: list[str] = []
    context = _context({**image.files(), "ca-bundle.pem": build_environment.ca_bundle()})
    stream = client.client.api.build(
        fileobj=context,
        custom_context=True,
        tag=tag,
        buildargs={**build_environment.build_arguments(), **arguments},
        labels={
            image_label(): image.name,
            stage_label(): "",
            **({front_label(): image.front.tag(settings)} if image.front else {}),
        },
        rm=True,
        forcerm=True,
        nocache=not use_layers,
        decode=True,
    )
    try:
        for event in streamed(stream):
            text = event.get("stream", "")
            output.append(text)
            if text.startswith("Step "):
                left = expected - (time.monotonic() - started)
                to_go = f" (about {left:.0f} s to go)" if left >= 1 else ""
                say("images", f"{image.name}: {text.splitlines()[0][:100]}{to_go}")
            if error := event.get("error"):
                raise _full_or_failed(image, error, output, settings, client)
    except docker.errors.APIError as error:
        raise _full_or_failed(image, str(error), output, settings, client) from error
    seconds = time.monotonic() - started
    with contextlib.suppress(OSError):
        record.write_text(f"{seconds:.1f}")
    say("images", f"built {tag} in {seconds:.1f} s")
    return _ends_of_stages("".join(output))


def _ends_of_stages(output: str) -> list[str]:
    """Of each stage, what the engine said it was after its last step."""
    ends: list[str] = []
    for stage in re.split(r"^Step \d+/\d+ : FROM .*$", output, flags=re.MULTILINE)[1:]:
        ends += re.findall(r"^ ---> ([0-9a-f]{12})$", stage, re.MULTILINE)[-1:]
    return ends


def _seconds_in(record: Path) -> float:
    try:
        return float(record.read_text())
    except (OSError, ValueError):  # never built here, or written by half
        return 0.0


def _full_or_failed(
    image: Image, error: str, output: list[str], settings: Settings, client: DockerClient
) -> ImageError:
    failed = _failure(image, error, output)
    if not full_disk.is_full(failed.detail):
        return failed
    return ImageError(
        f"The engine's disk is full: the image {image.name} could not be built.",
        remedy=pruning.remedy_of_full_disk(settings, client),
        detail=failed.detail,
    )


def _failure(image: Image, error: str, output: list[str]) -> ImageError:
    if image.name.startswith("integration-"):
        project = next(path for name, path in image.extra.items() if name.endswith("pyproject.toml"))
        what = f"The dependencies of the integration in {project.parent} could not be installed."
        remedy = f"fix {' or '.join(str(path) for path in image.extra.values())}; the installer's output is below."
    else:
        what = f"The image {image.name} could not be built from {image.folder}."
        remedy = "see the end of the build below; behind a company proxy, the CA bundle and the package index must be configured."
    return ImageError(
        what, remedy=remedy, detail="\n".join([*_COLOUR.sub("", "".join(output)).splitlines()[-25:], error])
    )


def _context(files: Mapping[str, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in sorted(files.items()):
            info = tarfile.TarInfo(path)
            info.size = len(content)
            info.mode = 0o755 if path.endswith(".sh") else 0o644
            tar.addfile(info, io.BytesIO(content))
    buffer.seek(0)
    return buffer


def _files_below(folder: Path, prefix: PurePosixPath) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_no_input(name)]
        place = PurePosixPath(prefix, *Path(parent).relative_to(folder).parts)
        for name in names:
            if not _is_no_input(name) and (path := Path(parent, name)).is_file():
                found[str(place / name)] = _content(path)
    return found


def _is_no_input(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _NO_INPUT)


def _content(file: Path) -> bytes:
    stat = file.stat()
    return _content_of_version(file, (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))


@lru_cache(maxsize=4096)
def _content_of_version(file: Path, version: tuple[int, ...]) -> bytes:  # noqa: ARG001 # of the key
    return file.read_bytes()


def _repository_name(name: str) -> str:
    return (
        "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower()).strip("-")
        or "unnamed"
    )
