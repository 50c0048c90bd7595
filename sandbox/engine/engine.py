"""Finds a running engine, or starts one, or says what to do."""

import contextlib
import json
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import docker.errors
from filelock import FileLock
from testcontainers.core.docker_client import DockerClient

from sandbox.engine.address import LOCAL_SOCKET, engine_address
from sandbox.engine.apt import debian_installs, install
from sandbox.engine.connection import connect, watch
from sandbox.errors import EngineError, EngineUnreachableError
from sandbox.process import output_of
from sandbox.progress import say
from sandbox.settings import Settings

_PID_FILES = {Path("/var/run/docker.pid"): "dockerd", Path("/var/run/docker/containerd/containerd.pid"): "containerd"}


@lru_cache(maxsize=1)
def client() -> DockerClient:
    """The client of the engine: see :func:`sandbox.engine.address.engine_address`.

    Raises:
        EngineError: The engine's address makes no sense.
    """
    address = engine_address()
    if address or os.environ.get("DOCKER_CONTEXT"):
        # For testcontainers, here and in the programs that this process starts: it does not know DOCKER_CONTEXT.
        os.environ["DOCKER_HOST"] = address or LOCAL_SOCKET
    try:
        found = DockerClient()
    except (docker.errors.DockerException, ValueError) as error:
        raise EngineError(
            f"The engine cannot be addressed ({address or 'the local socket'}): {error}",
            remedy="start the engine, or fix DOCKER_HOST or the docker context.",
        ) from error
    watch(found.client)
    return found


def answers() -> bool:
    """Whether an engine answers a ping within a few seconds."""
    try:
        with contextlib.closing(connect(timeout=5)) as asked:
            return bool(asked.ping())
    except (docker.errors.DockerException, EngineError, ValueError):
        return False


def shares_processors() -> bool:
    """Whether the engine can give a container less of a processor than others (podman without root cannot)."""
    return _shares_processors(client())


@lru_cache(maxsize=1)
def _shares_processors(of: DockerClient) -> bool:
    return bool(of.client.info().get("CPUShares"))


def ensure(settings: Settings) -> DockerClient:
    """The client of an engine that answers, which is started or installed first where that is possible.

    Args:
        settings: Says whether installing is allowed, and how long starting may take.

    Raises:
        EngineError: No engine answers and none can be started; the message names the remedy for this platform.
    """
    host = engine_address()
    if host and host.startswith("ssh:") and find_spec("paramiko") is None:
        raise EngineError(
            f"The engine is at {host}, and what docker-py needs for ssh:// is not installed.",
            remedy="`pip install ocean-sandbox[ssh]`.",
        )
    if answers():
        return client()
    if host:
        raise EngineUnreachableError(
            f"No engine answers at {host}.",
            remedy="start it, or unset DOCKER_HOST (or `docker context use default`) to use the local one.",
        )
    settings.cache.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.cache / "engine.lock"):
        if not answers():  # another process may have started it while this one waited for the lock
            _start(settings)
    client.cache_clear()
    return client()


def _start(settings: Settings) -> None:
    if platform.system() != "Linux":
        raise EngineError(
            "No Docker engine answers.", remedy="start Docker Desktop, colima or Rancher Desktop, then run this again."
        )
    if socket_is_forbidden():
        raise EngineError(
            "The engine's socket /var/run/docker.sock exists, but this user may not use it.",
            remedy="`sudo usermod -aG docker $USER`, then log in again.",
        )
    if os.geteuid() != 0:
        raise EngineError(
            "No Docker engine answers, and only root can start one.",
            remedy="`sudo systemctl start docker` (or `sudo dockerd`); if it is not installed: `sudo apt-get install docker.io`.",
        )
    if not shutil.which("dockerd"):
        _install(settings)
        if _wait(answers, seconds=2):  # the package's own script may have started it
            return
    if Path("/run/systemd/system").exists():
        say("engine", "starting it: systemctl start docker")
        # A dockerd of our own beside systemd's would be one too many, so this is the only try.
        output_of(
            ["systemctl", "start", "docker"],
            error=EngineError,
            remedy="see `journalctl -u docker`.",
            limit_seconds=settings.engine_timeout,
        )
        if _wait(answers, seconds=settings.engine_timeout):
            return
        raise EngineError("systemd started docker, but it does not answer.", remedy="see `journalctl -u docker`.")
    _start_dockerd(settings)


def _install(settings: Settings) -> None:
    if not settings.install_engine:
        raise EngineError(
            "No Docker engine is installed, and OCEAN_SANDBOX_INSTALL_ENGINE=0 forbids installing one.",
            remedy="`apt-get install docker.io`, or unset OCEAN_SANDBOX_INSTALL_ENGINE.",
        )
    if not debian_installs():
        raise EngineError(
            "No Docker engine is installed, and this is neither Debian nor Ubuntu.",
            remedy="install Docker (or podman with its Docker socket) with this system's package manager.",
        )
    say("engine", "no Docker engine is installed: installing docker.io (OCEAN_SANDBOX_INSTALL_ENGINE=0 forbids it)")
    install(["docker.io"], settings)


def _start_dockerd(settings: Settings) -> None:
    log = settings.cache / "dockerd.log"
    say("engine", f"starting dockerd (its log: {log})")
    remove_stale_pid_files()
    with log.open("ab") as output:
        # A session of its own: Ctrl-C in this run must not take the engine from the next one.
        dockerd = subprocess.Popen(
            ["dockerd"], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/"
        )
    if _wait(lambda: answers() or dockerd.poll() is not None, settings.engine_timeout) and answers():
        dockerd.returncode = 0  # it is meant to outlive us: no warning that it does
        return
    state = f"ended with code {dockerd.returncode}" if dockerd.returncode is not None else "does not answer"
    if dockerd.returncode is None:
        dockerd.send_signal(signal.SIGTERM)
    raise EngineError(
        f"dockerd was started and {state} (waited up to {settings.engine_timeout:.0f} s).",
        remedy=f"see the end of its log below (all of it: {log}).",
        detail=_readable_end(log),
    )


def remove_stale_pid_files(pid_files: dict[Path, str] | None = None) -> None:
    """Remove pid files whose process is not the engine's (any more).

    After an unclean end, dockerd refuses to start while *any* process has the pid in its pid file, be it a zombie or
    another program.

    Args:
        pid_files: The files, each with the name that its live process must have; the engine's own by default.
    """
    for file, program in (pid_files or _PID_FILES).items():
        try:
            pid = file.read_text(errors="replace").strip(" \0\n")
        except OSError:
            continue
        if not _runs(pid, program):
            file.unlink(missing_ok=True)


def _runs(pid: str, program: str) -> bool:
    try:
        status = Path("/proc", str(int(pid)), "status").read_text()
    except (OSError, ValueError):  # no such process, or no pid: a power cut leaves files full of nothing
        return False
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return fields["Name"].strip() == program and not fields["State"].strip().startswith("Z")


def socket_is_forbidden() -> bool:
    """Whether the local engine's socket is there, and not for this user."""
    socket = Path("/var/run/docker.sock")
    return socket.exists() and not os.access(socket, os.R_OK | os.W_OK)


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return met


def _readable_end(log: Path, lines: int = 15) -> str:
    end = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(_message(line) for line in end)


def _message(line: str) -> str:
    try:
        return str(json.loads(line)["msg"])
    except (ValueError, KeyError, TypeError):
        return line
