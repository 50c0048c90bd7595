"""Builds each image once, tagged by a hash of all that went in."""

import contextlib
import hashlib
import io
import re
import tarfile
import time
import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import docker.errors
from filelock import FileLock
from testcontainers.core.docker_client import DockerClient

from sandbox import base_image, company
from sandbox.errors import ImageError
from sandbox.progress import say
from sandbox.settings import Settings

PACKAGE = Path(__file__).resolve().parent
RELEASED = "released"
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
    """

    name: str
    folder: Path
    parents: Mapping[str, "Image | base_image.BaseImage"] = field(default_factory=dict)
    extra: Mapping[str, Path] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)

    def files(self) -> dict[str, bytes]:
        """Each file of the build context, by its path there."""
        found = dict(_files_below(self.folder, PurePosixPath()))
        for name, path in self.extra.items():
            found.update(_files_below(path, PurePosixPath(name)) if path.is_dir() else {name: path.read_bytes()})
        return found

    def tag(self, settings: Settings) -> str:
        """The image's full name; it changes when any input does, and only then."""
        digest = hashlib.sha256()
        for name, parent in sorted(self.parents.items()):
            digest.update(f"{name}={parent.tag(settings)}\0".encode())
        for name, value in sorted(self.arguments.items()):
            digest.update(f"{name}={value}\0".encode())
        for path, content in sorted(self.files().items()):
            digest.update(f"{path}\0{len(content)}\0".encode() + content)
        return f"ocean-sandbox/{self.name}:{digest.hexdigest()[:16]}"


def wiremock() -> Image:
    """WireMock, with its CA and its class data archive."""
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


def resync() -> Image:
    """What resync containers run where an integration pins no dependencies of its own."""
    return Image(
        "resync",
        base_image.DOCKER / "resync",
        parents={"BUILDER": _builder(), "BASE": base_image.BaseImage("trixie")},
        extra={"runner": PACKAGE / "runner"},
    )


def integration(directory: Path) -> Image:
    """The image with the locked dependencies of the integration in ``directory``; its code is no part of it.

    Args:
        directory: The integration's directory; where no ``pyproject.toml`` there names dependencies, :func:`resync`
            serves.
    """
    project = [path for name in ("pyproject.toml", "poetry.lock") if (path := directory / name).is_file()]
    if not project or project[0].name != "pyproject.toml" or not _names_dependencies(project[0]):
        return resync()
    return Image(
        f"integration-{_repository_name(directory.name)}",
        base_image.DOCKER / "integration",
        parents={"BUILDER": _builder(), "RESYNC": resync()},
        extra={f"project/{path.name}": path for path in project},
    )


def released(image: str) -> Image:
    """A released image of an integration, with our runner beside its code."""
    return Image(
        RELEASED,
        base_image.DOCKER / "released",
        extra={"runner": PACKAGE / "runner", "site": base_image.DOCKER / "resync" / "site"},
        arguments={"RELEASED": image},
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
        ImageError: One could not be built; the message holds the end of the build's output.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(images))) as executor:
        return list(executor.map(lambda image: _ensure(image, settings, client, cache=cache), images))


def remove(image: Image, settings: Settings, client: DockerClient) -> None:
    """Remove an image of ours, so that it is built again; one that is in use loses its name only."""
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


def _ensure(image: Image, settings: Settings, client: DockerClient, *, cache: bool) -> str:
    tag = image.tag(settings)
    if base_image.exists(client, tag):
        return tag
    settings.cache.mkdir(parents=True, exist_ok=True)
    parents = {
        name: parent.ensure(settings, client)
        if isinstance(parent, base_image.BaseImage)
        else _ensure(parent, settings, client, cache=cache)
        for name, parent in image.parents.items()
    }
    with FileLock(settings.cache / f"{tag.replace('/', '-').replace(':', '-')}.lock"):
        if not base_image.exists(client, tag):  # another worker may have built it while this one waited for the lock
            _build(image, tag, {**parents, **image.arguments}, client, settings.cache, use_layers=cache)
    return tag


def _build(
    image: Image, tag: str, arguments: Mapping[str, str], client: DockerClient, cache: Path, *, use_layers: bool
) -> None:
    # How long it took the last time is the best estimate there is: it depends on the machine and on the network.
    record = cache / f"{image.name}.build-seconds"
    expected = _seconds_in(record)
    say("images", f"building {tag}{f' (about {expected:.0f} s)' if expected else ''}")
    started = time.monotonic()
    output: list[str] = []
    context = _context({**image.files(), "ca-bundle.pem": company.ca_bundle()})
    stream = client.client.api.build(
        fileobj=context,
        custom_context=True,
        tag=tag,
        buildargs={**company.build_arguments(), **arguments},
        labels={"ocean-sandbox.image": image.name},
        rm=True,
        forcerm=True,
        nocache=not use_layers,
        decode=True,
    )
    try:
        for event in stream:
            text = event.get("stream", "")
            output.append(text)
            if text.startswith("Step "):
                left = expected - (time.monotonic() - started)
                to_go = f" (about {left:.0f} s to go)" if left >= 1 else ""
                say("images", f"{image.name}: {text.splitlines()[0][:100]}{to_go}")
            if error := event.get("error"):
                raise _failure(image, error, output)
    except docker.errors.APIError as error:
        raise _failure(image, str(error), output) from error
    seconds = time.monotonic() - started
    with contextlib.suppress(OSError):
        record.write_text(f"{seconds:.1f}")
    say("images", f"built {tag} in {seconds:.1f} s")


def _seconds_in(record: Path) -> float:
    try:
        return float(record.read_text())
    except (OSError, ValueError):  # never built here, or written by half
        return 0.0


def _failure(image: Image, error: str, output: list[str]) -> ImageError:
    if image.name.startswith("integration-"):
        project = next(path for name, path in image.extra.items() if name.endswith("pyproject.toml"))
        what = f"The dependencies of the integration in {project.parent} could not be installed."
        remedy = f"mend {' or '.join(str(path) for path in image.extra.values())}; the installer's own words are below."
    else:
        what = f"The image {image.name} could not be built from {image.folder}."
        remedy = "see the end of the build below; behind a company proxy, the CA bundle and the index must be known."
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
    return {
        str(prefix / path.relative_to(folder).as_posix()): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.match(pattern) for part in path.relative_to(folder).parents for pattern in _NO_INPUT)
        and not any(path.match(pattern) for pattern in _NO_INPUT)
    }


def _repository_name(name: str) -> str:
    return (
        "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower()).strip("-")
        or "unnamed"
    )
