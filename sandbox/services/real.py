"""Real services beside a sandbox: containers of testcontainers' classes, such as a database that an integration reads.

One is started once for a sandbox, and is as its ``seed`` left it whenever a test begins: see :meth:`Started.restore`.
"""

import contextlib
import copy
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import docker.errors
from docker.models.containers import Container
from docker.models.networks import Network
from docker.utils import parse_repository_tag
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from sandbox.engine import connection, full_disk, network
from sandbox.engine.connection import connect
from sandbox.engine.location import location
from sandbox.engine.owner import Owner
from sandbox.errors import EngineError, EngineUnreachableError, ImageError, SandboxError
from sandbox.images import base_image, images
from sandbox.images.images import Image
from sandbox.progress import say
from sandbox.services import port, postgres, wiremock
from sandbox.services.front import NAME as FRONT_NAME
from sandbox.services.front import RESYNC_NAME
from sandbox.services.service_client import ServiceClient
from sandbox.settings import Settings

ROLE = "service"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TAKEN = {FRONT_NAME, RESYNC_NAME, port.NAME, wiremock.NAME, "localhost"}
# What entry points of common images need to hand their folders to a plain user and become that user.
_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
# Of testcontainers' classes, with the official image of each, those whose image is also one of ours.
_OURS: dict[tuple[str, str], Callable[[], Image]] = {("PostgresContainer", "postgres"): images.postgres}
_CALL_SECONDS = 60
_LOG_LINES = 25
_RULES = """
table inet service {{
    chain leaving {{
        type filter hook output priority 0;
        oifname "lo" accept
        ct state established,related accept
        ip daddr {} accept
        reject
    }}
}}
"""
# How Go's HTTP client, and with it the engine, says that there was no answer; a refusal of the registry follows it too.
_NO_ANSWER = re.compile(r'(?i)\b(?:get|head|post) "[^"]+": (?!unauthorized|denied|toomanyrequests)')


class _UnreachableRegistryError(ImageError):
    """No registry answered, rather than one that refuses the image."""


# By image: nobody is asked again for each test.
_unreachable: dict[str, _UnreachableRegistryError] = {}
# testcontainers has its Ryuk, an image that needs a registry, on or off for the whole process.
_starting = threading.Lock()


@dataclass(frozen=True)
class Service:
    """A service beside the sandbox, with what fills it.

    Args:
        container: Of any class of testcontainers, not started; or a callable that makes it when it is first needed.
        seed: Called with the started container, to fill it as each test shall find it.
        reset: Called with it before each test but the first, to empty it; ``seed`` is called after it. Without one,
            PostgreSQL's database is cloned from what ``seed`` left, and every other service is started anew.
    """

    container: DockerContainer | Callable[[], DockerContainer]
    seed: Callable[[Any], None] | None = None
    reset: Callable[[Any], None] | None = None


Services = Mapping[str, DockerContainer | Service | Callable[[], DockerContainer]]


def declared(services: Services) -> dict[str, Service]:
    """The services of a test, by name, each checked.

    Raises:
        SandboxError: A name is not one that a host can have, or is the sandbox's own; or a value is no container.
    """
    checked = {}
    for name, each in services.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _TAKEN:
            raise SandboxError(
                f"A service cannot be called {name!r}.",
                remedy="choose a host name of lower-case letters, digits and hyphens, other than "
                f"{', '.join(sorted(_TAKEN))}.",
            )
        service = each if isinstance(each, Service) else Service(each)
        if not callable(service.container):
            _refuse_other(name, service.container)
        checked[name] = service
    return checked


def made(name: str, service: Service) -> DockerContainer:
    """The container of a service, which a callable may make.

    Raises:
        SandboxError: It makes none.
        Exception: Whatever the callable raised.
    """
    found = service.container if isinstance(service.container, DockerContainer) else service.container()
    _refuse_other(name, found)
    return found


def _refuse_other(name: str, value: Any) -> None:
    if not isinstance(value, DockerContainer):
        raise SandboxError(
            f"The service {name} is not a container of testcontainers, but {value!r:.200}.",
            remedy='give it one, not started: services = {"db": PostgresContainer("postgres:17")}.',
        )


