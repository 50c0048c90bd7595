"""Checks what the sandbox needs without changing anything, and says what is wrong and what to do about it."""

import contextlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Any, Literal

import docker.errors
from testcontainers.core.docker_client import DockerClient

from sandbox import settings, sizes
from sandbox.engine import engine, full_disk, janitor
from sandbox.engine.address import engine_address
from sandbox.engine.location import location
from sandbox.errors import SandboxError
from sandbox.images import build_environment, images, pruning
from sandbox.pool import pool_client
from sandbox.pool.local_pool import image_of
from sandbox.settings import SANDBOX_PREFIX, Settings

State = Literal["ok", "note", "wrong"]
_OLDEST_PYTHON = (3, 11)
_OLDEST_API = (1, 41)  # of engine 20.10, the oldest that it was tried on
# Bytes: what the images take together is some 1.5 GB, and a build needs as much again.
_LITTLE, _TOO_LITTLE = 5 * 1024**3, 1024**3
# What one sandbox may take, and one beside it to warm: see the memory limits in the settings.
_LITTLE_MEMORY = 3 * 1024**3
_PACKAGES = ("ocean-sandbox", "docker", "testcontainers", "wiremock", "httpx", "jq")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        subject: ``versions``, ``settings``, ``engine``, ``pool``, ``images``, ``disk`` or ``network``.
        state: ``ok``; ``note``: it works, but; ``wrong``: it does not.
        says: What was found.
        remedy: What to do, where there is something.
    """

    subject: str
    state: State
    says: str
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The check as JSON values."""
        return asdict(self)


def examine(integrations: Sequence[Path] = ()) -> list[Check]:
    """Look at everything; never raises.

    Args:
        integrations: Directories of integrations whose images are wanted, too.
    """
    checks = [*_versions()]
    try:
        in_force = settings.load()
    except SandboxError as error:
        return [*checks, Check("settings", "wrong", error.what, error.remedy)]
    checks += [Check("settings", "ok", _changed(in_force)), *_cache(in_force), *_traces(in_force)]
    try:
        if not engine.answers():
            return [*checks, _no_engine(in_force)]
        client = engine.client()
    except SandboxError as error:
        return [*checks, Check("engine", "wrong", error.what, error.remedy)]
    looks: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("engine", lambda: _engine(client)),
        ("pool", lambda: _pool(in_force)),
        ("images", lambda: _images(client, in_force, integrations)),
        ("disk", lambda: _disk(client, in_force)),
        ("network", lambda: _network(client, in_force)),
    ]
    for subject, look in looks:
        try:
            checks += look()
        except (docker.errors.DockerException, SandboxError, OSError) as error:
            what, remedy = (
                (error.what, error.remedy) if isinstance(error, SandboxError) else (str(error), "see the engine's log.")
            )
            checks.append(Check(subject, "wrong", f"could not be checked: {what}", remedy))
    return checks


def _versions() -> Iterator[Check]:
    python = ".".join(map(str, sys.version_info[:3]))
    versions = ", ".join(f"{name} {version}" for name in _PACKAGES if (version := _version(name)))
    says = f"Python {python} on {platform.system()} {platform.machine()}; {versions}"
    if sys.version_info < _OLDEST_PYTHON:
        yield Check("versions", "wrong", says, "Python 3.11 or later is needed: make PYTHON=python3.13 setup.")
    else:
        yield Check("versions", "ok", says)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _changed(in_force: Settings) -> str:
    fields = type(in_force).model_fields
    changed = {
        name: getattr(in_force, name)
        for name, field in fields.items()
        if getattr(in_force, name) != field.get_default(call_default_factory=True)
    }
    return ", ".join(f"{name} = {value}" for name, value in changed.items()) or "all at their defaults"


def _cache(in_force: Settings) -> Iterator[Check]:
    """Locks and logs are written there."""
    there = next(folder for folder in (in_force.cache, *in_force.cache.parents) if folder.is_dir())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        remedy = "make it writable for this user, or choose another with OCEAN_SANDBOX_CACHE."
        yield Check("disk", "wrong", f"{there} is not writable: {error.strerror}", remedy)
    else:
        yield _space(in_force.cache, there, f", using {sizes.gigabytes(_size_below(in_force.cache))}")


def _traces(in_force: Settings) -> Iterator[Check]:
    folder = in_force.trace_folder.absolute()
    if size := _size_below(folder):
        yield Check("disk", "ok", f"traces use {sizes.gigabytes(size)} in {folder}")


