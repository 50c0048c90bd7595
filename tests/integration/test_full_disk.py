"""A full disk of the engine is reported, no half-built image is used, and all works once there is space."""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.engine import engine
from sandbox.engine.container import Container
from sandbox.engine.owner import Owner
from sandbox.errors import EngineError, ImageError
from sandbox.images import images
from sandbox.images.base_image import _import, exists
from sandbox.images.images import Image
from sandbox.settings import load
from tests.unit.sandbox.factories import engine_at

from .dockerd import start_dockerd

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not (shutil.which("dockerd") and shutil.which("unshare")) or os.uname().sysname != "Linux",
        reason="an engine of its own on a small disk needs root and dockerd",
    ),
]

MEGABYTE = 1024**2


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of that size, at ``folder``."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this machine mounts nothing: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def own_engine(disk: Path, tmp_path: Path) -> Iterator[None]:
    """An engine that keeps its data on ``disk``, and that is the one in force."""
    socket = f"unix://{tmp_path}/d.sock"
    # In a network namespace of its own: one without a bridge removes docker0 of the engine that others use.
    command = [
        "unshare",
        "--net",
        "dockerd",
        f"--data-root={disk}",
        f"--exec-root={tmp_path}/x",
        f"--pidfile={tmp_path}/pid",
    ]
    # Nothing of the machine's network, which is another engine's.
    command += [f"--host={socket}", "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false"]
    with engine_at(socket):
        dockerd = start_dockerd(command, tmp_path / "log", engine.answers)
        try:
            yield
        finally:
            dockerd.terminate()
            dockerd.wait(30)


def make_image(folder: Path, megabytes: int) -> Image:
    """An image of so many megabytes, which needs nothing but room."""
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text("FROM scratch\nLABEL ocean-sandbox.stage=it\nCOPY large /large\n")
    (folder / "large").write_bytes(os.urandom(megabytes * MEGABYTE))
    return Image("it", folder)


def fill(disk: Path, left: int) -> Path:
    """Fill it but for so many megabytes; gives the file that does."""
    file = disk / "filler"
    with file.open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(disk).free - left * MEGABYTE)
    return file


def test_a_full_engine_says_so_and_works_once_there_is_room(tmp_path: Path) -> None:
    settings = load(cache=tmp_path / "cache")
    short = Path(os.environ.get("TMPDIR", "/tmp"), f"full-{os.getpid()}")  # noqa: S108 # a socket's name must be short
    short.mkdir()
    try:
        with small_disk(tmp_path / "disk", 96) as disk, own_engine(disk, short):
            client = engine.client()
            image = make_image(tmp_path / "it", 20)

            filler = fill(disk, left=10)
            with pytest.raises(ImageError, match="The engine's disk is full: the image it could not be built") as full:
                images.ensure([image], settings, client)
            assert f"free some space in {disk}: " in full.value.remedy
            assert not exists(client, image.tag(settings))

            base = tmp_path / "base.tar"
            with tarfile.open(base, "w") as tar:
                tar.add(tmp_path / "it" / "large", "large")
            with pytest.raises(ImageError, match="The engine's disk is full: there is no room for base:1"):
                _import(base, "base:1", settings, client)
            assert not exists(client, "base:1")

            filler.unlink()
            (tag,) = images.ensure([image], settings, client)
            _import(base, "base:1", settings, client)
            assert exists(client, "base:1")

            filler = fill(disk, left=0)
            none = client.client.networks.list(names=["none"])
            container = Container(
                tag,
                role="it",
                owner=Owner(),
                networks=[(none[0], ())],
                entrypoint=["/large"],
                memory="16m",
                pids_limit=8,
            )
            with pytest.raises(EngineError, match="no space left on device") as raised:
                container.start()
            assert "`ocean-sandbox images --prune`" in raised.value.remedy
            assert client.client.containers.list(all=True) == []
    finally:
        shutil.rmtree(short, ignore_errors=True)