class Started:
    """One service that runs beside one sandbox.

    Args:
        name: What it is called on the closed network.
        service: What is started; its container stays as it is, and a copy of it starts.
        owner: The process it belongs to.
        settings: Its limits.
        client: The engine's.
        closed: The network of the resync container.
        published: The network with this machine.
        tools: An image with nft in it.

    Attributes:
        container: testcontainers' object for the running container, as the test gets it.
    """

    def __init__(
        self,
        name: str,
        service: Service,
        owner: Owner,
        settings: Settings,
        client: DockerClient,
        closed: Network,
        published: Network,
        tools: str,
    ) -> None:
        self._name = name
        self._tools = tools
        self._service = service
        self._declared = made(name, service)
        self._started_at = ""
        self._owner = owner
        self._settings = settings
        self._client = client
        self._closed = closed
        self._published = published
        self.container: Any = None
        self.address = ""

    @property
    def service(self) -> Service:
        """What was declared."""
        return self._service

    @property
    def identifier(self) -> str | None:
        """What the engine calls its container; None where there is none."""
        return None if self.container is None else _identifier(self.container)

    def restore(self) -> None:
        """Have it run, with nothing in it but what ``seed`` puts there.

        Raises:
            SandboxError: It does not start, or cannot be reset; the message holds the end of its log.
            Exception: Whatever ``seed`` or ``reset`` raised.
        """
        if self.container is None or not self._runs():
            self._start_anew()
        elif self._service.reset is not None:
            self._service.reset(self.container)
            self._seed()
        elif self._is("PostgresContainer"):
            try:
                postgres.restore(self.container)
            except (EngineError, docker.errors.APIError):  # whatever a test did to it, the next one is not its victim
                self._start_anew()
        else:
            self._start_anew()

    def stop(self) -> None:
        """Remove its container, if there is one; one that an absent engine keeps is the janitor's."""
        container, self.container = self.container, None
        if container is None:
            return
        if (identifier := _identifier(container)) is not None:
            with contextlib.suppress(docker.errors.APIError, EngineUnreachableError):
                self._client.client.api.remove_container(identifier, force=True, v=True)
        container.get_docker_client().client.close()

    def _is(self, kind: str) -> bool:
        """Whether it is of that class of testcontainers, which need not be imported: its module may want packages."""
        return any(
            each.__name__ == kind and each.__module__.startswith("testcontainers.")
            for each in type(self._declared).__mro__
        )

    def _runs(self) -> bool:
        """Whether it runs, and has since it was shut in: a start in between gave it a network without rules."""
        try:
            found = self.container.get_wrapped_container()
            found.reload()
        except docker.errors.NotFound:
            return False
        return bool(found.status == "running" and found.attrs["State"]["StartedAt"] == self._started_at)

    def _start_anew(self) -> None:
        self.stop()
        image = self._image()
        container = self._prepared(image)
        with _starting:
            had_ryuk, testcontainers_config.ryuk_disabled = testcontainers_config.ryuk_disabled, True
            try:
                self.container = container
                container.start()
            except EngineUnreachableError:
                self.stop()
                raise
            except Exception as error:  # each class has its own way to say that it does not get ready
                raise self._failure(error, image, self._end_failed()) from error
            except BaseException:
                self.stop()
                raise
            finally:
                testcontainers_config.ryuk_disabled = had_ryuk
        try:
            self._seed()
            if self._service.reset is None and self._is("PostgresContainer"):
                postgres.keep(self.container)
        except BaseException:
            self.stop()
            raise

    def _failure(self, error: Exception, image: str, log: str) -> EngineError:
        """What to say of a start that failed, with the end of its log."""
        if isinstance(error, SandboxError):
            return EngineError(error.what, remedy=error.remedy, detail=f"{error.detail}\n{log}")
        if full_disk.is_full(error):
            remedy = full_disk.ENGINE_REMEDY
        else:
            remedy = (
                "see the end of its log below; its container has no more rights than "
                f"{', '.join(_CAPABILITIES)}, {self._settings.service_memory} of memory, and no way out."
            )
        said = getattr(error, "explanation", None) or error
        return EngineError(
            f"The service {self._name} ({image}) did not get ready: {type(error).__name__}: {said}",
            remedy=remedy,
            detail=log,
        )

    def _end_failed(self) -> str:
        """Remove what did not start; the end of its log."""
        try:
            log = self.container.get_wrapped_container().logs(tail=_LOG_LINES).decode(errors="replace")
        except Exception:  # noqa: BLE001 # it was not made, or has gone: there is no log, and the error says more
            log = ""
        self.stop()
        return str(log)

    def _prepared(self, image: str) -> DockerContainer:
        """A copy of the user's container whose engine has the last word on what it may."""
        container = copy.copy(self._declared)
        where = location()
        if where.publish is None:
            raise EngineError(
                f"The service {self._name} cannot be reached from here: {where.why}, where no ports are published.",
                remedy=where.remedy,
            )
        memory = self._settings.service_memory
        name = f"ocean-sandbox-{ROLE}-{self._name}-{self._owner.identifier}-{time.time_ns() % 10**9:09d}"
        options = {
            "name": name,
            "network": self._closed.name,
            "networking_config": {
                self._closed.name: self._client.client.api.create_endpoint_config(aliases=[self._name])
            },
            "labels": self._owner.labels(ROLE),
            "cap_drop": ["ALL"],
            "cap_add": _CAPABILITIES,
            "security_opt": ["no-new-privileges"],
            "mem_limit": memory,
            "memswap_limit": memory,
            "pids_limit": self._settings.pids_limit,
            "dns": ["127.0.0.1"],
            "dns_search": ["."],
            "dns_opt": ["timeout:1", "attempts:1"],
        }
        container.image = image
        # Its class changes them while it starts.
        container.env, container.ports = dict(container.env), dict(container.ports)
        container._docker = ServiceClient(connect(_CALL_SECONDS), where, options, self._shut_in)  # noqa: SLF001 # there is no other way
        return container

    def _shut_in(self, container: Container) -> None:
        """Forbid it to connect to anything but the closed network, and only then let this machine in.

        That way in leads to whatever listens on the engine's host, too.
        """
        self._set_rules(str(container.id))
        self._published.connect(container)
        container.reload()
        self.address = container.attrs["NetworkSettings"]["Networks"][self._closed.name]["IPAddress"]
        self._started_at = container.attrs["State"]["StartedAt"]

    def _set_rules(self, container: str) -> None:
        """Set the rules of its network namespace, by a container that shares it: it could not remove them itself."""
        try:
            self._client.client.containers.run(
                self._tools,
                entrypoint=["nft", _RULES.format(network.subnet(self._closed))],
                network_mode=f"container:{container}",
                labels=self._owner.labels("service-rules"),
                cap_drop=["ALL"],
                cap_add=["NET_ADMIN"],
                security_opt=["no-new-privileges"],
                remove=True,
            )
        except docker.errors.ContainerError as error:
            raise EngineError(
                f"The service {self._name} cannot be kept from reaching the engine's host.",
                remedy="the engine must let a container change its own network (NET_ADMIN), and its kernel must have "
                "nf_tables. `ocean-sandbox doctor` looks at the engine.",
                detail=str(error),
            ) from None

    def _image(self) -> str:
        """The image to run: the user's if the engine has it or can pull it, else ours where ours stands in for it."""
        wanted = str(self._declared.image)
        if base_image.exists(self._client, wanted):
            return wanted
        if wanted not in _unreachable:
            try:
                self._pull(wanted)
            except _UnreachableRegistryError as error:
                _unreachable[wanted] = error
                say("services", f"no registry answers for {wanted}")
            else:
                return wanted
        repository, _ = parse_repository_tag(wanted)
        repository = repository.removeprefix("docker.io/").removeprefix("library/")
        for (kind, name), ours in _OURS.items():
            if name == repository and self._is(kind):
                say("services", f"{self._name}: what Debian has stands in for {wanted}")
                return images.ensure([ours()], self._settings, self._client)[0]
        unreachable = _unreachable[wanted]
        raise ImageError(unreachable.what, remedy=unreachable.remedy)

    def _pull(self, wanted: str) -> None:
        say("services", f"pulling {wanted}")
        try:
            base_image.pull(wanted, self._settings)
        except (docker.errors.APIError, EngineUnreachableError) as error:
            connection.check(self._client.client)  # where it is the engine that has gone, no registry is to blame
            is_silent = isinstance(error, EngineUnreachableError) or _NO_ANSWER.search(str(error)) is not None
            raise (_UnreachableRegistryError if is_silent else ImageError)(
                f"The image {wanted} of the service {self._name} is not on the engine and cannot be pulled: {error}",
                remedy="check its name and the registry, or build, pull or import the image by hand.",
            ) from None

    def _seed(self) -> None:
        if self._service.seed is not None:
            self._service.seed(self.container)


def _identifier(container: DockerContainer) -> str | None:
    try:
        return container.get_wrapped_container().id
    except Exception:  # noqa: BLE001 # testcontainers' own, where the engine has not made it
        return None


def addresses(started: Mapping[str, Started]) -> dict[str, str]:
    """Where each is on the closed network, by name."""
    return {name: each.address for name, each in started.items()}


__all__ = ["Service", "Services", "Started", "addresses", "declared", "made"]