def _size_below(folder: Path) -> int:
    """Bytes of the files in a folder, as far as this user may look; those of today may be gone when they are looked at."""
    total = 0
    for current, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(current, name).lstat().st_size
    return total


def _space(
    what: Path,
    where: Path,
    more: str = "",
    remedy: str = "free some space, or choose another folder with OCEAN_SANDBOX_CACHE.",
) -> Check:
    free = shutil.disk_usage(where).free
    says = f"{sizes.gigabytes(free)} free for {what}{more}"
    if free >= _LITTLE:
        return Check("disk", "ok", says)
    return Check(
        "disk",
        "wrong" if free < _TOO_LITTLE else "note",
        says,
        remedy,
    )


def _no_engine(in_force: Settings) -> Check:
    if host := engine_address():
        return Check(
            "engine",
            "wrong",
            f"no engine answers at {host}",
            "start it, or unset DOCKER_HOST (or `docker context use default`) to use the local one.",
        )
    if platform.system() != "Linux":
        return Check("engine", "wrong", "no engine answers", "start Docker Desktop, colima or Rancher Desktop.")
    if engine.socket_is_forbidden():
        return Check(
            "engine",
            "wrong",
            "the engine's socket exists, but this user may not use it",
            "`sudo usermod -aG docker $USER`, then log in again.",
        )
    if os.geteuid() == 0 and (shutil.which("dockerd") or in_force.install_engine):
        return Check(
            "engine", "note", "no engine is running yet", "`ocean-sandbox images` starts one, and so does any test."
        )
    remedy = "`sudo systemctl start docker`; if it is not installed: `sudo apt-get install docker.io`."
    return Check("engine", "wrong", "no engine answers", remedy)


def _engine(client: DockerClient) -> Iterator[Check]:
    version, info = client.client.version(), client.client.info()
    api = version.get("ApiVersion", "0.0")
    where = "on this machine" if _is_local(client) else f"at {engine_address() or client.host()}"
    memory = int(info.get("MemTotal") or 0)
    says = (
        f"{version.get('Version')} (API {api}) {where}, {info.get('NCPU')} CPUs, {memory / 1024**3:.1f} GB of memory, "
        f"storage {info.get('Driver')}, cgroup {info.get('CgroupVersion') or '1'}"
    )
    if tuple(int(part) for part in api.split(".") if part.isdigit()) < _OLDEST_API:
        yield Check("engine", "wrong", says, "it is older than 20.10: upgrade it.")
    elif info.get("OSType") != "linux":
        yield Check("engine", "wrong", says, "it does not run Linux containers: switch it to Linux containers.")
    elif memory and memory < _LITTLE_MEMORY:
        yield Check("engine", "note", says, "give it 4 GB, or set fewer workers (-n 1) and lower memory limits.")
    else:
        yield Check("engine", "ok", says)
    ports = location()
    if ports.publish is None:
        yield Check("engine", "ok", f"no ports are published, all goes through the engine's connection: {ports.why}")
    elif not ports.shares_loopback:
        yield Check("engine", "ok", f"published ports are reached at {ports.host}: {ports.why}")
    if left := janitor.leftovers(client.client):
        yield Check(
            "engine", "note", f"{left} containers and networks of dead runs are left over", "`ocean-sandbox reap`."
        )


def _pool(in_force: Settings) -> Iterator[Check]:
    renew = "`ocean-sandbox up DIR` restarts it, `ocean-sandbox down` stops it."
    theirs = pool_client.ask(in_force.cache, "hello")
    if theirs is None and pool_client.socket_of(in_force.cache).exists():
        yield Check("pool", "note", "the pool daemon was running, but does not answer", renew)
    elif theirs is None:
        yield Check("pool", "ok", "the pool daemon is not running (`ocean-sandbox up DIR` starts it)")
    elif theirs.get("failed"):
        yield Check("pool", "note", "the pool daemon is running, but something in it failed", renew)
    elif why := pool_client.difference(theirs.get("stamp"), pool_client.stamp(in_force)):
        yield Check("pool", "note", f"the pool daemon is running, but no test uses it: {why}", renew)
    else:
        yield Check("pool", "ok", f"the pool daemon is running, pid {theirs['pid']}; {theirs['leased']} leased now")


