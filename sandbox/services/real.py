"""Real services beside a sandbox: containers of testcontainers' classes, such as a database that an integration reads.

One is started once for a sandbox, and is as its ``seed`` left it whenever a test begins: see :meth:`Started.restore`.
"""

import contextlib
import copy
import re
import shlex
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import docker.errors
from docker.models.networks import Network
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from sandbox.engine import network
from sandbox.engine.connection import connect, refusing
from sandbox.engine.location import location
from sandbox.engine.owner import Owner
from sandbox.errors import EngineError, EngineUnreachableError, ImageError, SandboxError
from sandbox.images import images
from sandbox.images.images import Image
from sandbox.services import port, wiremock
from sandbox.services.front import NAME as FRONT_NAME
from sandbox.services.front import RESYNC_NAME
from sandbox.settings import Settings

ROLE = "service"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TAKEN = {FRONT_NAME, RESYNC_NAME, port.NAME, wiremock.NAME, "localhost"}
# What entry points of common images need to hand their folders to a plain user and become that user.
_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
# Of testcontainers' classes, those whose image is also one of ours.
_OURS: dict[str, Callable[[], Image]] = {"PostgresContainer": images.postgres}
_LOG_LINES = 25
_TEMPLATE = "ocean_sandbox_template"
_RULES = """
table inet service {{
    chain leaving {{
        type filter hook output priority 0; policy drop;
        oifname "lo" accept
        ct state established,related accept
        ip daddr {} accept
    }}
}}
"""
# testcontainers has its Ryuk, an image that needs a registry, on or off for the whole process.
_starting = threading.Lock()


@dataclass(frozen=True)
class Service:
    """A service beside the sandbox, with what fills it.

    Args:
        container: Of any class of testcontainers, not started.
        seed: Called with the started container, to fill it as each test shall find it.
        reset: Called with it before each test but the first, to empty it; ``seed`` is called after it. Without one,
            PostgreSQL's database is cloned from what ``seed`` left, and every other service is started anew.
    """

    container: DockerContainer
    seed: Callable[[Any], None] | None = None
    reset: Callable[[Any], None] | None = None


