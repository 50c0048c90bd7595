"""The engine as testcontainers' classes see it: whatever they ask for, a service is hardened, ours, and shut in."""

from collections.abc import Callable, Mapping
from typing import Any

from docker.models.containers import Container
from testcontainers.core.config import ConnectionMode
from testcontainers.core.docker_client import DockerClient

import docker
from sandbox.engine.location import Location

# What a class or its user may not have: rights on the engine's machine, or a start that nobody here sees.
_REFUSED = {
    "cgroup_parent",
    "cgroupns",
    "device_cgroup_rules",
    "devices",
    "ipc_mode",
    "links",
    "network_mode",
    "networking_config",
    "oom_kill_disable",
    "pid_mode",
    "restart_policy",
    "userns_mode",
    "uts_mode",
}


class ServiceClient(DockerClient):
    """Makes one service's container. It has the last word: many classes set their options and ports while they start.

    Args:
        client: The engine's, of this service alone: a container of testcontainers closes it when it stops.
        where: Where the engine publishes ports for this process.
        options: Which options of docker-py's ``create`` it has, whatever is asked for.
        on_start: Called as soon as the engine has started it, before anybody waits until it is ready.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        where: Location,
        options: Mapping[str, Any],
        on_start: Callable[[Container], None],
    ) -> None:
        # Not the base's: it would look for the engine in its own way.
        self.client = client
        self._where = where
        self._options = options
        self._on_start = on_start

    def create(self, image: str, command: Any = None, **asked: Any) -> Container:  # type: ignore[override]
        """Make the container, published where this process reaches it and nobody else."""
        ports = dict.fromkeys(asked.pop("ports", None) or {}, (self._where.publish,))
        labels = {**(asked.pop("labels", None) or {}), **self._options.get("labels", {})}
        kept = {name: value for name, value in asked.items() if name not in _REFUSED}
        given = {**kept, **self._options, "auto_remove": False, "privileged": False, "publish_all_ports": False}
        return self.client.containers.create(image, command=command, **{**given, "ports": ports, "labels": labels})

    def start(self, container: Container) -> None:
        """Start it, and shut it in."""
        container.start()
        self._on_start(container)

    def run(self, image: str, command: Any = None, **asked: Any) -> Container:  # type: ignore[override]
        """Both, as testcontainers did before 4.15."""
        for name in ("detach", "remove", "stdout", "stderr"):
            asked.pop(name, None)
        container = self.create(image, command, **asked)
        try:
            self.start(container)
        except BaseException:
            container.remove(force=True, v=True)
            raise
        return container

    def get_connection_mode(self) -> ConnectionMode:
        """It is reached by published ports, wherever this process runs."""
        return ConnectionMode.docker_host

    def host(self) -> str:
        """By which host they are reached."""
        return self._where.host