def _images(client: DockerClient, in_force: Settings, integrations: Sequence[Path]) -> Iterator[Check]:
    wanted = {
        "wiremock": images.wiremock(),
        "port-mock": images.port_mock(),
        "front": images.front(),
        "resync": images.resync(),
    }
    for directory in integrations:
        wanted[str(directory)] = image_of(directory.resolve(), in_force)
    build = " ".join(["ocean-sandbox images", *map(str, integrations)])
    for name, image in wanted.items():
        tag = image.tag(in_force)
        try:
            size = client.client.images.get(tag).attrs.get("Size", 0)
        except docker.errors.ImageNotFound:
            yield Check(
                "images", "note", f"{name}: {tag} is not built yet", f"`{build}` builds it, and so does any test."
            )
        else:
            yield Check("images", "ok", f"{name}: {tag}, {size / 1024**2:.0f} MB")


def _is_local(client: DockerClient) -> bool:
    """Whether the engine is reached over a socket of this machine."""
    over_socket = client.client.api.base_url.startswith("http+docker://")
    return platform.system() == "Linux" and over_socket and not (engine_address() or "").startswith("ssh:")


def _disk(client: DockerClient, in_force: Settings) -> Iterator[Check]:
    root = Path(client.client.info().get("DockerRootDir") or "/var/lib/docker")
    if _is_local(client) and root.is_dir():
        yield _space(
            root, root, remedy=f"free some space: {full_disk.PRUNE}; `docker system df` shows what else uses it."
        )
    else:
        yield Check("disk", "ok", f"the engine keeps its data at {root}, which cannot be inspected from here")
    found = pruning.Pruner(in_force, client).look()
    ours = (
        f"our images use {sizes.gigabytes(found.size)}: {sizes.count(found.tags, 'image')}, "
        f"{sizes.count(found.stages, 'stage')} left over from builds"
    )
    if found.freed:
        yield Check(
            "disk",
            "ok" if found.size <= pruning.limits(in_force).size else "note",
            f"{ours}; {sizes.gigabytes(found.freed)} of that is no longer needed",
            f"{full_disk.PRUNE} removes it now; otherwise it is removed after {in_force.images_days:g} days without use, or sooner if "
            f"our images use more than {in_force.images_size} (OCEAN_SANDBOX_IMAGES_DAYS, OCEAN_SANDBOX_IMAGES_SIZE).",
        )
    else:
        yield Check("disk", "ok", f"{ours}; all of it is needed or was used recently")


def _network(client: DockerClient, in_force: Settings) -> Iterator[Check]:
    known = sorted({name.upper() for name in build_environment.build_arguments()}) + ["a CA bundle"] * bool(
        build_environment.ca_bundle()
    )
    yield Check("network", "ok", f"builds use {', '.join(known) or 'no company proxy, package index or CA bundle'}")
    taken: list[str] = []
    others: list[tuple[str, IPv4Network]] = []
    for network in client.client.networks.list():
        for pool in (network.attrs.get("IPAM") or {}).get("Config") or []:
            subnet = _subnet(pool.get("Subnet"))
            if subnet is not None and subnet.overlaps(in_force.subnets):
                if str(network.name).startswith("ocean-sandbox-"):
                    taken.append(str(network.name))
                else:
                    others.append((str(network.name), subnet))
    slots = 2 ** (SANDBOX_PREFIX - in_force.subnets.prefixlen)
    lost = sum(
        max(1, 2 ** (SANDBOX_PREFIX - subnet.prefixlen)) for _, subnet in others if subnet.prefixlen <= SANDBOX_PREFIX
    )
    free = slots - len(taken) - min(lost, slots)
    says = f"{free} of {slots} small networks in {in_force.subnets} are free"
    remedy = "`ocean-sandbox reap` removes what dead runs left behind; OCEAN_SANDBOX_SUBNETS sets another range."
    if free < 2:  # noqa: PLR2004 # one sandbox has two
        yield Check("network", "wrong", says, remedy)
    elif others:
        names = ", ".join(sorted({name for name, _ in others}))
        yield Check("network", "note", f"{says}; {names} overlaps that range", remedy)
    else:
        yield Check("network", "ok", says)


def _subnet(text: str | None) -> IPv4Network | None:
    try:
        subnet = ip_network(text or "")
    except ValueError:
        return None
    return subnet if isinstance(subnet, IPv4Network) else None
