"""Where the engine is according to the user's Docker settings, or an error that names the invalid one.

The order is the Docker CLI's: ``DOCKER_HOST``, ``DOCKER_CONTEXT``, the current context of ``config.json``. Before all of
them comes ``tc.host`` of ``~/.testcontainers.properties``, which testcontainers obeys. Neither testcontainers nor docker-py
complains of a context that is not there: they take the local engine instead.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker.errors
from docker.utils import parse_host
from testcontainers.core.config import testcontainers_config as configuration
from testcontainers.core.docker_client import get_docker_host

from sandbox.errors import EngineError
from sandbox.progress import say

LOCAL_SOCKET = "unix:///var/run/docker.sock"
_LOCAL_CONTEXT = "default"
_FORMS = "unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST"


def engine_address() -> str | None:
    """The engine's address; None for the local one at its usual socket.

    Raises:
        EngineError: What is said makes no sense: no address, a context that is not there, a file that cannot be read.
    """
    if host := configuration.tc_properties_get_tc_host():
        return _checked(host, "tc.host in ~/.testcontainers.properties")
    if host := os.environ.get("DOCKER_HOST"):
        return _checked(get_docker_host() or host, "DOCKER_HOST")
    if name := os.environ.get("DOCKER_CONTEXT"):
        return _of_context(name, "DOCKER_CONTEXT")
    if name := _current_context():
        return _of_context(name, f"currentContext in {_folder() / 'config.json'}")
    return None


def host_of(address: str | None) -> str | None:
    """The host in an engine's address; None where it is a socket of this machine."""
    return None if address is None else urlsplit(address).hostname


def _checked(address: str, source: str) -> str:
    try:
        parse_host(address)
    except (docker.errors.DockerException, ValueError) as error:
        raise EngineError(
            f"The engine cannot be addressed ({address}, from {source}): {error}",
            remedy=f"fix {source}: an address is {_FORMS}.",
        ) from error
    return address


def _folder() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _current_context() -> str | None:
    file = _folder() / "config.json"
    try:
        name = json.loads(file.read_bytes()).get("currentContext")
    except FileNotFoundError:
        return None
    except PermissionError:  # `sudo docker login` leaves such a file; Docker's own command goes on, too
        say("engine", f"this user may not read {file}: using the local engine (DOCKER_HOST names another)")
        return None
    except (OSError, ValueError, AttributeError) as error:
        raise EngineError(
            f"{file} cannot be read, so it is unclear which engine to use: {error}",
            remedy="fix that file, or name the engine: DOCKER_HOST.",
        ) from error
    return str(name) if name else None


def _of_context(name: str, source: str) -> str | None:
    if name == _LOCAL_CONTEXT:
        return None
    file = _folder() / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    try:
        host = _host_in(json.loads(file.read_bytes()))
    except FileNotFoundError:
        known = ", ".join(sorted({_LOCAL_CONTEXT, *_known()}))
        raise EngineError(
            f"The docker context {name!r} does not exist ({source}).",
            remedy=f"use one that exists, or unset it; known contexts: {known}.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(
            f"The docker context {name!r} ({source}) cannot be read from {file}: {error!r}",
            remedy=f"recreate it: `docker context rm {name}`, then `docker context create {name}`.",
        ) from error
    return _checked(host, f"the docker context {name!r} ({source})")


def _host_in(context: Any) -> str:
    return str(context["Endpoints"]["docker"]["Host"])


def _known() -> Iterator[str]:
    for file in (_folder() / "contexts" / "meta").glob("*/meta.json"):
        try:
            yield str(json.loads(file.read_bytes())["Name"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # it is not the one that is meant