Services = Mapping[str, DockerContainer | Service]


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
        if not isinstance(service.container, DockerContainer):
            raise SandboxError(
                f"The service {name} is not a container of testcontainers, but {service.container!r:.200}.",
                remedy='give it one, not started: services = {"db": PostgresContainer("postgres:17")}.',
            )
        checked[name] = service
    return checked


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
            self._clone()
        else:
            self._start_anew()

    def stop(self) -> None:
        """Remove its container, if there is one; one that an absent engine keeps is the janitor's."""
        container, self.container = self.container, None
        identifier = None if container is None else _identifier(container)
        if identifier is not None:
            with contextlib.suppress(docker.errors.APIError, EngineUnreachableError):
                self._client.client.api.remove_container(identifier, force=True, v=True)

    def _is(self, kind: str) -> bool:
        """Whether it is of that class of testcontainers, which need not be imported: its module may want packages."""
        return any(
            each.__name__ == kind and each.__module__.startswith("testcontainers.")
            for each in type(self._service.container).__mro__
        )

    def _runs(self) -> bool:
        try:
            self.container.reload()
        except docker.errors.NotFound:
            return False
        return bool(self.container.status == "running")

    def _start_anew(self) -> None:
        self.stop()
        image = self._image()
        container = self._prepared(image)
        with _starting, refusing(f"start the service {self._name}"):
            had_ryuk, testcontainers_config.ryuk_disabled = testcontainers_config.ryuk_disabled, True
            try:
                self.container = container
                container.start()
                self._join(container)
            except (EngineError, docker.errors.DockerException):
                self._end_failed()
                raise
            except Exception as error:  # each class has its own way to say that it does not get ready
                log = self._end_failed()
                raise EngineError(
                    f"The service {self._name} ({image}) did not get ready: {type(error).__name__}: {error}",
                    remedy="see the end of its log below; its container has no more rights than "
                    f"{', '.join(_CAPABILITIES)}, {self._settings.service_memory} of memory, and no way out.",
                    detail=log,
                ) from error
            except BaseException:
                self.stop()
                raise
            finally:
                testcontainers_config.ryuk_disabled = had_ryuk
        try:
            self._seed()
            if self._service.reset is None and self._is("PostgresContainer"):
                self._make_template()
        except BaseException:
            self.stop()
            raise

    def _end_failed(self) -> str:
        """Remove what did not start; the end of its log."""
        try:
            log = self.container.get_wrapped_container().logs(tail=_LOG_LINES).decode(errors="replace")
        except Exception:  # noqa: BLE001 # it was not made, or has gone: there is no log, and the error says more
            log = ""
        self.stop()
        return str(log)

    def _prepared(self, image: str) -> DockerContainer:
        """A copy of the user's container that is hardened, ours by its labels, and published on this machine only."""
        container = copy.copy(self._service.container)
        where = location()
        if where.publish is None:
            raise EngineError(
                f"The service {self._name} cannot be reached from here: {where.why}, where no ports are published.",
                remedy=where.remedy,
            )
        container.image = image
        container.env = dict(container.env)
        container.ports = dict.fromkeys(container.ports, (where.publish,))  # type: ignore[arg-type] # as docker-py takes it
        # testcontainers looks for the engine's host in its own way; see sandbox/engine/location.py for ours.
        container.get_container_host_ip = lambda: where.host  # type: ignore[method-assign]
        container.with_name(f"ocean-sandbox-{ROLE}-{self._name}-{self._owner.identifier}-{time.time_ns() % 10**9:09d}")
        container.with_network(self._published)  # type: ignore[arg-type] # all it wants of it is its name
        memory = self._settings.service_memory
        container.with_kwargs(
            **{
                **vars(container).get("_kwargs", {}),
                "labels": self._owner.labels(ROLE),
                "cap_drop": ["ALL"],
                "cap_add": _CAPABILITIES,
                "privileged": False,
                "security_opt": ["no-new-privileges"],
                "mem_limit": memory,
                "memswap_limit": memory,
                "pids_limit": self._settings.pids_limit,
                "dns": ["127.0.0.1"],
                "dns_search": ["."],
                "dns_opt": ["timeout:1", "attempts:1"],
            }
        )
        return container

    def _join(self, container: DockerContainer) -> None:
        """Put it on the closed network, and find out its address there."""
        engine_container = container.get_wrapped_container()
        self._closed.connect(engine_container, aliases=[self._name])
        engine_container.reload()
        self._shut(container.get_container_id())
        self.address = engine_container.attrs["NetworkSettings"]["Networks"][self._closed.name]["IPAddress"]

    def _shut(self, container: str) -> None:
        """Let it connect to the closed network only: the other one leads to whatever listens on the engine's host.

        The rules are of its network namespace, and are made by a container that shares it: it could not remove them.
        """
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
        """The image to run: the user's if the engine has it or can pull it, else ours."""
        wanted = self._service.container.image
        client = self._client.client
        try:
            client.images.get(wanted)
        except docker.errors.ImageNotFound:
            pass
        else:
            return wanted
        ours = next((make for kind, make in _OURS.items() if self._is(kind)), None)
        try:
            name, _, version = wanted.rpartition(":") if ":" in wanted.rsplit("/", 1)[-1] else (wanted, "", "latest")
            connect(int(self._settings.pull_timeout)).images.pull(name, tag=version)
        except (docker.errors.APIError, EngineError, OSError) as error:
            if ours is None:
                raise ImageError(
                    f"The image {wanted} of the service {self._name} is not on the engine and cannot be pulled: {error}",
                    remedy="check its name and the registry, or build, pull or import the image by hand.",
                ) from None
            return images.ensure([ours()], self._settings, self._client)[0]
        return wanted

    def _seed(self) -> None:
        if self._service.seed is not None:
            self._service.seed(self.container)

    def _make_template(self) -> None:
        database, template = self.container.dbname, _TEMPLATE
        self._sql(
            f"{_ENDED.format(literal(database))}",
            f"ALTER DATABASE {identifier(database)} RENAME TO {template}",
            f"CREATE DATABASE {identifier(database)} TEMPLATE {template}",
        )

    def _clone(self) -> None:
        database = identifier(self.container.dbname)
        self._sql(f"DROP DATABASE {database} WITH (FORCE)", f"CREATE DATABASE {database} TEMPLATE {_TEMPLATE}")

    def _sql(self, *statements: str) -> None:
        """Run each by itself, in the container, where PostgreSQL's own client is."""
        commands = " ".join(f"-c {shlex.quote(each)}" for each in statements)
        login = f"--host 127.0.0.1 --username {shlex.quote(self.container.username)} --dbname template1"
        shell = f"PGPASSWORD={shlex.quote(self.container.password)} psql -qX -v ON_ERROR_STOP=1 {login} {commands}"
        status, output = self.container.exec(["sh", "-c", shell])
        if status:
            raise EngineError(
                f"The database of the service {self._name} could not be reset (psql ended with status {status}).",
                remedy="see what PostgreSQL says below; its user must be a superuser, and its database one of its own.",
                detail=output.decode(errors="replace"),
            )


_ENDED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}"


def identifier(name: str) -> str:
    """A name as SQL takes it."""
    return '"{}"'.format(name.replace('"', '""'))


def literal(text: str) -> str:
    """A text as SQL takes it."""
    return "'{}'".format(text.replace("'", "''"))


def _identifier(container: DockerContainer) -> str | None:
    try:
        return container.get_wrapped_container().id
    except Exception:  # noqa: BLE001 # testcontainers' own, where the engine has not made it
        return None


def addresses(started: Mapping[str, Started]) -> dict[str, str]:
    """Where each is on the closed network, by name."""
    return {name: each.address for name, each in started.items()}


__all__ = ["Service", "Services", "Started", "addresses", "declared"]
