"""Images hold what is locked: what an index offers since then changes nothing."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker.errors
import pytest

from sandbox.engine import engine
from sandbox.images import build_environment, images, pip_settings
from sandbox.settings import load
from tests.upstream.newer_packages import NEWER, make_newer_wheels

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@contextmanager
def built_tomorrow(image: images.Image, offer: Path) -> Iterator[str]:
    """The stage that fetches the packages of ``image``, built where pip and uv find those of ``offer``, too."""
    client, in_force = engine.client(), load()
    (builder,) = images.ensure([image.parents["BUILDER"]], in_force, client)  # type: ignore[list-item]
    dockerfile = re.sub(
        r"^(FROM \$\{BUILDER\}.*)$",
        r"\1\nCOPY offer /offer\nENV UV_FIND_LINKS=/offer PIP_FIND_LINKS=/offer",
        image.files()["Dockerfile"].decode(),
        count=1,
        flags=re.MULTILINE,
    )
    files = {
        **image.files(),
        "Dockerfile": dockerfile.encode(),
        "ca-bundle.pem": build_environment.ca_bundle(),
        **{f"offer/{wheel.name}": wheel.read_bytes() for wheel in offer.iterdir()},
    }
    built, _ = client.client.images.build(
        fileobj=images._context(files),
        custom_context=True,
        target="build",
        buildargs={**build_environment.build_arguments(), "BUILDER": builder, "RESYNC": builder, "BASE": builder},
        rm=True,
        forcerm=True,
    )
    try:
        yield str(built.id)
    finally:
        with contextlib.suppress(docker.errors.ImageNotFound):
            client.client.images.remove(built.id, force=True)


def installed(image: str, environment: str) -> dict[str, str]:
    client = engine.client().client
    command = ["uv", "pip", "list", "--quiet", "--format", "json", "--python", environment]
    listed = json.loads(client.containers.run(image, command, entrypoint="", remove=True, network_disabled=True))
    return {package["name"]: package["version"] for package in listed}


def test_what_this_project_locks(tmp_path: Path) -> None:
    image = images.port_mock()
    lock = dict(re.findall(r"^([\w-]+)==(\S+)", image.files()["requirements.lock"].decode(), re.MULTILINE))
    make_newer_wheels(tmp_path / "offer", lock)

    with built_tomorrow(image, tmp_path / "offer") as built:
        found = installed(built, "/opt/port-mock/venv")

    assert found
    assert found.items() <= lock.items()


def lock_with_uv(directory: Path) -> Path:
    directory.mkdir()
    (directory / "pyproject.toml").write_text(
        "[project]\nname = 'it'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['anyio[trio]']\n"
    )
    as_pip = pip_settings.for_uv(pip_settings.read([sys.executable, "-m", "pip"]))
    uv = [Path(sys.executable).with_name("uv"), "lock", "--quiet", "--python", sys.executable]
    subprocess.run(uv, cwd=directory, env={**as_pip, **os.environ}, check=True)
    return directory


def locked_with_poetry(directory: Path) -> Path:
    if not (ocean := os.environ.get("OCEAN_SANDBOX_PUBLIC_OCEAN")):
        pytest.skip("OCEAN_SANDBOX_PUBLIC_OCEAN names no checkout of Ocean's public repository")
    directory.mkdir()
    for name in ("pyproject.toml", "poetry.lock"):
        shutil.copy(Path(ocean, "integrations", "pagerduty", name), directory)
    return directory


@pytest.mark.parametrize(("lock_it", "name"), [(lock_with_uv, "uv.lock"), (locked_with_poetry, "poetry.lock")])
def test_what_an_integration_locks(lock_it: Callable[[Path], Path], name: str, tmp_path: Path) -> None:
    directory = lock_it(tmp_path / "it")
    packages = tomllib.loads((directory / name).read_text())["package"]
    lock = {package["name"]: package["version"] for package in packages}
    make_newer_wheels(tmp_path / "offer", lock)

    with built_tomorrow(images.integration(directory), tmp_path / "offer") as built:
        found = installed(built, "/opt/integration/venv")

    assert len(found) > 1
    assert found.items() <= lock.items()


def test_an_integration_without_a_lock_has_the_newest(tmp_path: Path) -> None:
    """So that the tests above could fail: the offer is one that would be taken."""
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "pyproject.toml").write_text("[project]\nname = 'it'\ndependencies = ['idna>=3']\n")
    make_newer_wheels(tmp_path / "offer", ["idna"])

    with built_tomorrow(images.integration(tmp_path / "it"), tmp_path / "offer") as built:
        assert installed(built, "/opt/integration/venv") == {"idna": NEWER}
